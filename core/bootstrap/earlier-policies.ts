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

/**
 * Of which installation an admission policy is: it says so, or, as an earlier release made it, it speaks of that one's doors. Null: it is of
 * none, or of no doors.
 */
export const installationOf = (there: unknown): string | null => {
  const { metadata, spec } = isRecord(there) ? there : {}
  const labels = isRecord(metadata) && isRecord(metadata['labels']) ? metadata['labels'] : {}
  const said = labels[label('installation')]
  if (typeof said === 'string') return said
  return DOORS.exec(JSON.stringify(spec ?? null))?.[1] ?? null
}

/** As `groupOf` names the groups of an installation's doors. */
const DOORS = new RegExp(`'${groupOf({ installation: '([a-z0-9-]+)' }, '')}'`)

/** Whether what stands under an earlier name is what that release made of this installation: another one's may be called so. */
export const isLeftOf = ({ installation }: Pick<Identity, 'installation'>, there: unknown): boolean => {
  const labels = isRecord(there) && isRecord(there['metadata']) ? there['metadata']['labels'] : undefined
  return installationOf(there) === installation && (!isRecord(labels) || labels[label('installation')] === undefined)
}
