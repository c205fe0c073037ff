import * as z from 'zod/mini'
import type { Contract, DatasetUploaded, Parsed } from './contract.ts'
import { envelope, millisecondsOf, NAME, parseWith, refusal, short } from './input.ts'

/** Longest key and version of an object in S3. Characters. */
const KEY = 1024

/** The part of S3's `Object Created` that is used. An unversioned bucket sends no `version-id`. */
const shape = z.extend(envelope, {
  detail: z.object({
    bucket: z.object({ name: short(NAME) }),
    object: z.object({
      key: short(KEY),
      size: z.number().check(z.nonnegative()),
      etag: z.optional(short(NAME)),
      'version-id': z.optional(z.string().check(z.maxLength(KEY))),
    }),
    requester: z.optional(short(NAME)),
  }),
})

/** A manifest appeared in a bucket: S3 through EventBridge. Keys are literal there, not URL-encoded. */
export const datasetUploaded: Contract<DatasetUploaded> = {
  name: 'dataset-uploaded',
  summary: 'a dataset’s manifest, written last, appeared in S3',
  via: {
    bus: 'default',
    pattern: {
      source: ['aws.s3'],
      'detail-type': ['Object Created'],
      detail: { object: { key: [{ suffix: 'manifest.json' }], size: [{ numeric: ['>', 0] }] } },
    },
    bucketAt: ['detail', 'bucket', 'name'],
  },
  selects:
    'its key ends in its manifest’s name, `…manifest.json`, and its size is more than 0: a dataset is told of by its manifest, written last',
  parse: (input) => {
    const parsed = parseWith(shape, input)
    return parsed.ok ? toEvent(parsed.event) : parsed
  },
}

const toEvent = (event: z.output<typeof shape>): Parsed<DatasetUploaded> => {
  if (event.source !== 'aws.s3' || event['detail-type'] !== 'Object Created')
    return refusal(
      'not-this-event',
      `source ${event.source}, detail-type ${event['detail-type']}: expected aws.s3, Object Created`,
    )
  const at = millisecondsOf(event.time)
  if (at === null) return refusal('bad-field', `time: ${event.time} is no ISO time`)
  const { bucket, object, requester } = event.detail
  return {
    ok: true,
    event: {
      type: 'dataset-uploaded',
      id: event.id,
      at,
      bucket: bucket.name,
      key: object.key,
      versionId: object['version-id'] ?? null,
      ...(object.etag === undefined ? {} : { etag: object.etag }),
      ...(requester === undefined ? {} : { requester }),
      replayed: event['replay-name'] !== undefined,
    },
  }
}
