import { withPriority } from './priorities.ts'
import type { Program } from './program.ts'
import {
  type Deployment,
  hasEnded,
  isStopping,
  type Job,
  KINDS,
  type Labels,
  type Pod,
  type ReplicaSet,
  wireTime,
  withCondition,
} from './wire.ts'
import type { World } from './world.ts'

/** What is remembered of a pod that nobody sees in the cluster. Times are milliseconds since the epoch. */
export interface PodMemo {
  program?: Program
  startedAt?: number
  /** How often its container was started again, and when it will be the next time. */
  restarts?: number
  upAt?: number
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

export const memoOf = ({ due }: World, pod: Pod): PodMemo => due.memo<PodMemo>(pod.metadata.uid) ?? {}

/** Makes a pod of a controller's template. */
export const createPod = (
  world: World,
  owner: Job | Deployment | ReplicaSet,
  extra: {
    base?: string
    hostname?: string
    labels: Labels
    annotations?: Labels
    env?: { name: string; value: string }[]
  },
): Pod => {
  const { store, admitted } = world
  const template = structuredClone(owner.spec?.template ?? {}) as NonNullable<Job['spec']>['template']
  const { namespace = 'default', name, uid = '' } = owner.metadata
  const spec = template.spec as NonNullable<Pod['spec']>
  for (const container of spec.containers) if (extra.env) container.env = [...(container.env ?? []), ...extra.env]
  const { apiVersion } = KINDS[owner.kind]
  const made: Pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: store.freeName('Pod', namespace, extra.base ?? name),
      namespace,
      labels: { ...template.metadata?.labels, ...extra.labels },
      annotations: { ...template.metadata?.annotations, ...extra.annotations },
      ownerReferences: [{ apiVersion, kind: owner.kind, name, uid, controller: true, blockOwnerDeletion: true }],
    },
    spec: extra.hostname === undefined ? spec : { ...spec, hostname: extra.hostname },
    status: { phase: 'Pending' },
  }
  return store.insert<'Pod'>(withPriority(world, admitted(made)))
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
  if (pod.spec?.nodeName === undefined || hasEnded(pod)) {
    removePod(world, pod)
    return
  }
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
