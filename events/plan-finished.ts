import * as z from 'zod/mini'
import type { Contract, PlanFinished } from './contract.ts'
import { envelope, filled, millisecondsOf, parseWith, refusal } from './input.ts'

const SOURCE = 'signalbox'
const DETAIL_TYPE = 'Plan Finished'

/** The public schema, version 1: docs/plan-finished.md. Fields are only ever added within a version. */
const shape = z.extend(envelope, {
  detail: z.object({
    version: z.literal('1'),
    lane: filled,
    generation: z.int().check(z.positive()),
    attempt: z.int().check(z.positive()),
    plan: filled,
    outcome: z.enum(['succeeded', 'failed', 'refused', 'rejected', 'expired', 'superseded', 'cancelled']),
    reason: z.nullable(z.string()),
    detail: z.string(),
    cost: z.number().check(z.nonnegative()),
    at: z.string(),
  }),
})

/** A run has an outcome: ours, published on our bus at least once. */
export const planFinished: Contract<PlanFinished> = {
  name: 'plan-finished',
  summary: 'a plan has an outcome; published by Signalbox for whoever wants to react to it',
  via: { bus: 'signalbox', pattern: { source: [SOURCE], 'detail-type': [DETAIL_TYPE] } },
  parse: (input) => {
    const parsed = parseWith(shape, input)
    if (!parsed.ok) return parsed
    const { id, source, detail } = parsed.event
    if (source !== SOURCE || parsed.event['detail-type'] !== DETAIL_TYPE)
      return refusal('not-this-event', `source ${source}: expected ${SOURCE}, ${DETAIL_TYPE}`)
    const at = millisecondsOf(detail.at)
    if (at === null) return refusal('bad-field', `detail.at: ${detail.at} is no ISO time`)
    const { version: _, ...rest } = detail
    return { ok: true, event: { type: 'plan-finished', id, ...rest, at } }
  },
}

/** The event as it is published. */
export const planFinishedEvent = ({ lane, at, type: _, id: __, ...rest }: PlanFinished) => ({
  source: SOURCE,
  detailType: DETAIL_TYPE,
  detail: { version: '1', lane, ...rest, at: new Date(at).toISOString() },
  resources: [lane],
})
