import * as z from 'zod/mini'
import type { Contract } from './contract.ts'
import { envelope, millisecondsOf, NAME, parseWith, refusal, short } from './input.ts'
import type { ScheduleDue } from './occasions.ts'

const SOURCE = 'signalbox'
const DETAIL_TYPE = 'Schedule Due'

const shape = z.extend(envelope, { detail: z.object({ pipeline: short(NAME), slot: short(64) }) })

/** The time of a pipeline has come. Ours: resync finds it, no bus has to bring it, and whether it is so the policy says. */
export const scheduleDue: Contract<ScheduleDue> = {
  name: 'schedule-due',
  summary: 'the time of a pipeline has come by its schedule; found by resync',
  via: { bus: 'signalbox', pattern: { source: [SOURCE], 'detail-type': [DETAIL_TYPE] } },
  parse: (input) => {
    const parsed = parseWith(shape, input)
    if (!parsed.ok) return parsed
    const { id, source, time, detail } = parsed.event
    if (source !== SOURCE || parsed.event['detail-type'] !== DETAIL_TYPE)
      return refusal('not-this-event', `source ${source}: expected ${SOURCE}, ${DETAIL_TYPE}`)
    const [at, slot] = [millisecondsOf(time), millisecondsOf(detail.slot)]
    if (at === null) return refusal('bad-field', `time: ${time} is no ISO time`)
    if (slot === null) return refusal('bad-field', `detail.slot: ${detail.slot} is no ISO time`)
    const replayed = parsed.event['replay-name'] !== undefined
    return { ok: true, event: { type: 'schedule-due', id, at, pipeline: detail.pipeline, slot, replayed } }
  },
}
