import * as z from 'zod/mini'
import type { Contract, Parsed } from './contract.ts'
import { envelope, millisecondsOf, NAME, parseWith, refusal, short } from './input.ts'
import { body, SOURCE, TEST_NAMES } from './model-promoted.ts'
import type { VersionChanged } from './occasions.ts'

/** A version is a number that MLflow counts up, as text. */
const version = z.string().check(z.regex(/^[1-9]\d{0,15}$/, 'expected a decimal number as text'))
const created = z.extend(body, {
  entity: z.literal('model_version'),
  action: z.literal('created'),
  data: z.object({ name: short(NAME), version }),
})
const tagged = z.extend(body, {
  entity: z.literal('model_version_tag'),
  action: z.literal('set'),
  data: z.object({ name: short(NAME), version, key: short(NAME) }),
})
/** A version that was made, or a tag that was set on one; of what else the webhook says of it nothing is used. */
export const versionChange = z.discriminatedUnion('entity', [created, tagged])
const shape = z.extend(envelope, { detail: z.intersection(versionChange, z.object({ deliveryId: short(NAME) })) })

export const DETAIL_TYPE = 'Model Version Changed'

/** A version of a registered model was made, or a tag set on it: MLflow's webhook, verified at our door, through our bus. */
export const versionChanged: Contract<VersionChanged> = {
  name: 'version-changed',
  summary: 'a version of a registered model was made, or a tag set on it, in MLflow',
  via: { bus: 'signalbox', pattern: { source: [SOURCE], 'detail-type': [DETAIL_TYPE] } },
  parse: (input) => {
    const parsed = parseWith(shape, input)
    return parsed.ok ? toEvent(parsed.event) : parsed
  },
}

const toEvent = (event: z.output<typeof shape>): Parsed<VersionChanged> => {
  if (event.source !== SOURCE || event['detail-type'] !== DETAIL_TYPE)
    return refusal(
      'not-this-event',
      `source ${event.source}, detail-type ${event['detail-type']}: expected ${SOURCE}, ${DETAIL_TYPE}`,
    )
  const { deliveryId, timestamp, data, workspace } = event.detail
  if (TEST_NAMES.has(data.name)) return refusal('test-payload', `${data.name} is MLflow's test delivery`)
  const at = millisecondsOf(timestamp)
  if (at === null) return refusal('bad-field', `detail.timestamp: ${timestamp} is no ISO time`)
  return {
    ok: true,
    event: {
      type: 'version-changed',
      id: deliveryId,
      at,
      model: data.name,
      version: data.version,
      tag: 'key' in data ? data.key : null,
      ...(workspace ? { workspace } : {}),
      replayed: event['replay-name'] !== undefined,
    },
  }
}
