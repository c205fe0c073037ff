import type * as z from 'zod/mini'
import { inSight, said } from '../text.ts'
import { saidElsewhere } from './elsewhere.ts'
import { meantOf, nearest } from './nearest.ts'
import { isListOfSingle, keysAt, mayBeLeftOut, placeAt, shapeOf } from './places.ts'

/** Longest piece of what was found that is repeated. */
const SHOWN = 60

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
  const meant =
    input === null && mayBeLeftOut(schema, path)
      ? `${write === null ? '' : `${write}, or `}leave the key out instead`
      : (habit(issue, input) ?? write)
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

/** What to write where something of another kind stands. */
const writeOf = (schema: z.core.$ZodType, { path, expected, input }: z.core.$ZodIssueInvalidType): string => {
  const place = placeAt(schema, path)
  if (expected === 'array' && typeof input === 'string' && isListOfSingle(place))
    return `write a list, [${(input.trim().match(/\S+/g) ?? []).map(shown).join(', ')}]`
  if (expected === 'object' || expected === 'record' || expected === 'array') return `write ${shapeOf(place)}`
  if (expected === 'string') return 'write a text, in quotes'
  return expected === 'boolean'
    ? 'write true or false, without quotes'
    : `write ${NAMES[expected] ?? 'it'}, without quotes`
}

/** As a sentence repeats what was found. What cannot be written as JSON is called by what it is. */
export const shown = (value: unknown): string => {
  if (typeof value !== 'object' && typeof value !== 'string') return said(String(value), SHOWN)
  try {
    return said(inSight(JSON.stringify(value)), SHOWN)
  } catch {
    return Array.isArray(value) ? 'a list' : 'a map'
  }
}

/** What people of another notation write, and what they mean by it; null: that is not known. */
const habit = (issue: z.core.$ZodIssue, input: unknown): string | null => {
  const expected = issue.code === 'invalid_type' ? issue.expected : ''
  const [one] = Array.isArray(input) && input.length === 1 ? input : []
  if (typeof one === 'string' && expected !== 'object' && expected !== 'record')
    return `write it without the list, ${shown(one)}`
  if (expected === 'string' && issue.message === '' && ['number', 'boolean'].includes(typeof input))
    return `write it in quotes, "${input}"`
  if (expected === 'string' && typeof input === 'object' && input !== null) return 'write a text, in quotes'
  if (typeof input !== 'string') return null
  if (expected === 'number' || expected === 'int') return numberMeant(input)
  if (expected === 'boolean' && /^(yes|no|on|off|true|false)$/i.test(input))
    return `write ${/^(yes|on|true)$/i.test(input)} without quotes`
  return issue.code === 'invalid_value' ? valueMeant(issue, input) : null
}

/** `"8"`, and `"20,000"`, `"20 000"` or `"$50"`; of `"20.000"` nobody knows which of two it is. */
const numberMeant = (text: string): string | null => {
  const plain = text
    .trim()
    .replace(/^\$/, '')
    .replace(/(?<=\d)[,_'’ ](?=\d{3}(?!\d))/g, '')
  if (/^[1-9]\d{0,2}(\.\d{3})+$/.test(plain)) {
    const [thousands, fraction] = [Number(plain.replaceAll('.', '')), Number(plain)]
    return `write it without quotes, ${thousands}${Number.isNaN(fraction) ? '' : `, or ${fraction}`}`
  }
  return plain !== '' && Number.isFinite(Number(plain)) ? `write it without quotes, ${Number(plain)}` : null
}

const valueMeant = ({ values }: z.core.$ZodIssueInvalidValue, text: string): string | null => {
  if (values.some((value) => typeof value === 'number' && String(value) === text)) return 'write it without quotes'
  const [known, meant] = [values.map(String), { gt: '>=', gte: '>=', ge: '>=', lt: '<=', lte: '<=', le: '<=' }]
  const like = nearest(Object.hasOwn(meant, text) ? meant[text as keyof typeof meant] : text, known)
  return like === null ? null : `did you mean \`${like}\`?`
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
