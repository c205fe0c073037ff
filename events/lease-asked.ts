import * as z from 'zod/mini'
import type { Contract, LeaseAsked, Parsed } from './contract.ts'
import { millisecondsOf, NAME, parseWith, refusal, short, utf8 } from './input.ts'

/** Slack's form of a slash command, the fields that are used. */
const said = z.object({
  command: short(NAME),
  text: z.string(),
  user_id: short(NAME),
  user_name: z.optional(z.string()),
  team_id: z.optional(short(NAME)),
  enterprise_id: z.optional(short(NAME)),
  response_url: z.optional(z.string().check(z.maxLength(1000))),
})

/** What a person may say, as Slack shows it to who said something else. */
export const USAGE = [
  '`/signalbox lease gpu-train +8 for 6h` takes GPUs of a pool for a while, `until 2026-11-24T18:00Z` until a time',
  '`/signalbox lease gpu-train extend 2h` lets a lease go on so long after its end',
  '`/signalbox lease gpu-train end` ends it: what runs is finished',
  '`… of g4` says which, where a pool has several',
].join('\n')

/** Somebody says `/signalbox lease …` in Slack. The door checks the signature over raw bytes first, which proves who. */
export const leaseAsked: Contract<LeaseAsked> = {
  name: 'lease-asked',
  summary: 'somebody asks in Slack for GPUs of a pool for a while, for more time, or for the end of that',
  via: { route: 'POST /slack/commands' },
  parse: (input) => {
    const parsed = parseWith(said, input)
    if (!parsed.ok) return parsed
    const { text, user_id, user_name = '', team_id, enterprise_id, response_url } = parsed.event
    const of = team_id ?? enterprise_id
    if (of === undefined || of === '')
      return refusal('missing-field', 'team_id and enterprise_id: one of them says whose person this is')
    const what = wordsIn(text)
    if (what === null) return refusal('bad-field', `text: found ${JSON.stringify(text.slice(0, NAME))}. ${USAGE}`)
    return {
      ok: true,
      event: {
        type: 'lease-asked',
        ...what,
        by: `${of}/${user_id}`,
        byName: user_name,
        replyTo: response_url ?? null,
      },
    }
  },
}

/** Slack sends form fields. Total; of two fields of one name nobody knows which is meant. */
export const formFields = (body: Uint8Array): Parsed<Record<string, string>> => {
  const text = utf8(body)
  if (text === null) return refusal('bad-field', 'the body is not UTF-8 text')
  const fields = [...new URLSearchParams(text)]
  const twice = fields.map(([name]) => name).find((name, index, all) => all.indexOf(name) < index)
  if (twice !== undefined) return refusal('bad-field', 'a form field is there twice')
  return { ok: true, event: Object.fromEntries(fields) }
}

type What = Pick<LeaseAsked, 'pool' | 'does' | 'gpus' | 'lasts' | 'until' | 'of'>

const POOL = /^[a-z0-9]([a-z0-9-]{0,51}[a-z0-9])?$/
const NOTHING = { gpus: null, lasts: null, until: null, of: null }

/** `lease gpu-train +8 for 6h`; dashes before a word are no matter, since people know them from the command line. */
const wordsIn = (text: string): What | null => {
  const [verb, pool = '', ...more] = text.trim().split(/\s+/)
  if (verb !== 'lease' || !POOL.test(pool) || more.length > 6) return null
  const words = more.map((word) => word.replace(/^--/, ''))
  const named = words.indexOf('of')
  if (named < 0) return doingIn(words, { ...NOTHING, pool })
  const of = words[named + 1] ?? ''
  const doing = doingIn(words.toSpliced(named, 2), { ...NOTHING, pool, of })
  // A new one has no name yet.
  return !LEASE.test(of) || doing?.does === 'take' ? null : doing
}

/** What a pool's lane calls a lease. */
const LEASE = /^g[1-9]\d{0,8}$/

const doingIn = ([first = '', ...rest]: string[], said: Omit<What, 'does'>): What | null => {
  if (first === 'end') return rest.length === 0 ? { ...said, does: 'end' } : null
  if (first === 'extend') {
    const lasts = durationOf(rest[0] ?? '')
    return lasts === null || rest.length > 1 ? null : { ...said, does: 'extend', lasts }
  }
  const gpus = /^\+?[1-9]\d{0,5}$/.test(first) ? Number(first) : null
  const time = timeOf(rest)
  return gpus === null || time === null ? null : { ...said, ...time, does: 'take', gpus }
}

const timeOf = ([word, when = '', ...more]: string[]): Pick<What, 'lasts' | 'until'> | null => {
  if (more.length > 0) return null
  if (word === 'for') {
    const lasts = durationOf(when)
    return lasts === null ? null : { lasts, until: null }
  }
  const until = word === 'until' && /^\d{4}-\d{2}-\d{2}T/.test(when) ? millisecondsOf(when) : null
  return until === null ? null : { lasts: null, until }
}

const UNITS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 }

/** `6h`, `90m`, `2d` in milliseconds. */
const durationOf = (text: string): number | null => {
  const [, digits, unit = ''] = /^([1-9]\d{0,4})([mhd])$/.exec(text) ?? []
  return digits === undefined ? null : Number(digits) * (UNITS[unit] ?? 0)
}
