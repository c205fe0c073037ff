import type { Program } from './program.ts'
import {
  type Deployment,
  gpusOf,
  hasEnded,
  isStopping,
  type Job,
  KINDS,
  type Labels,
  type Node,
  POOL_LABEL,
  type Pod,
  wireTime,
  withCondition,
} from './wire.ts'
import { type World, wake } from './world.ts'

/** What is remembered of a pod that nobody sees in the cluster. Times are milliseconds since the epoch. */
export interface PodMemo {
  program?: Program
  startedAt?: number
  /** Its result is written. */
  written?: boolean
  /** It was told to stop, and will have by then. */
  stopAt?: number
  /** Its node is gone: it is cleared away then. */
  clearAt?: number
  /** Its controller sent it away: it does not count as failed. */
  sentAway?: boolean
  logs?: string[]
}

/** A controller's memory of what its pods came to. */
export interface OwnerMemo {
  /** A pod of it has lost its node. */
  lost?: boolean
  /** Pods that went while they ran, without a trace. */
  vanished?: number
}

const SECOND = 1000
/** From the signal until a container has stopped. */
const STOPPING = 5
/** Kubernetes clears the pods of a node that is gone after this. */
const CLEARING = 60 * SECOND

export const memoOf = ({ due }: World, pod: Pod): PodMemo => due.memo<PodMemo>(pod.metadata.uid) ?? {}

/** Makes a pod of a controller's template. */
export const createPod = (
  { store }: World,
  owner: Job | Deployment,
  extra: { base?: string; labels: Labels; annotations?: Labels; env?: { name: string; value: string }[] },
): Pod => {
  const template = structuredClone(owner.spec?.template ?? {}) as NonNullable<Job['spec']>['template']
  const { namespace = 'default', name, uid = '' } = owner.metadata
  const spec = template.spec as NonNullable<Pod['spec']>
  for (const container of spec.containers) if (extra.env) container.env = [...(container.env ?? []), ...extra.env]
  const { apiVersion } = KINDS[owner.kind]
  return store.insert<'Pod'>({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: store.freeName('Pod', namespace, extra.base ?? name),
      namespace,
      labels: { ...template.metadata?.labels, ...extra.labels },
      annotations: { ...template.metadata?.annotations, ...extra.annotations },
      ownerReferences: [{ apiVersion, kind: owner.kind, name, uid, controller: true, blockOwnerDeletion: true }],
    },
    spec,
    status: { phase: 'Pending' },
  })
}

/** Puts a pod onto a node. */
export const bindPod = ({ store }: World, pod: Pod, node: string): void => {
  const conditions = withCondition(pod.status?.conditions, { type: 'PodScheduled', status: 'True' }, store.now)
  store.update<'Pod'>({
    ...pod,
    spec: { ...pod.spec, containers: pod.spec?.containers ?? [], nodeName: node },
    status: { ...pod.status, conditions },
  })
}

/** Says why no node takes the pod. */
export const leaveWaiting = ({ store }: World, pod: Pod, message: string): void => {
  const said = { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message } as const
  const conditions = withCondition(pod.status?.conditions, said, store.now)
  store.update<'Pod'>({ ...pod, status: { ...pod.status, phase: 'Pending', conditions } })
}

/** A pod that runs gets time to stop, and keeps its GPUs until it has; any other is gone at once. */
export const deletePod = (world: World, pod: Pod, { sentAway = false } = {}): void => {
  const { store, due } = world
  if (isStopping(pod)) return
  if (pod.spec?.nodeName === undefined || hasEnded(pod)) return removePod(world, pod)
  const grace = pod.spec.terminationGracePeriodSeconds ?? 30
  const sleeps = pod.spec.containers.map(({ lifecycle }) => lifecycle?.preStop?.sleep?.seconds ?? 0)
  const stopAt = store.now + Math.min(grace, Math.max(0, ...sleeps) + STOPPING) * SECOND
  due.remember(pod.metadata.uid, { ...memoOf(world, pod), stopAt, sentAway } satisfies PodMemo)
  const deletionTimestamp = wireTime(store.now + grace * SECOND)
  store.update<'Pod'>({ ...pod, metadata: { ...pod.metadata, deletionTimestamp, deletionGracePeriodSeconds: grace } })
}

/** The pod and its log are gone. Its Job learns of one that had not ended. */
export const removePod = (world: World, pod: Pod): void => {
  const { store, due } = world
  const { uid, namespace = null, ownerReferences = [] } = pod.metadata
  const owner = ownerReferences.find(({ kind }) => kind === 'Job')
  const job = owner && store.get({ kind: 'Job', namespace, name: owner.name })
  const counts = !hasEnded(pod) && pod.spec?.nodeName !== undefined && memoOf(world, pod).sentAway !== true
  if (counts && job?.metadata.uid === owner?.uid && owner !== undefined) {
    const memo = due.memo<OwnerMemo>(owner.uid) ?? {}
    due.remember(owner.uid, { ...memo, vanished: (memo.vanished ?? 0) + 1 } satisfies OwnerMemo)
  }
  due.forget(uid)
  store.remove(pod)
}

/** The node is gone, and with it what ran there: its pods failed by a disruption and are cleared away soon. */
export const loseNode = (world: World, node: Node): void => {
  const { store, due } = world
  const { name } = node.metadata
  store.remove(node)
  due.forget(node.metadata.uid)
  for (const pod of store.list('Pod', { place: `on:${name}` })) losePod(world, pod)
  for (const pod of store.list('Pod', { place: `ended:${name}` })) {
    due.remember(pod.metadata.uid, { ...memoOf(world, pod), clearAt: store.now + CLEARING } satisfies PodMemo)
    wake(
      world,
      { kind: 'Pod', namespace: pod.metadata.namespace ?? null, name: pod.metadata.name },
      store.now + CLEARING,
    )
  }
}

const losePod = ({ store, due }: World, pod: Pod): void => {
  const owner = pod.metadata.ownerReferences?.[0]?.uid
  if (owner !== undefined) due.remember(owner, { ...due.memo<OwnerMemo>(owner), lost: true })
  const message = 'PodGC: node no longer exists'
  const target = { type: 'DisruptionTarget', status: 'True', reason: 'DeletionByPodGC', message } as const
  const lost = withCondition(pod.status?.conditions, target, store.now)
  const conditions = withCondition(lost, { type: 'Ready', status: 'False', reason: 'PodFailed' }, store.now)
  store.update<'Pod'>({ ...pod, status: { ...pod.status, phase: 'Failed', conditions } })
}

/** GPUs of a node, and how many of them pods have. */
export const nodeGpus = ({ store }: World, { metadata, status }: Node): { gpus: number; used: number; pods: Pod[] } => {
  const pods = store.list('Pod', { place: `on:${metadata.name}` })
  const used = pods.reduce((sum, { spec }) => sum + gpusOf(spec), 0)
  return { gpus: Number(status?.allocatable?.['nvidia.com/gpu'] ?? 0), used, pods }
}

/** The pool that a node belongs to, null for one that stands by itself. */
export const poolOfNode = ({ metadata }: Node): string | null => metadata.labels?.[POOL_LABEL] ?? null
