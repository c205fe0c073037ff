import type { V1Job } from '@kubernetes/client-node'
import { QUEUE_LABEL } from '../kube.ts'
import { label } from '../names.ts'

/** What says on a Job which rung of a budget has suspended it. Who suspends it otherwise writes none, and lets it go as well. */
export const SUSPENDED_BY = label('suspended-by')
const FENCE = label('fence-suspend')

/** By whom a Job is suspended: a rung, somebody else, or nobody. */
export type SuspendedBy = 'rung' | 'other' | 'nobody'

/** Of what Kueue lends, it is Kueue that suspends it, whether or not it does now. */
export const suspendedBy = ({ metadata, spec }: Pick<V1Job, 'metadata' | 'spec'>): SuspendedBy => {
  if (spec?.suspend === true && metadata?.annotations?.[SUSPENDED_BY] !== undefined) return 'rung'
  return spec?.suspend === true || metadata?.labels?.[QUEUE_LABEL] !== undefined ? 'other' : 'nobody'
}

/** What a Job is to be: suspended by this rung, or, null, by none. `fence`: the revision at which that was said. */
export interface Suspending {
  rung: string | null
  fence: number
}

/**
 * What is written to a Job so that it is so, or why it is left as it is. What somebody else has suspended stays so: it is only said from which revision on.
 */
export const suspensionOf = (job: V1Job, { rung, fence }: Suspending): { patch: object; left?: string } => {
  const { metadata } = job
  const [by, queue] = [suspendedBy(job), metadata?.labels?.[QUEUE_LABEL]]
  const at = { resourceVersion: metadata?.resourceVersion }
  const fenced = (annotations: object): object => ({ ...at, annotations: { [FENCE]: String(fence), ...annotations } })
  if (rung === null)
    return by === 'rung'
      ? { patch: { metadata: fenced({ [SUSPENDED_BY]: null }), spec: { suspend: false } } }
      : { patch: { metadata: fenced({ [SUSPENDED_BY]: null }) } }
  if (queue !== undefined)
    return { patch: { metadata: fenced({}) }, left: `Kueue suspends it, and lets it go (LocalQueue ${queue})` }
  if (by === 'other') return { patch: { metadata: fenced({}) }, left: 'somebody else has suspended it, and lets it go' }
  return { patch: { metadata: fenced({ [SUSPENDED_BY]: rung }), spec: { suspend: true } } }
}

/** Whether what was said at this revision has come to be: whose write was not answered may have written. */
export const isWritten = ({ metadata }: V1Job, { fence }: Suspending): boolean =>
  metadata?.annotations?.[FENCE] === String(fence)
