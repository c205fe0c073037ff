import * as z from 'zod'
import type { Contract, ModelPromoted, Parsed } from './contract.ts'
import { envelope, millisecondsOf, parseWith, refusal } from './input.ts'

/** MLflow's alias webhook: `deleted` names no version. Names of its test deliveries are fixed. */
const body = z.object({
  entity: z.string(),
  action: z.string(),
  timestamp: z.string(),
  data: z.record(z.string(), z.unknown()),
})
const alias = body.extend({
  entity: z.literal('model_version_alias'),
  action: z.enum(['created', 'deleted']),
  data: z.object({ name: z.string().min(1), alias: z.string().min(1) }),
})
const shape = envelope.extend({ detail: alias.extend({ deliveryId: z.string().min(1) }) })

const TEST_NAMES: ReadonlySet<unknown> = new Set(['example_model', 'example_prompt'])
export const SOURCE = 'signalbox.registry'
export const DETAIL_TYPE = 'Model Alias Changed'

/** An alias of a registered model was set, moved or deleted: MLflow's webhook, verified at our door, through our bus. */
export const modelPromoted: Contract<ModelPromoted> = {
  name: 'model-promoted',
  summary: 'an alias of a registered model was set, moved or deleted in MLflow',
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
  if (entity !== 'model_version_alias')
    return refusal(
      'not-this-event',
      `${entity}.${action} is not acted on: subscribe to model_version_alias.created and model_version_alias.deleted`,
    )
  const change = parseWith(alias, input)
  if (!change.ok) return change
  return { ok: true, event: { source: SOURCE, detailType: DETAIL_TYPE, detail: { ...parsed.event, deliveryId } } }
}

const toEvent = (event: z.output<typeof shape>): Parsed<ModelPromoted> => {
  if (event.source !== SOURCE || event['detail-type'] !== DETAIL_TYPE)
    return refusal(
      'not-this-event',
      `source ${event.source}, detail-type ${event['detail-type']}: expected ${SOURCE}, ${DETAIL_TYPE}`,
    )
  const { deliveryId, action, timestamp, data } = event.detail
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
      alias: data.alias,
      action,
      replayed: event['replay-name'] !== undefined,
    },
  }
}
