import type { Parsed } from './contract.ts'
import { parseWith, refusal } from './input.ts'
import { change, DETAIL_TYPE as PROMOTION } from './model-promoted.ts'
import { body, SOURCE, TEST_NAMES } from './registry.ts'
import { DETAIL_TYPE as VERSION, versionChange } from './version-changed.ts'

/** An event as a door puts it on our bus. */
interface Published {
  source: string
  detailType: string
  detail: Record<string, unknown>
}

/** What a delivery about this entity is, in the order in which it is put on our bus: a tag that is set may promote its version, and may begin pipelines. */
const MEANS = {
  model_version: [[VERSION, versionChange]],
  model_version_alias: [[PROMOTION, change]],
  model_version_tag: [
    [PROMOTION, change],
    [VERSION, versionChange],
  ],
} as const

/** What the webhook's door puts on our bus for a verified delivery of MLflow's registry, or why it does not. */
export const registryEvents = (deliveryId: string, input: unknown): Parsed<Published[]> => {
  const parsed = parseWith(body, input)
  if (!parsed.ok) return parsed
  const { entity, action, data } = parsed.event
  if (TEST_NAMES.has(data['name']))
    return refusal(
      'test-payload',
      `${String(data['name'])} is MLflow's test delivery: the webhook works, and nothing is done`,
    )
  if (!Object.hasOwn(MEANS, entity))
    return refusal(
      'not-this-event',
      `${entity}.${action} is not acted on: subscribe to ${Object.keys(MEANS).join(', ')}`,
    )
  const read = MEANS[entity as keyof typeof MEANS].map(([detailType, shape]) => ({
    detailType,
    known: parseWith(shape, input),
  }))
  const events = read.flatMap(({ detailType, known }) =>
    known.ok ? [{ source: SOURCE, detailType, detail: { ...known.event, deliveryId } }] : [],
  )
  const [first] = read
  // A tag that is deleted is no version that changed; what is neither says of the first why.
  return events.length === 0 && first !== undefined && !first.known.ok ? first.known : { ok: true, event: events }
}
