import type { Kind, KubeObject, ObjectRef } from '../../core/kube.ts'
import { gpusOf as gpusAsked } from '../../core/planning/pod-gpus.ts'

export type Pod = KubeObject<'Pod'>
export type Job = KubeObject<'Job'>
export type Deployment = KubeObject<'Deployment'>
export type ReplicaSet = KubeObject<'ReplicaSet'>
export type Node = KubeObject<'Node'>
export type Labels = Record<string, string>

/** Karpenter's label on nodes, and the selector by which pods choose a pool. */
export const POOL_LABEL = 'karpenter.sh/nodepool'
export const INSTANCE_TYPE_LABEL = 'node.kubernetes.io/instance-type'

interface KindFacts {
  apiVersion: string
  /** As the server names the kind in its messages. */
  title: string
  namespaced: boolean
  /** Whether the server counts changes of `spec`. */
  counted: boolean
}

/** The kinds that the simulated server has. */
export const KINDS: Record<Kind, KindFacts> = {
  Job: { apiVersion: 'batch/v1', title: 'Job.batch', namespaced: true, counted: true },
  Deployment: { apiVersion: 'apps/v1', title: 'Deployment.apps', namespaced: true, counted: true },
  ReplicaSet: { apiVersion: 'apps/v1', title: 'ReplicaSet.apps', namespaced: true, counted: true },
  Service: { apiVersion: 'v1', title: 'Service', namespaced: true, counted: false },
  Pod: { apiVersion: 'v1', title: 'Pod', namespaced: true, counted: false },
  ConfigMap: { apiVersion: 'v1', title: 'ConfigMap', namespaced: true, counted: false },
  HorizontalPodAutoscaler: {
    apiVersion: 'autoscaling/v2',
    title: 'HorizontalPodAutoscaler.autoscaling',
    namespaced: true,
    counted: false,
  },
  ScaledObject: {
    apiVersion: 'keda.sh/v1alpha1',
    title: 'ScaledObject.keda.sh',
    namespaced: true,
    counted: true,
  },
  PodDisruptionBudget: {
    apiVersion: 'policy/v1',
    title: 'PodDisruptionBudget.policy',
    namespaced: true,
    counted: true,
  },
  Node: { apiVersion: 'v1', title: 'Node', namespaced: false, counted: false },
  NodePool: { apiVersion: 'karpenter.sh/v1', title: 'NodePool.karpenter.sh', namespaced: false, counted: true },
  NodeClaim: { apiVersion: 'karpenter.sh/v1', title: 'NodeClaim.karpenter.sh', namespaced: false, counted: true },
  Workload: {
    apiVersion: 'kueue.x-k8s.io/v1beta2',
    title: 'Workload.kueue.x-k8s.io',
    namespaced: true,
    counted: true,
  },
  PriorityClass: {
    apiVersion: 'scheduling.k8s.io/v1',
    title: 'PriorityClass.scheduling.k8s.io',
    namespaced: false,
    counted: false,
  },
  Event: { apiVersion: 'v1', title: 'Event', namespaced: true, counted: false },
}

/** A time as the server writes it: text in whole seconds, though the client's types call it a Date. */
export const wireTime = (ms: number): Date => `${new Date(ms).toISOString().slice(0, 19)}Z` as unknown as Date

/** Milliseconds of a time on the wire, or null. */
export const millisOf = (time: Date | string | null | undefined): number | null =>
  time === null || time === undefined ? null : new Date(time).getTime()

/** Where an object is kept: objects of a cluster-wide kind have no namespace, others are in `default` unless they say. */
export const placeOf = ({ kind, namespace, name }: ObjectRef): { namespace: string; name: string } => ({
  namespace: KINDS[kind].namespaced ? (namespace ?? 'default') : '',
  name,
})

export interface Said {
  type: string
  status: 'True' | 'False'
  reason?: string
  message?: string
}

interface AnyCondition {
  type: string
  status: string
  lastTransitionTime?: Date
}

/** The list with this condition in it. Its time moves only when its status does. */
export const withCondition = <C extends AnyCondition>(list: C[] | undefined, said: Said, now: number): C[] => {
  const before = list?.find(({ type }) => type === said.type)
  const lastTransitionTime = before?.status === said.status ? before.lastTransitionTime : wireTime(now)
  const after = { ...said, lastTransitionTime } as unknown as C
  return before === undefined
    ? [...(list ?? []), after]
    : (list ?? []).map((condition) => (condition === before ? after : condition))
}

/** Whether a condition of this type is true. */
export const isTrue = (list: AnyCondition[] | undefined, wanted: string): boolean =>
  list?.some(({ type, status }) => type === wanted && status === 'True') ?? false

/** GPUs that a pod asks for, or slices of them. */
export const gpusOf = (spec: Pod['spec']): number => gpusAsked(spec?.containers)

/** Neither ended nor on its way out. */
export const isLive = (pod: Pod): boolean => !hasEnded(pod) && !isStopping(pod)

export const hasEnded = ({ status }: Pod): boolean => status?.phase === 'Succeeded' || status?.phase === 'Failed'

export const isStopping = ({ metadata }: KubeObject): boolean => metadata.deletionTimestamp !== undefined

export const isReady = ({ status }: { status?: { conditions?: AnyCondition[] } }): boolean =>
  isTrue(status?.conditions, 'Ready')
