import * as z from 'zod/mini'
import type { Contract, DriftReported } from './contract.ts'
import { envelope, millisecondsOf, NAME, parseWith, refusal, short } from './input.ts'

/** Longest key of an object in S3. Characters. */
const KEY = 1024

/** What the name of every report ends in: the deployed door hears of no other. */
export const REPORT = 'drift.json'

const shape = z.extend(envelope, {
  detail: z.object({ bucket: z.object({ name: short(NAME) }), object: z.object({ key: short(KEY) }) }),
})

/** A report of drift appeared in a bucket: S3 through EventBridge. What it says is read there. */
export const driftReported: Contract<DriftReported> = {
  name: 'drift-reported',
  summary: 'a report of drift, one for each window, appeared in S3',
  via: {
    bus: 'default',
    pattern: {
      source: ['aws.s3'],
      'detail-type': ['Object Created'],
      detail: { object: { key: [{ suffix: REPORT }], size: [{ numeric: ['>', 0] }] } },
    },
    bucketAt: ['detail', 'bucket', 'name'],
  },
  selects: `its key ends in \`…${REPORT}\`, and its size is more than 0`,
  parse: (input) => {
    const parsed = parseWith(shape, input)
    if (!parsed.ok) return parsed
    const { detail, source, time, id, ...event } = parsed.event
    if (source !== 'aws.s3' || event['detail-type'] !== 'Object Created' || !detail.object.key.endsWith(REPORT))
      return refusal(
        'not-this-event',
        `source ${source}, detail-type ${event['detail-type']}, key ${detail.object.key}: expected aws.s3, Object Created, …${REPORT}`,
      )
    const at = millisecondsOf(time)
    if (at === null) return refusal('bad-field', `time: ${time} is no ISO time`)
    const replayed = event['replay-name'] !== undefined
    const { bucket, object } = detail
    return { ok: true, event: { type: 'drift-reported', id, at, bucket: bucket.name, key: object.key, replayed } }
  },
}
