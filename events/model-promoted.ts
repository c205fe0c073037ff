import * as z from 'zod/mini'
import type { Contract, ModelPromoted, Parsed } from './contract.ts'
import { envelope, millisecondsOf, NAME, parseWith, refusal, short } from './input.ts'

/** What all of MLflow's webhooks of its registry have. */
export const body = z.object({
  entity: short(NAME),
  action: short(NAME),
  timestamp: short(64),
  data: z.record(z.string(), z.unknown()),
  /** Only of a server with workspaces. */
  workspace: z.nullish(short(NAME)),
})
/** Of an alias and of a tag: `deleted` of an alias names no version. */
const alias = z.extend(body, {
  entity: z.literal('model_version_alias'),
  action: z.enum(['created', 'deleted']),
  data: z.object({ name: short(NAME), alias: short(NAME) }),
})
const tag = z.extend(body, {
  entity: z.literal('model_version_tag'),
  action: z.enum(['set', 'deleted']),
  data: z.object({ name: short(NAME), key: short(NAME) }),
})
/** An alias or a tag that changed. */
export const change = z.discriminatedUnion('entity', [alias, tag])
const shape = z.extend(envelope, { detail: z.intersection(change, z.object({ deliveryId: short(NAME) })) })

/** Models that MLflow's own test deliveries are about. */
export const TEST_NAMES: ReadonlySet<unknown> = new Set(['example_model', 'example_prompt'])
export const SOURCE = 'signalbox.registry'
export const DETAIL_TYPE = 'Model Promotion Changed'

/** An alias or a tag of a registered model was set, moved or deleted: MLflow's webhook, verified at our door, through our bus. */
export const modelPromoted: Contract<ModelPromoted> = {
  name: 'model-promoted',
  summary: 'an alias or a tag of a registered model was set, moved or deleted in MLflow',
  via: { bus: 'signalbox', pattern: { source: [SOURCE], 'detail-type': [DETAIL_TYPE] } },
  parse: (input) => {
    const parsed = parseWith(shape, input)
    return parsed.ok ? toEvent(parsed.event) : parsed
  },
}

const toEvent = (event: z.output<typeof shape>): Parsed<ModelPromoted> => {
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
      type: 'model-promoted',
      id: deliveryId,
      at,
      model: data.name,
      signal: 'alias' in data ? { kind: 'alias', name: data.alias } : { kind: 'tag', name: data.key },
      ...(workspace ? { workspace } : {}),
      replayed: event['replay-name'] !== undefined,
    },
  }
}
