import type { KubeObject, ObjectRef } from '../../core/kube.ts'
import { makerOf } from '../../core/lane/waits.ts'
import type { WorkPorts } from '../ports.ts'

/** Kubernetes' own labels of a Job's pods. */
const JOB_NAME = 'batch.kubernetes.io/job-name'
const JOB_UID = 'batch.kubernetes.io/controller-uid'

type Cluster = Pick<WorkPorts, 'cluster'>

/**
 * A Job's pods, also those that have ended: what it made itself, by its uid. Anybody can give a pod the label, and one that was
 * made again under the name has pods of its own (law 3).
 */
export const podsOf = async (
  { cluster }: Cluster,
  job: ObjectRef,
  uid: string,
  fresh = false,
): Promise<KubeObject<'Pod'>[]> => (await named(cluster, job, fresh)).filter((pod) => makerOf(pod)?.uid === uid)

/**
 * How many pods of a Job have not ended, as they are now, and how many of these nobody will end: who deletes a Job alone
 * leaves them behind without an owner. `uid` null: it was never seen, and only its name is known.
 */
export const alivePodsOf = async (
  { cluster }: Cluster,
  job: ObjectRef,
  uid: string | null,
): Promise<{ alive: number; left: number }> => {
  const alive = (await named(cluster, job, true)).filter((pod) => isAlive(pod) && isLeftOf(pod, uid))
  return { alive: alive.length, left: alive.filter((pod) => makerOf(pod) === null).length }
}

const named = async (
  cluster: WorkPorts['cluster'],
  { namespace, name }: ObjectRef,
  fresh: boolean,
): Promise<KubeObject<'Pod'>[]> =>
  (await cluster.list('Pod', {
    fresh,
    ...(namespace === null ? {} : { namespace }),
    labels: { [JOB_NAME]: name },
  })) as KubeObject<'Pod'>[]

const isLeftOf = (pod: KubeObject<'Pod'>, uid: string | null): boolean => {
  if (uid === null) return true
  const maker = makerOf(pod)
  return (maker === null ? pod.metadata.labels?.[JOB_UID] : maker.uid) === uid
}

const isAlive = ({ status }: KubeObject<'Pod'>): boolean => status?.phase !== 'Succeeded' && status?.phase !== 'Failed'
