import { isLeaving, JOB_UID_LABEL, type KubeObject } from '../../core/kube.ts'
import type { Mark } from '../../core/lane/document.ts'
import { isLent, isMarked, type OfKueue } from '../../core/pods/suspended.ts'
import { Unavailable, type WorkPorts } from '../ports.ts'

type Cluster = Pick<WorkPorts, 'cluster'>

/** Kueue's Workload of a Job as it is now, by the Job's uid; null: Kueue has made none, or makes another. */
export const workloadOf = async (
  { cluster }: Cluster,
  { metadata: { namespace, uid = '' } }: KubeObject<'Job'>,
): Promise<KubeObject<'Workload'> | null> => {
  const labels = { [JOB_UID_LABEL]: uid }
  const where = { fresh: true, labels, ...(namespace === undefined ? {} : { namespace }) }
  const found = (await cluster.list('Workload', where)) as KubeObject<'Workload'>[]
  // Anybody may give one the label.
  const isOfIt = ({ metadata: { ownerReferences = [] } }: KubeObject): boolean =>
    ownerReferences.some((owner) => owner.controller === true && owner.uid === uid)
  return found.find((one) => isOfIt(one) && !isLeaving(one)) ?? null
}

/** The same of what waits in its queue, for a person to read: it may be that Kueue is to admit it no more. */
export const queuedSeen = async (ports: Cluster, job: KubeObject<'Job'>): Promise<OfKueue> =>
  isLent(job) && job.spec?.suspend === true && !isMarked(job) ? seen(ports, job) : undefined

/**
 * The same where a rung has suspended the Job, or was to; of all others it says nothing of who suspends them. Who may not look, or has no answer where the Job was
 * just read, has seen nothing of it: the Job's own end and bound count all the same.
 */
export const workloadSeen = async (
  ports: Cluster,
  job: KubeObject<'Job'>,
  { suspended }: Pick<Mark, 'suspended'>,
): Promise<OfKueue> => {
  return isLent(job) && (suspended?.is === true || isMarked(job)) ? seen(ports, job) : undefined
}

const seen = async (ports: Cluster, job: KubeObject<'Job'>): Promise<OfKueue> => {
  try {
    return await workloadOf(ports, job)
  } catch (error) {
    if (error instanceof Unavailable) return undefined
    throw error
  }
}
