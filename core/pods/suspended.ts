import type { V1Job } from '@kubernetes/client-node'
import { type KubeObject, QUEUE_LABEL, type Workload } from '../kube.ts'
import { label } from '../names.ts'
import { settersOf } from '../workloads/managed-fields.ts'
import { setterOf } from './held-by-hand.ts'

/** What says on a Job, and on Kueue's Workload of it, which rung of a budget has suspended it. Who suspends it otherwise writes none, and lets it go as well. */
export const SUSPENDED_BY = label('suspended-by')
/** On the same objects: the revision at which that was said. */
export const FENCE_SUSPEND = label('fence-suspend')

/** By whom a Job is suspended: a rung, somebody else, or nobody. */
export type SuspendedBy = 'rung' | 'other' | 'nobody'

type Told = Pick<V1Job, 'metadata' | 'spec'>

/** Kueue's Workload of a Job; null: Kueue has made none; undefined: Kueue lends it nothing, or nobody has looked. */
export type OfKueue = Workload | null | undefined

/** Whether Kueue lends it its GPUs: its Workload then says whether it may run, and Kueue has the Job follow in its own time. */
export const isLent = ({ metadata }: Pick<V1Job, 'metadata'>): boolean => metadata?.labels?.[QUEUE_LABEL] !== undefined

/** Where Kueue has a Workload of it, that says so: the Job itself is suspended while it waits in a queue, too, and runs on for a moment. */
export const suspendedBy = (job: Told, workload?: OfKueue): SuspendedBy => {
  const is = workload == null ? job.spec?.suspend === true : workload.spec?.active === false
  if (!is) return 'nobody'
  return (workload ?? job).metadata?.annotations?.[SUSPENDED_BY] === undefined ? 'other' : 'rung'
}

/** Whether a rung was to suspend it, as the Job itself says. */
export const isMarked = ({ metadata }: Pick<V1Job, 'metadata'>): boolean =>
  metadata?.annotations?.[SUSPENDED_BY] !== undefined

/** By whom it was seen to be suspended, and who has let it go; nothing, where nobody has looked at the Workload of what Kueue lends to. */
export const suspensionSeen = (job: V1Job, workload: OfKueue): { suspended?: SuspendedBy; letGoBy?: string | null } => {
  if (isLent(job) && workload === undefined) return {}
  const suspended = suspendedBy(job, workload)
  return { suspended, letGoBy: suspended === 'nobody' ? letGoBy(job, workload) : null }
}

/** Whether somebody other than a rung has deactivated it: Kueue admits it no more. */
export const isDeactivated = ({ metadata, spec }: Workload): boolean =>
  spec?.active === false && metadata?.annotations?.[SUSPENDED_BY] === undefined

/** How what is said of that begins. */
export const DEACTIVATED = 'Kueue admits it no more: '

/** What is said of one, by whom as far as the API server knows, and what to do. */
export const deactivatedText = (workload: Workload): string => {
  const { name = '', namespace = '' } = workload.metadata ?? {}
  const by = settersOf(workload as KubeObject<'Workload'>, ['spec', 'active']).at(-1) ?? 'Kueue or a person'
  const command = `kubectl -n ${namespace} patch workload ${name} --type=merge -p '{"spec":{"active":true}}'`
  return `${DEACTIVATED}${by} has deactivated its Workload, and it stays so until \`${command}\``
}

const letGoBy = (job: V1Job, workload: OfKueue): string | null =>
  workload == null
    ? setterOf(job, 'suspend')
    : (settersOf(workload as KubeObject<'Workload'>, ['spec', 'active']).at(-1) ?? null)

/** What a Job is to be: suspended by this rung, or, null, by none. `fence`: the revision at which that was said. */
export interface Suspending {
  rung: string | null
  fence: number
}

/** Merge patches of the Job and then, where it has one, of its Workload; and why it is left as it is. */
export interface SuspensionWrites {
  patch: object
  lent?: object | undefined
  left?: string | undefined
}

/**
 * What is written to a Job so that it is so, or why it is left as it is. What somebody else has suspended stays so: it is only said from which
 * revision on. Of a Job that Kueue lends to the Workload is changed, and each write of ours changes it, so that one that is late meets another revision.
 */
export const suspensionOf = (job: V1Job, { rung, fence }: Suspending, workload?: OfKueue): SuspensionWrites => {
  const by = suspendedBy(job, workload)
  const isLeft = rung !== null && by === 'other'
  const said = { [FENCE_SUSPEND]: String(fence), ...(isLeft ? {} : { [SUSPENDED_BY]: rung }) }
  const written = ({ metadata }: Pick<Told, 'metadata'>, spec: object): object => ({
    metadata: { resourceVersion: metadata?.resourceVersion, annotations: said },
    ...(isLeft || (rung === null && by !== 'rung') ? {} : { spec }),
  })
  if (!isLent(job))
    return isLeft
      ? { patch: written(job, {}), left: 'somebody else has suspended it, and lets it go' }
      : { patch: written(job, { suspend: rung !== null }) }
  const { metadata } = job
  return {
    patch: { metadata: { resourceVersion: metadata?.resourceVersion, annotations: said } },
    lent: workload == null ? undefined : written(workload, { active: rung === null }),
    left: isLeft ? 'somebody else has deactivated its Workload of Kueue’s, and activates it' : undefined,
  }
}

/** Whether what was said at this revision has come to be: whose write was not answered may have written. */
export const isWritten = ({ metadata }: Pick<Told, 'metadata'>, { fence }: Suspending): boolean =>
  metadata?.annotations?.[FENCE_SUSPEND] === String(fence)
