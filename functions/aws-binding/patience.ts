import type { Trigger } from '../door.ts'

/**
 * How long a door waits, milliseconds: this file is the only place that says so. Slack drops an answer after 3 s, its way to us
 * and a cold start included, so Lambda gives the http doors `HTTP_SECONDS` and they answer 503 a second before.
 */
export const HTTP_SECONDS = 3

/** So long before Lambda would end a door, the chain ends it in its own words. What `watch` spares for itself is longer. */
export const EARLY: Record<Trigger['kind'], number> = { http: 1000, bus: 500, schedule: 500, workflow: 500 }

/** Options of an AWS client. Without `throwOnRequestTimeout` the SDK only warns about a dead connection, and waits on. */
export interface Patience {
  maxAttempts: number
  requestHandler: { connectionTimeout: number; requestTimeout: number; throwOnRequestTimeout: true }
}

/** A reply to one person is tried once and for so long: what it is about is written down already. */
export const REPLY_WITHIN = 700

/** Of doors for which nobody waits. */
export const PATIENT: Patience = {
  maxAttempts: 3,
  requestHandler: { connectionTimeout: 1000, requestTimeout: 5000, throwOnRequestTimeout: true },
}

/** Of the http doors: a call over a dead connection is tried once more, and both tries end before the chain's 503. */
export const PROMPT: Patience = {
  maxAttempts: 2,
  requestHandler: { connectionTimeout: 400, requestTimeout: 900, throwOnRequestTimeout: true },
}
