import { createdAt, type KubeKinds, type KubeObject } from '../../core/kube.ts'
import { type Around, NOTHING_AROUND } from '../../core/pods/around.ts'
import { isHeldUp } from '../../core/pods/held-up.ts'
import { isToMakePods } from '../../core/pods/job-state.ts'
import { INSUFFICIENT } from '../../core/pods/launching.ts'
import { isAtWork, isOverdue, overdueNote } from '../../core/pods/leaving.ts'
import { isUnscheduled } from '../../core/pods/pending.ts'
import { isKeptOutside } from '../../core/pods/trouble.ts'
import { Unavailable, type WorkPorts } from '../ports.ts'

type Cluster = Pick<WorkPorts, 'cluster'>
type Pod = KubeKinds['Pod']
type Job = KubeKinds['Job']

/** Whose surroundings are looked at, and when; the Job, where the pods are a Job's. */
interface Looked {
  pods: readonly Pod[]
  now: number
  job?: Job
}

/** What goes its usual way is given so long before anybody asks why it does not. Milliseconds. */
const QUIET = 30_000

/** Of pods that are kept alike, so many are asked about. */
const MOST = 3

/** What stands around these pods, as far as anything of it tells more of them than they do. */
export const aroundOf = async ({ cluster }: Cluster, { pods, now, job }: Looked): Promise<Around> => {
  const list = async (...asked: Parameters<typeof cluster.list>): Promise<KubeObject[]> =>
    (await told(cluster.list(...asked))) ?? []
  const isLate = (of: Pod | Job): boolean => now - createdAt(of) >= QUIET
  const kept = pods.filter((pod) => isHeldUp(pod) || (isKeptOutside(pod) && isLate(pod))).slice(0, MOST)
  const late = job === undefined || pods.some(isAtWork) || !isToMakePods(job) || !isLate(job) ? [] : [job]
  const waits = kept.some(isUnscheduled)
  const [nodes, pools, claims, launches, ...events] = await Promise.all([
    waits || pods.some((pod) => isOverdue(pod, now)) ? list('Node') : [],
    waits ? list('NodePool') : [],
    waits ? told(cluster.list('NodeClaim')) : [],
    waits ? list('Event', LAUNCHES) : [],
    ...[...kept, ...late].map(({ metadata: { namespace = '', uid = '' } = {} }) =>
      list('Event', { namespace, fields: { 'involvedObject.uid': uid } }),
    ),
  ])
  return { ...NOTHING_AROUND, nodes, pools, claims, events: [...launches, ...events.flat()] } as Around
}

/** What Karpenter tells of nodes that it could not start: Kubernetes keeps events of what has no namespace in `default`. */
const LAUNCHES = { namespace: 'default', fields: { 'involvedObject.kind': 'NodeClaim', reason: INSUFFICIENT } }

/** What keeps the first of these pods whose end is long due, and what to do; null: there is none. */
export const keptNote = async (ports: Cluster, pods: readonly Pod[], now: number): Promise<string | null> => {
  const ending = pods.filter((pod) => isOverdue(pod, now))
  const { nodes } = await aroundOf(ports, { pods: ending, now })
  return ending.map((pod) => overdueNote(pod, nodes, now)).find((note) => note !== null) ?? null
}

/** Null: it cannot be read. No work waits for it, nor for a right that an earlier bootstrap did not give. */
const told = (reading: Promise<KubeObject[]>): Promise<KubeObject[] | null> =>
  reading.catch((error: unknown) => {
    if (error instanceof Unavailable) return null
    throw error
  })
