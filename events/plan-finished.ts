import * as z from 'zod'
import type { Contract, PlanFinished } from './contract.ts'
import { envelope, millisecondsOf, parseWith, refusal } from './input.ts'

const SOURCE = 'signalbox'
const DETAIL_TYPE = 'Plan Finished'

/** The public schema, version 1: docs/plan-finished.md. Fields are only ever added within a version. */
const shape = envelope.extend({
  detail: z.object({
    version: z.literal('1'),
    lane: z.string().min(1),
    generation: z.int().positive(),
    attempt: z.int().positive(),
    plan: z.string().min(1),
    outcome: z.enum(['succeeded', 'failed', 'refused', 'rejected', 'expired', 'superseded', 'cancelled']),
    reason: z.string().nullable(),
    detail: z.string(),
    cost: z.number().nonnegative(),
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
