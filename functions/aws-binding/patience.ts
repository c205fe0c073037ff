import type { Trigger } from '../door.ts'

/**
 * How long a door waits, milliseconds unless told: this file is the only place that says so. Slack drops an answer after 3 s, its
 * way to us and a cold start included, so Lambda gives the http doors `HTTP_SECONDS` and they answer 503 some time before.
 */
export const HTTP_SECONDS = 3

/** Lambda's limit of `reconcile`: its work is asked to end long before (`STOP_AFTER` of the consumer). Seconds. */
export const RECONCILE_SECONDS = 60

/**
 * T, after which another invocation may take a step over: the limit, and as long as a far side may still be at a request of a
 * function that was ended.
 */
export const HANDOVER = (RECONCILE_SECONDS + 30) * 1000

/**
 * So long before Lambda would end a door, the chain ends it in its own words; 0: never. What `watch` spares for itself is longer.
 * `reconcile` ends by itself: whoever ended it in the middle would leave its group to the wake's return.
 */
export const EARLY: Record<Trigger['kind'], number> = { http: 700, bus: 500, topic: 500, schedule: 500, queue: 0 }

/** Options of an AWS client. Without `throwOnRequestTimeout` the SDK only warns about a dead connection, and waits on. */
export interface Patience {
  maxAttempts: number
  requestHandler: { connectionTimeout: number; requestTimeout: number; throwOnRequestTimeout: true }
}

/** A reply to one person is tried once and for so long: what it is about is written down already. */
export const REPLY_WITHIN = 700

/** Of doors for which nobody waits: all tries of a call together end before `reconcile` would be ended in the midst of one. */
export const PATIENT: Patience = {
  maxAttempts: 3,
  requestHandler: { connectionTimeout: 1000, requestTimeout: 5000, throwOnRequestTimeout: true },
}

/** Of far sides that are no AWS: as with `PATIENT`, with the longest pause that such a side may ask for in between. */
export const FAR = { tries: 2, deadline: 5000 }

/**
 * Of the http doors: a call over a dead connection is tried once more, and both tries end before the chain's 503. A transaction
 * of DynamoDB may take a second.
 */
export const PROMPT: Patience = {
  maxAttempts: 2,
  requestHandler: { connectionTimeout: 400, requestTimeout: 1000, throwOnRequestTimeout: true },
}

/** Of a wake that people wait behind: only a hint, as the letter's due row stands, so it keeps no answer back. */
export const HINT: Patience = {
  maxAttempts: 1,
  requestHandler: { connectionTimeout: 300, requestTimeout: 500, throwOnRequestTimeout: true },
}
