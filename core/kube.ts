import type {
  CoreV1Event,
  V1ConfigMap,
  V1Deployment,
  V1Job,
  V1Node,
  V1ObjectMeta,
  V1Pod,
  V1PodDisruptionBudget,
  V1PodSpec,
  V1PriorityClass,
  V1ReplicaSet,
  V1Service,
  V2HorizontalPodAutoscaler,
} from '@kubernetes/client-node'

/** The Kubernetes kinds that we touch, with their typed objects. */
export interface KubeKinds {
  Job: V1Job
  Deployment: V1Deployment
  ReplicaSet: V1ReplicaSet
  Service: V1Service
  Pod: V1Pod
  Node: V1Node
  NodePool: NodePool
  NodeClaim: NodeClaim
  Workload: Workload
  Event: CoreV1Event
  ConfigMap: V1ConfigMap
  HorizontalPodAutoscaler: V2HorizontalPodAutoscaler
  ScaledObject: ScaledObject
  PodDisruptionBudget: V1PodDisruptionBudget
  PriorityClass: V1PriorityClass
}
export type Kind = keyof KubeKinds

/** Any object that we send or read. `apiVersion`, `kind` and `metadata.name` are always there. */
export type KubeObject<K extends Kind = Kind> = KubeKinds[K] & {
  apiVersion: string
  kind: K
  metadata: V1ObjectMeta & { name: string }
}

/** Which object: Node, NodePool, NodeClaim and PriorityClass have no namespace. */
export interface ObjectRef {
  kind: Kind
  namespace: string | null
  name: string
}

/** How many nodes of a NodePool may be disrupted at once, for which of Karpenter's reasons; of several the smallest holds. */
export interface Budget {
  nodes: string
  reasons?: ('Drifted' | 'Underutilized' | 'Empty')[]
}

/** Karpenter's NodePool (`karpenter.sh/v1`), the part that we read and write. Its limits are a ceiling, not a size. */
export interface NodePool {
  apiVersion?: string
  kind?: string
  metadata?: V1ObjectMeta
  spec?: {
    template?: {
      metadata?: { labels?: Record<string, string> }
      spec?: {
        nodeClassRef?: { group: string; kind: string; name: string }
        requirements?: { key: string; operator: string; values?: string[] }[]
        taints?: { key: string; value?: string; effect: string }[]
        expireAfter?: string
        terminationGracePeriod?: string
      }
    }
    limits?: Record<string, string>
    disruption?: { consolidationPolicy?: string; consolidateAfter?: string; budgets?: Budget[] }
    weight?: number
  }
  status?: { resources?: Record<string, string>; conditions?: Condition[] }
}

/** A condition as Karpenter writes it. */
export interface Condition {
  type: string
  status: string
  reason?: string
  message?: string
  lastTransitionTime?: string
}

/** Karpenter's NodeClaim (`karpenter.sh/v1`), the part that we read: one node on its way, or there. */
export interface NodeClaim {
  apiVersion?: string
  kind?: string
  metadata?: V1ObjectMeta
  status?: {
    nodeName?: string
    /** `aws:///us-east-1a/i-0abc…`, once there is an instance. */
    providerID?: string
    capacity?: Record<string, string>
    conditions?: Condition[]
  }
}

/** Kueue's Workload (`kueue.x-k8s.io/v1beta2`), the part that we read and write: what it lends to one Job. */
export interface Workload {
  apiVersion?: string
  kind?: string
  metadata?: V1ObjectMeta
  /** `active` false: Kueue suspends its Job, gives others its quota, and lets it go no more until that is true again. */
  spec?: { active?: boolean; queueName?: string }
}

/** KEDA's ScaledObject (`keda.sh/v1alpha1`), the part that we write: what a Deployment is scaled by, and how far. */
export interface ScaledObject {
  apiVersion?: string
  kind?: string
  metadata?: V1ObjectMeta
  spec?: {
    scaleTargetRef: { apiVersion?: string; kind?: string; name: string }
    pollingInterval?: number
    cooldownPeriod?: number
    initialCooldownPeriod?: number
    minReplicaCount?: number
    maxReplicaCount?: number
    fallback?: { failureThreshold: number; replicas: number; behavior?: string }
    advanced?: { horizontalPodAutoscalerConfig?: { behavior?: object } }
    triggers: { type: string; name?: string; metricType?: string; metadata: Record<string, string> }[]
  }
  /** As KEDA says: nothing until its operator has taken it up. */
  status?: { conditions?: { type: string; status: string; reason?: string; message?: string }[] }
}

export const GPU = 'nvidia.com/gpu'

/** Karpenter's label on nodes, and the selector of our pods. */
export const NODE_POOL = 'karpenter.sh/nodepool'

/** On a pod: Karpenter does not evict it, whatever it takes the node away for, until the node's grace period is over. */
export const DO_NOT_DISRUPT = 'karpenter.sh/do-not-disrupt'

/** Karpenter's label on nodes and NodeClaims: how they were bought. */
export const CAPACITY_TYPE = 'karpenter.sh/capacity-type'

/** Kubernetes' label on nodes, and Karpenter's on NodeClaims. */
export const INSTANCE_TYPE = 'node.kubernetes.io/instance-type'

/** On a Job: the LocalQueue in which Kueue queues it. */
export const QUEUE_LABEL = 'kueue.x-k8s.io/queue-name'

/** On a Workload of Kueue's: the uid of the Job that it lends to. */
export const JOB_UID_LABEL = 'kueue.x-k8s.io/job-uid'

/** One field manager per concern (law 4): each apply carries everything that its manager owns. */
export type FieldManager =
  | 'signalbox-workload'
  | 'signalbox-scale'
  | 'signalbox-traffic'
  | 'signalbox-suspend'
  | 'signalbox-ceiling'

/** The reference to an object. */
export const refOf = (object: KubeObject): ObjectRef => ({
  kind: object.kind,
  namespace: object.metadata.namespace ?? null,
  name: object.metadata.name,
})

/** The pod that an object runs, whether it is one or carries its template; undefined: it runs none. */
export const podSpecOf = (object: KubeObject): V1PodSpec | undefined => {
  switch (object.kind) {
    case 'Job':
    case 'Deployment':
      return (object as KubeObject<'Job' | 'Deployment'>).spec?.template.spec
    case 'Pod':
      return (object as KubeObject<'Pod'>).spec
    default:
      return undefined
  }
}

type WithMetadata = { metadata?: V1ObjectMeta }

/** When it was made, milliseconds since the epoch; 0: it does not say. The server's clients give dates, its JSON gives text. */
export const createdAt = ({ metadata }: WithMetadata): number =>
  new Date(metadata?.creationTimestamp ?? 0).getTime() || 0

/** Whether somebody has deleted it: what is on its way makes no pod any more. */
export const isLeaving = ({ metadata }: WithMetadata): boolean => (metadata?.deletionTimestamp ?? null) !== null

/** Kubernetes' own, which go by themselves. */
const OF_DELETION: ReadonlySet<string> = new Set(['foregroundDeletion', 'orphan', 'batch.kubernetes.io/job-tracking'])

/** Finalizers of others, which may keep what is deleted for days. */
export const keepersOf = ({ metadata }: WithMetadata): string[] =>
  (metadata?.finalizers ?? []).filter((name) => !OF_DELETION.has(name))
