import type * as z from 'zod/mini'
import { said } from '../text.ts'

/** Longest piece of what was found that is repeated. */
const SHOWN = 60

/** `path: found …; what to write`: a problem of the policy as a person mends it. */
export const sentenceOf = (schema: z.core.$ZodType, issue: z.core.$ZodIssue): string => {
  const path = issue.path.map(String).join('.') || '(the whole config)'
  return `${path}: ${issue.code === 'unrecognized_keys' ? unknownKeys(schema, issue) : valueText(issue)}`
}

const valueText = (issue: z.core.$ZodIssue): string => {
  const { input } = issue
  if (issue.code === 'custom' || (input !== null && typeof input === 'object')) return issue.message
  if (input === undefined) return `is missing: ${wanted(issue)}`
  return `${wanted(issue)}; found ${shown(input)}${habit(issue, input)}`
}

/** zod's sentences begin with "Invalid input: expected …": what to write is the rest. Of a name its own problem says it. */
const wanted = (issue: z.core.$ZodIssue): string =>
  (issue.code === 'invalid_key' ? (issue.issues[0]?.message ?? issue.message) : issue.message)
    .replace(/^Invalid (input|option): /, '')
    .replace(/, received \w+$/, '')

const shown = (value: unknown): string =>
  typeof value === 'string' ? said(JSON.stringify(value), SHOWN) : said(String(value), SHOWN)

/** What people of another notation write, and what they mean by it. */
const habit = (issue: z.core.$ZodIssue, input: unknown): string => {
  const expected = issue.code === 'invalid_type' ? issue.expected : ''
  if (typeof input === 'string' && ['number', 'int'].includes(expected) && isNumber(input))
    return `: write it without quotes, ${Number(input)}`
  if (typeof input === 'string' && expected === 'boolean' && /^(yes|no|on|off|true|false)$/i.test(input))
    return `: write ${/^(yes|on|true)$/i.test(input)} without quotes`
  if (expected === 'array') return ': write a list, [ … ]'
  if (typeof input === 'string' && issue.code === 'invalid_value') {
    if (issue.values.some((value) => typeof value === 'number' && String(value) === input))
      return ': write it without quotes'
    const meant = nearest(input, issue.values.map(String))
    if (meant !== null) return `: did you mean \`${meant}\`?`
  }
  if (input === null) return ': leave the key out instead'
  return ''
}

const isNumber = (text: string): boolean => text.trim() !== '' && Number.isFinite(Number(text))

/** Keys of the first schema, and what says the same now. */
const BEFORE: Record<string, string> = {
  datasets: 'say `pipelines`, each with `on.dataset` and `stages`',
  models: 'say `services`, by the name of the registered model or with `model`',
  launch: "it is the first of `stages`, with `use: 'fine-tune'`",
  evaluate: "it is one of `stages`, with `use: 'evaluate'`",
  registerAs: 'say `register: { model }`',
  serveAlias: 'say `alias`',
  serveTag: 'say `tag`',
  serveStage: 'say `stage`',
}

const unknownKeys = (
  schema: z.core.$ZodType,
  { keys, path }: { keys: readonly string[]; path: readonly PropertyKey[] },
): string => {
  const known = keysAt(schema, path)
  return keys
    .map((key) => {
      const meant = nearest(key, known)
      const now = Object.hasOwn(BEFORE, key) ? BEFORE[key] : undefined
      if (now !== undefined && meant === null) return `there is no key \`${key}\`: ${now}`
      return `there is no key \`${key}\`${meant === null ? `: it is one of ${known.join(', ')}` : `: did you mean \`${meant}\`?`}`
    })
    .join('; ')
}

/** Keys that may stand at a place of the policy. */
export const keysAt = (schema: z.core.$ZodType, path: readonly PropertyKey[]): string[] => {
  let at = schema as Place | undefined
  for (const step of path) at = below(at, String(step))
  return Object.keys(plain(at)?._zod.def.shape ?? {})
}

/** What is looked at of a schema: what it wraps, or has below it. */
interface Place {
  _zod: { def: { shape?: Record<string, Place>; innerType?: Place; valueType?: Place; element?: Place } }
}

/** Without a default or what else wraps it. */
const plain = (at: Place | undefined): Place | undefined =>
  at?._zod.def.innerType === undefined ? at : plain(at._zod.def.innerType)

const below = (at: Place | undefined, step: string): Place | undefined => {
  const { shape, valueType, element } = plain(at)?._zod.def ?? {}
  return shape?.[step] ?? valueType ?? element
}

/** The known name that is most like a mistyped one, whatever its notation (`max_gpus`, `MaxGPUs`); null: none is. */
export const nearest = (name: string, known: readonly string[]): string | null => {
  const letters = (text: string): string => text.toLowerCase().replace(/[^a-z0-9]/g, '')
  const far = known.map((one) => ({ one, distance: distance(letters(name), letters(one)) }))
  const best = far.toSorted((a, b) => a.distance - b.distance)[0]
  return best !== undefined && best.distance <= Math.max(1, Math.floor(name.length / 3)) ? best.one : null
}

/** Letters to put in, take out or change (Levenshtein). */
const distance = (a: string, b: string): number => {
  let row = Array.from({ length: b.length + 1 }, (_, n) => n)
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1]
    for (const [j, other] of [...b].entries())
      next.push(Math.min((row[j] ?? 0) + Number(letter !== other), (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1))
    row = next
  }
  return row[b.length] ?? 0
}
