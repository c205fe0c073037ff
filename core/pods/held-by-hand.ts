import type { V1Job } from '@kubernetes/client-node'
import type { KubeObject } from '../kube.ts'
import { settersOf } from '../workloads/managed-fields.ts'

/** A field of a Job's spec that a person sets to keep it back, or to end it. */
type Field = 'suspend' | 'parallelism' | 'activeDeadlineSeconds'

const asObject = ({ metadata = {} }: V1Job): KubeObject => ({ metadata }) as KubeObject

/** Who beside us has set it, as the API server writes it down; null: nobody has, or it does not say. */
export const setterOf = (job: V1Job, field: Field): string | null =>
  settersOf(asObject(job), ['spec', field]).at(-1) ?? null

/** Whether somebody lets it make no pod: as one that is suspended it stands still, costs nothing, and stays so until that is lifted. */
export const makesNoPod = ({ spec }: Pick<V1Job, 'spec'>): boolean => spec?.parallelism === 0

/** `kubectl-edit has set its parallelism to 0`. */
export const noPodText = (job: V1Job): string =>
  `${setterOf(job, 'parallelism') ?? 'somebody'} has set its parallelism to 0`

/** `, which kubectl-edit has set`: of a deadline that is not ours. */
export const deadlineSetter = (job: V1Job): string => {
  const by = setterOf(job, 'activeDeadlineSeconds')
  return by === null ? '' : `, which ${by} has set`
}
