import type { AlertRule } from '../../core/alerting.ts'
import { isRecord } from '../../core/record.ts'
import type { Sample } from '../../flows/metrics-port.ts'
import { NotAllowed, Refused, Unavailable } from '../../flows/ports.ts'
import type { Tried } from '../http/retrying.ts'

/** Longest sentence of its that is kept. Characters. */
const SENTENCE = 200

/**
 * What an answer says. Throws what any other means (law 6): who does not let us in, who refuses what was asked, who is no Prometheus; and
 * whoever says that something is missing, as Thanos and Mimir do of stores that are away: of what is missing nobody knows.
 */
export const dataOf = ({ status, body }: Tried, path: string): unknown => {
  const said = (what: unknown): string => `Prometheus ${path} answers ${status}${wordsOf(what)}`
  if (status === 401 || status === 403)
    throw new NotAllowed(
      `${said(isRecord(body) ? body['error'] : body)} (its token, or the role’s rights: docs/deploy.md)`,
    )
  if (status >= 300 && status < 400) throw new NotAllowed(`${said(null)}: name the address of Prometheus itself`)
  if (!isRecord(body) || (body['status'] !== 'success' && body['status'] !== 'error'))
    throw new Unavailable(`${said(null)} (is it Prometheus that answers there?)`)
  if (body['status'] === 'error') throw ofError({ status, body }, said(body['error']))
  const { data, warnings } = body
  if (Array.isArray(warnings) && warnings.length > 0)
    throw new Unavailable(`Prometheus ${path} answers in part${wordsOf(warnings[0])}`)
  return data
}

/** What it could not do in time, or is too busy for, it may do later. */
const PASSING: ReadonlySet<unknown> = new Set(['timeout', 'canceled', 'unavailable', 'internal', 'not_found'])

const ofError = ({ status, body }: { status: number; body: Record<string, unknown> }, said: string): Error =>
  (status === 400 || status === 422) && !PASSING.has(body['errorType']) ? new Refused(said) : new Unavailable(said)

const wordsOf = (said: unknown): string =>
  typeof said === 'string' && said !== '' ? `: ${said.slice(0, SENTENCE)}` : ''

const unread = (what: string): Unavailable => new Unavailable(`Prometheus answers ${what} that cannot be read`)

/** The series of an instant query. */
export const samplesIn = (data: unknown): Sample[] => {
  const { resultType, result } = isRecord(data) ? data : {}
  if (resultType !== 'vector' || !Array.isArray(result)) throw unread('a query with something')
  return result.map((one: unknown) => {
    const { metric, value } = isRecord(one) ? one : {}
    const [at, number] = Array.isArray(value) ? (value as unknown[]) : []
    if (typeof at !== 'number' || typeof number !== 'string') throw unread('a series')
    return { labels: wordsIn(metric), value: numberOf(number), at: at * 1000 }
  })
}

/** As Go writes numbers. */
const numberOf = (text: string): number => {
  const [, sign, word] = /^([+-]?)(Inf)$/.exec(text) ?? []
  if (word !== undefined) return sign === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  return text.trim() === '' ? Number.NaN : Number(text)
}

const wordsIn = (given: unknown): Record<string, string> =>
  Object.fromEntries(Object.entries(isRecord(given) ? given : {}).map(([name, value]) => [name, String(value)]))

/** The alerting rules of all groups. */
export const alertRulesIn = (data: unknown): AlertRule[] => {
  const groups = isRecord(data) ? data['groups'] : undefined
  if (!Array.isArray(groups)) throw unread('rules with something')
  return groups.flatMap((group: unknown) => {
    const { rules, interval } = isRecord(group) ? group : {}
    if (!Array.isArray(rules)) throw unread('a group of rules')
    return rules
      .filter((rule: unknown) => isRecord(rule) && rule['type'] === 'alerting')
      .map((rule: Record<string, unknown>) => ruleOf(rule, typeof interval === 'number' ? interval : 60))
  })
}

const ruleOf = (rule: Record<string, unknown>, interval: number): AlertRule => {
  const { name, health, lastEvaluation, alerts = [] } = rule
  if (typeof name !== 'string' || !Array.isArray(alerts)) throw unread('a rule')
  const at = Date.parse(String(lastEvaluation))
  return {
    alert: name,
    // The year 1 is Go's way to say never.
    evaluatedAt: Number.isFinite(at) ? Math.max(0, at) : 0,
    every: interval * 1000,
    healthy: health === 'ok',
    alerts: alerts.map((one: unknown) => {
      const { labels, state } = isRecord(one) ? one : {}
      return { labels: wordsIn(labels), firing: state === 'firing' }
    }),
  }
}
