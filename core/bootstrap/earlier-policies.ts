import { type Identity, label } from '../names.ts'
import { isRecord } from '../record.ts'
import { policyName } from './admission-policy.ts'
import { groupOf } from './rights.ts'

/**
 * Admission policies that have another name now, each with what it was called: by that, `signalbox-ml-door-pods` was the one for pods of
 * doors of the installation `ml`, and the one for pods of an installation `ml-door`.
 */
const RENAMED: readonly (readonly [now: string, before: string])[] = [
  ['services-by-door', 'door-services'],
  ['pods-by-door', 'door-pods'],
]

/** What an earlier release has called admission policies of this installation, with what is in force in their place. */
export const earlierPolicies = (identity: Pick<Identity, 'installation'>): { name: string; now: string }[] =>
  RENAMED.map(([now, before]) => ({ name: policyName(identity, before), now: policyName(identity, now) }))

/** Whether what stands under such a name is what that release made of this installation: not another one's, which may be called so. */
export const isLeftOf = (identity: Pick<Identity, 'installation'>, there: unknown): boolean => {
  const { metadata, spec } = isRecord(there) ? there : {}
  const labels = isRecord(metadata) && isRecord(metadata['labels']) ? metadata['labels'] : {}
  return (
    labels[label('installation')] === undefined && JSON.stringify(spec ?? null).includes(`'${groupOf(identity, '')}'`)
  )
}
