import * as z from 'zod/mini'
import type { Contract, ModelPromoted, Parsed } from './contract.ts'
import { envelope, millisecondsOf, NAME, parseWith, refusal, short } from './input.ts'

/** MLflow's webhooks of an alias and of a tag: `deleted` of an alias names no version. Names of test deliveries are fixed. */
const body = z.object({
  entity: short(NAME),
  action: short(NAME),
  timestamp: short(64),
  data: z.record(z.string(), z.unknown()),
  /** Only of a server with workspaces. */
  workspace: z.nullish(short(NAME)),
})
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
const change = z.discriminatedUnion('entity', [alias, tag])
const shape = z.extend(envelope, { detail: z.intersection(change, z.object({ deliveryId: short(NAME) })) })

const TEST_NAMES: ReadonlySet<unknown> = new Set(['example_model', 'example_prompt'])
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

/** What the webhook's door puts on our bus for a verified delivery, or why it does not. */
export const registryEvent = (
  deliveryId: string,
  input: unknown,
): Parsed<{ source: string; detailType: string; detail: Record<string, unknown> }> => {
  const parsed = parseWith(body, input)
  if (!parsed.ok) return parsed
  const { entity, action, data } = parsed.event
  if (TEST_NAMES.has(data['name']))
    return refusal(
      'test-payload',
      `${String(data['name'])} is MLflow's test delivery: the webhook works, and nothing is done`,
    )
  if (entity !== 'model_version_alias' && entity !== 'model_version_tag')
    return refusal(
      'not-this-event',
      `${entity}.${action} is not acted on: subscribe to model_version_alias and model_version_tag`,
    )
  const known = parseWith(change, input)
  if (!known.ok) return known
  return { ok: true, event: { source: SOURCE, detailType: DETAIL_TYPE, detail: { ...parsed.event, deliveryId } } }
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
