import type * as z from 'zod/mini'
import { inSight, said } from '../text.ts'
import { saidElsewhere } from './elsewhere.ts'
import { habit } from './habits.ts'
import { meantOf } from './nearest.ts'
import { isListOfSingle, isWhole, keysAt, mayBeLeftOut, placeAt, shapeOf } from './places.ts'
import { SHOWN, shown } from './shown.ts'

/** For `safeParse`: what no schema has a sentence of its own for is left to `sentencesOf`, and what was found is told to it. */
export const inOurWords = { error: () => '', reportInput: true } as const

/** `path: what to write; found …`: problems of the policy as a person mends them. */
export const sentencesOf = (schema: z.core.$ZodType, issue: z.core.$ZodIssue): string[] => {
  const path = inSight(issue.path.map(String).join('.')) || '(the whole config)'
  const texts = issue.code === 'unrecognized_keys' ? unknownKeys(schema, issue) : [valueText(schema, issue)]
  return texts.map((text) => `${path}: ${text}`)
}

const valueText = (schema: z.core.$ZodType, issue: z.core.$ZodIssue): string => {
  const { input, path } = issue
  // What several values do not do together; a single one is repeated.
  if (issue.code === 'custom' && (input === undefined || typeof input === 'object')) return issue.message
  const write = issue.code === 'invalid_type' && issue.message === '' ? writeOf(schema, issue) : null
  if (input === undefined) return `is missing: ${write ?? wanted(issue)}`
  return path.includes('secrets') ? unsaidText(issue, write) : foundText(schema, issue, write)
}

/** Who types a token where the name of its Secret belongs must not read it on a page. */
const unsaidText = (issue: z.core.$ZodIssue, write: string | null): string =>
  `${wanted(issue)}; what was found is not repeated${write === null ? '' : `: ${write}`}`

const foundText = (schema: z.core.$ZodType, issue: z.core.$ZodIssue, write: string | null): string => {
  const { input, path } = issue
  const meant =
    input === null && mayBeLeftOut(schema, path)
      ? `${write === null ? '' : `${write}, or `}leave the key out instead`
      : (habit(issue, input, isWhole(placeAt(schema, path))) ?? write)
  return `${wanted(issue)}; found ${shown(input)}${meant === null ? '' : `: ${meant}`}`
}

/** What is expected there. Of a name its own problem says it. */
const wanted = (issue: z.core.$ZodIssue): string => {
  if (issue.message !== '') return issue.message
  switch (issue.code) {
    case 'invalid_type':
      return `expected ${NAMES[issue.expected] ?? issue.expected}`
    case 'invalid_value':
      return `write ${issue.values.length > 1 ? 'one of ' : ''}${issue.values.map((one) => JSON.stringify(one)).join(', ')}`
    case 'invalid_key':
      return issue.issues[0]?.message || 'use another name'
    case 'too_small':
      return limit(issue.origin, { least: true, bound: Number(issue.minimum), inclusive: issue.inclusive !== false })
    case 'too_big':
      return limit(issue.origin, { least: false, bound: Number(issue.maximum), inclusive: issue.inclusive !== false })
    default:
      return 'write what docs/policy.md has here'
  }
}

/** How a person calls what a schema expects. */
const NAMES: Readonly<Record<string, string>> = {
  object: 'a map',
  record: 'a map',
  array: 'a list',
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
}

const limit = (
  origin: string,
  { least, bound, inclusive }: { least: boolean; bound: number; inclusive: boolean },
): string => {
  if (origin === 'string') return least ? 'write a text that is not empty' : `write at most ${bound} characters`
  if (origin === 'array') return `write at ${least ? 'least' : 'most'} ${bound} of them`
  const [at, beyond] = least ? ['of at least', 'above'] : ['of at most', 'below']
  return `write a number ${inclusive ? at : beyond} ${bound}`
}

/** What a shell would split where it has spaces; any other text is one thing. */
const isCommand = (path: readonly PropertyKey[]): boolean => /^(command|args)$/.test(String(path.at(-1)))

/** What to write where something of another kind stands. */
const writeOf = (schema: z.core.$ZodType, { path, expected, input }: z.core.$ZodIssueInvalidType): string => {
  const place = placeAt(schema, path)
  if (expected === 'array' && typeof input === 'string' && isListOfSingle(place))
    return `write a list, [${(isCommand(path) ? (input.trim().match(/\S+/g) ?? []) : [input]).map(shown).join(', ')}]`
  if (expected === 'object' || expected === 'record' || expected === 'array') return `write ${shapeOf(place)}`
  if (expected === 'string') return 'write a text, in quotes'
  return expected === 'boolean'
    ? 'write true or false, without quotes'
    : `write ${NAMES[expected] ?? 'it'}, without quotes`
}

const unknownKeys = (
  schema: z.core.$ZodType,
  { keys, path }: { keys: readonly string[]; path: readonly PropertyKey[] },
): string[] => {
  const known = keysAt(schema, path)
  return keys.map(
    (key) => `there is no key \`${said(inSight(key), SHOWN)}\`: ${saidElsewhere(key, path) ?? meantOf(key, known)}`,
  )
}
