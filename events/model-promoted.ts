import * as z from 'zod/mini'
import type { Contract, ModelPromoted } from './contract.ts'
import { NAME, short } from './input.ts'
import { body, fromOurBus, SOURCE } from './registry.ts'

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

export const DETAIL_TYPE = 'Model Promotion Changed'

/** An alias or a tag of a registered model was set, moved or deleted: MLflow's webhook, verified at our door, through our bus. */
export const modelPromoted: Contract<ModelPromoted> = {
  name: 'model-promoted',
  summary: 'an alias or a tag of a registered model was set, moved or deleted in MLflow',
  via: { bus: 'signalbox', pattern: { source: [SOURCE], 'detail-type': [DETAIL_TYPE] } },
  parse: fromOurBus(change, DETAIL_TYPE, (data) => ({
    type: 'model-promoted' as const,
    signal: 'alias' in data ? { kind: 'alias' as const, name: data.alias } : { kind: 'tag' as const, name: data.key },
  })),
}
