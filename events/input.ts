import * as z from 'zod/mini'
import english from 'zod/v4/locales/en.js'
import type { Parsed, ParseRefusal } from './contract.ts'

/** What to say of an issue: `zod/mini`, which is imported in a third of the time, has no sentences of its own. */
export const inEnglish = { error: english().localeError }

/** A string that says something. */
export const filled = z.string().check(z.minLength(1))

/** EventBridge's envelope: what every event from a bus has. Unknown fields are let through. */
export const envelope = z.object({
  id: z.string(),
  source: z.string(),
  'detail-type': z.string(),
  time: z.string(),
  'replay-name': z.optional(z.string()),
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
