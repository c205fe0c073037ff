import * as z from 'zod/mini'
import type { Parsed } from './contract.ts'
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

/** Models that MLflow's own test deliveries are about. */
export const TEST_NAMES: ReadonlySet<unknown> = new Set(['example_model', 'example_prompt'])

/** The source of the registry's events on our bus. */
export const SOURCE = 'signalbox.registry'

type Webhook = Omit<z.output<typeof body>, 'data'> & { data: { name: string } }

/** What every event of the registry says, whatever it is about. */
interface OfRegistry {
  id: string
  at: number
  model: string
  workspace?: string
  replayed: boolean
}

/**
 * How a webhook of this shape is read from our bus, where our door puts it with the delivery's id; `says` is what this kind of
 * event says beside what all of the registry's do. Another event and MLflow's test delivery are refused.
 */
export const fromOurBus = <Of extends Webhook, Says>(
  shape: z.ZodMiniType<Of>,
  detailType: string,
  says: (data: Of['data']) => Says,
): ((input: unknown) => Parsed<OfRegistry & Says>) => {
  const onBus = z.extend(envelope, { detail: z.intersection(shape, z.object({ deliveryId: short(NAME) })) })
  return (input) => {
    const parsed = parseWith(onBus, input)
    if (!parsed.ok) return parsed
    const { source, 'detail-type': type, 'replay-name': replay, detail } = parsed.event
    if (source !== SOURCE || type !== detailType)
      return refusal('not-this-event', `source ${source}, detail-type ${type}: expected ${SOURCE}, ${detailType}`)
    const { deliveryId: id, timestamp, data, workspace } = detail
    if (TEST_NAMES.has(data.name)) return refusal('test-payload', `${data.name} is MLflow's test delivery`)
    const at = millisecondsOf(timestamp)
    if (at === null) return refusal('bad-field', `detail.timestamp: ${timestamp} is no ISO time`)
    const common = { id, at, model: data.name, ...(workspace ? { workspace } : {}), replayed: replay !== undefined }
    return { ok: true, event: { ...common, ...says(data) } }
  }
}
