import { isLeaving, type KubeObject, keepersOf, type ObjectRef } from '../../core/kube.ts'
import { makerOf } from '../../core/lane/waits.ts'
import { isAtWork } from '../../core/pods/leaving.ts'
import { speakerOf } from '../../core/pods/speaking.ts'
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
): Promise<KubeObject<'Pod'>[]> => (await named(cluster, job, fresh)).filter((pod) => isOfJob(makerOf(pod), uid))

/** An owner of another kind may claim to have a Job's uid: nobody but Kubernetes' own controllers may name a Job (admission). */
const isOfJob = (maker: ReturnType<typeof makerOf>, uid: string): boolean => maker?.kind === 'Job' && maker.uid === uid

/** What is there of a Job's pods. */
export interface AlivePods {
  /** What it made itself, ended or not. */
  own: KubeObject<'Pod'>[]
  /** How many have not ended. */
  alive: number
  /** How many of these nobody ends. */
  left: number
  /** Finalizers of others on those that are deleted, ended or not: the Job's own deletion waits for them too. */
  keepers: string[]
  /** Those that have not ended though they are told to. */
  ending: KubeObject<'Pod'>[]
}

/**
 * A Job's pods as they are now. Who deletes a Job alone leaves them behind without an owner. `uid` null: it was never seen, and
 * its name is all that was written down.
 */
export const alivePodsOf = async ({ cluster }: Cluster, job: ObjectRef, uid: string | null): Promise<AlivePods> => {
  const found = await named(cluster, job, true)
  const pods = found.filter((pod) => isLeftOf(pod, job, uid))
  const alive = pods.filter(isAtWork)
  return {
    own: uid === null ? [] : found.filter((pod) => isOfJob(makerOf(pod), uid)),
    alive: alive.length,
    left: alive.filter((pod) => makerOf(pod) === null && !isLeaving(pod)).length,
    keepers: [...new Set(pods.filter(isLeaving).flatMap(keepersOf))],
    ending: alive.filter(isLeaving),
  }
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

const isLeftOf = (pod: KubeObject<'Pod'>, job: ObjectRef, uid: string | null): boolean => {
  const maker = makerOf(pod)
  // The label alone proves nothing: without the uid, which only the server gives, nobody can tell its pods from others.
  if (uid === null) return maker?.kind === 'Job' && maker.name === job.name
  return maker === null ? pod.metadata.labels?.[JOB_UID] === uid : isOfJob(maker, uid)
}

/** Of a log's end, what says why. */
const LOG_LINES = 20

/** The last lines that a pod's program said before it ended; none of a pod that there is not. */
export const lastLines = async ({ cluster }: Cluster, pod: KubeObject<'Pod'> | undefined): Promise<string[]> => {
  if (pod === undefined) return []
  const { namespace = null, name } = pod.metadata
  const { container, previous } = speakerOf(pod)
  const of = { previous, ...(container === null ? {} : { container }) }
  return cluster.logs({ kind: 'Pod', namespace, name }, LOG_LINES, of)
}
