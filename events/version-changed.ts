import * as z from 'zod/mini'
import type { Contract } from './contract.ts'
import { NAME, short } from './input.ts'
import type { VersionChanged } from './occasions.ts'
import { body, fromOurBus, SOURCE } from './registry.ts'

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

export const DETAIL_TYPE = 'Model Version Changed'

/** A version of a registered model was made, or a tag set on it: MLflow's webhook, verified at our door, through our bus. */
export const versionChanged: Contract<VersionChanged> = {
  name: 'version-changed',
  summary: 'a version of a registered model was made, or a tag set on it, in MLflow',
  via: { bus: 'signalbox', pattern: { source: [SOURCE], 'detail-type': [DETAIL_TYPE] } },
  parse: fromOurBus(versionChange, DETAIL_TYPE, (data) => ({
    type: 'version-changed' as const,
    version: data.version,
    tag: 'key' in data ? data.key : null,
  })),
}
