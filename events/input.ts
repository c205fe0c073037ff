import * as z from 'zod/mini'
import english from 'zod/v4/locales/en.js'
import type { Parsed, ParseRefusal } from './contract.ts'
import { depthOf, repeatedKey } from './json-text.ts'

/** What to say of an issue: `zod/mini`, which is imported in a third of the time, has no sentences of its own. */
export const inEnglish = { error: english().localeError }

/** Deepest nesting of a body: what producers send has a dozen levels, and whoever walks thousands of them overflows. */
const DEEPEST = 64

/** Bytes as text; null when they are no UTF-8. */
export const utf8 = (bytes: Uint8Array): string | null => {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return null
  }
}

/** A body's JSON: UTF-8, not nested too deep, and saying nothing twice. Total; the refusal is a sentence about the body. */
export const parseJson = (body: Uint8Array | string): { ok: true; value: unknown } | { ok: false; detail: string } => {
  const text = typeof body === 'string' ? body : utf8(body)
  if (text === null) return { ok: false, detail: 'is not UTF-8 text' }
  if (depthOf(text) > DEEPEST) return { ok: false, detail: `is nested deeper than ${DEEPEST} levels` }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return { ok: false, detail: 'is not JSON' }
  }
  const twice = repeatedKey(text)
  return twice === null
    ? { ok: true, value }
    : { ok: false, detail: `says ${JSON.stringify(twice.slice(0, 60))} twice` }
}

/** A string that says something. */
export const filled = z.string().check(z.minLength(1))

/** One of at most so many characters: what is kept of an event is a row of the ledger, and a line of the timeline for ever. */
export const short = (most: number) => z.string().check(z.minLength(1), z.maxLength(most))

/** Ids and names of producers, which all keep theirs shorter. Characters. */
export const NAME = 256

/** A person of a Slack workspace, as `TEAM/USER`. */
export const PERSON = /^[TE][A-Z0-9]{1,30}\/[UW][A-Z0-9]{1,30}$/

/** EventBridge's envelope: what every event from a bus has. Unknown fields are let through. */
export const envelope = z.object({
  id: short(NAME),
  source: short(NAME),
  'detail-type': short(NAME),
  time: short(64),
  'replay-name': z.optional(short(NAME)),
})

/** A refusal with its sentence. */
export const refusal = (reason: ParseRefusal, detail: string): { ok: false; reason: ParseRefusal; detail: string } => ({
  ok: false,
  reason,
  detail,
})

/**
 * Parses by a schema without ever throwing: hostile inputs (throwing getters, proxies) are refused as well. The refusal
 * names the first path that is wrong and whether it is missing.
 */
export const parseWith = <S extends z.core.$ZodType>(schema: S, input: unknown): Parsed<z.output<S>> => {
  try {
    if (typeof input !== 'object' || input === null || Array.isArray(input))
      return refusal('not-an-object', 'an event is a JSON object')
    const parsed = z.safeParse(schema, input, inEnglish)
    if (parsed.success) return { ok: true, event: parsed.data }
    const issue = parsed.error.issues[0]
    const path = issue?.path.map(String).join('.') || '(the whole event)'
    const missing = isMissing(input, issue?.path ?? [])
    return refusal(
      missing ? 'missing-field' : 'bad-field',
      `${path}: ${missing ? 'is missing' : (issue?.message ?? 'is wrong')}`,
    )
  } catch (error) {
    return refusal('bad-field', `it cannot be read: ${error instanceof Error ? error.message : 'an unknown error'}`)
  }
}

/** Milliseconds of an ISO time; null when it is none. */
export const millisecondsOf = (time: string): number | null => {
  const ms = Date.parse(time)
  return Number.isFinite(ms) ? ms : null
}

const isMissing = (input: unknown, path: readonly PropertyKey[]): boolean => {
  let value: unknown = input
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return true
    value = (value as Record<PropertyKey, unknown>)[key]
  }
  return value === undefined
}
