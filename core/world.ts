import type { V1Pod } from '@kubernetes/client-node'
import type { KubeObject, ObjectRef } from './kube.ts'
import type { ContributionRow } from './pools/contribution.ts'
import type { Edit } from './workloads/same-content.ts'

/** What planning sees of the cluster and of other plans: read a moment ago, protected by holds, bounds and 409s. */
export interface World {
  pools: Record<string, PoolView>
  /** Dollars of the budget: spent this month and held by other plans. */
  dollars: { spent: number; held: number }
  /** Deployments of the lane, one a generation, the lowest first. */
  generations: GenerationView[]
  /** Where its Service leads requests; left out: it is no lane that serves. */
  traffic?: Traffic
  /** What stands beside its Deployments, as it is now; left out: nobody has looked. */
  parts?: { kinds: readonly KubeObject['kind'][]; objects: readonly KubeObject[] }
  /** What runs on of it without a Deployment; left out: nothing does. */
  strays?: readonly Stray[]
  /** Its pods that had to have ended long ago, and that their nodes do not end; left out: there is none. */
  stuck?: readonly Stuck[]
}

/** A pod that serves no more, and keeps its GPUs until a person deletes its Node (decision 0030). */
export interface Stuck {
  uid: string
  generation: number
  gpus: number
  /** What keeps it, and what to do. */
  note: string
}

/** Whom the Service of a lane leads to: one generation (0: nobody), or `all` that stand; null: it is not there. */
export type Traffic = number | 'all' | null

/** A ReplicaSet that goes on without its Deployment, which somebody has deleted alone: it is no generation's any more. */
export interface Stray {
  ref: ObjectRef
  /** Whose it was. */
  generation: number
  /** What runs of it. */
  pods: readonly V1Pod[]
  /** As it stands; left out: nobody has looked. */
  made?: KubeObject<'ReplicaSet'>
}

/** A GPU pool as it is now. */
export interface PoolView {
  pool: string
  /** The ceiling as it is computed, or the limit of the NodePool where that is lower; null = no limit. */
  ceiling: number | null
  /** What is leased of it, where the policy lets anything be; left out: nothing is. */
  leases?: readonly ContributionRow[]
  /** When its hours next make it higher, and how high; left out: they do not. */
  rises?: { at: number; gpus: number }
  /** Why a rung of the budget lets it go no higher; left out: none caps it. */
  capped?: string
  /** Why its lane sets no ceiling, where it is to set one; left out: it does, or has none to set. */
  unset?: string
  /** GPUs requested by pods that hold a node or wait for one, our lane's included. */
  used: number
  /** GPUs requested by pods of the lane that is being planned. */
  usedByLane: number
  /** What of that pods have that had to have ended long ago: no way of the lane gets it; left out: nothing. */
  stuck?: number
  /** GPUs held by plans of other lanes, counted as max(hold, actual use) of each (law 10). */
  heldByOthers: number
  /** What of that is used beyond what was held: the guard of a hold leaves it free. */
  beyondHolds: number
  /** What of it is held for a while: it is given back once their Jobs have ended and their moves are made; left out: nothing that is known. */
  passing?: number
  /** What of it others' pods wait for that go after what the lane brings up: part of `used`; left out: nothing. */
  behind?: number
  /** GPUs on nodes that are up. */
  provisioned: number
  /** GPUs on nodes that are on their way. */
  provisioning: number
  /** GPUs that are left for our lane on each node on which something else runs, what it has there itself included; left out: there is none. */
  besides?: readonly number[]
  /** Nodes on which pods of one generation of our lane are and nothing else is, by generation; left out: it has no pod on any. */
  alone?: Readonly<Record<number, number>>
  /** Its nodes, each with what is on it; left out: nobody has looked at them. */
  nodes?: readonly NodeView[]
}

/** A node of a pool, as a lane sees it. */
export interface NodeView {
  /** GPUs that it has. */
  gpus: number
  /** GPUs of it that others' pods have. */
  others: number
  /** What of that goes with Jobs that end; left out: nothing that is known. */
  passing?: number
  /** What the lane has on it and was not told to end, by generation: pods, and their GPUs in all; left out: nothing. */
  own?: Readonly<Record<number, { pods: number; gpus: number }>>
  /** Nothing comes to it any more; left out: it may. */
  closed?: true
}

/** One generation's Deployment. */
export interface GenerationView {
  ref: ObjectRef
  uid: string
  generation: number
  /** Replicas asked for, or still there of one that somebody has deleted; and ready now, of what it is asked for now. */
  replicas: number
  ready: number
  /** Replicas that answer now, be they of a template of before; left out: those that are ready. */
  answers?: number
  /** Why fewer are ready than are asked for, as its pods or its Deployment say; left out: none are lacking, or nobody says. */
  lacks?: string
  gpusPerReplica: number
  pool: string
  digest: string
  /** What somebody has changed of it since it was applied; left out: nothing that is known. */
  edited?: readonly Edit[]
  /** Set when another tool owns the object: it is refused. */
  ownedBy: 'Argo CD' | 'Flux' | null
  /** As many as an autoscaler of ours may have it at, which stands; left out: none does. */
  upTo?: number
  /** Whether that may have it at none. */
  mayRest?: true
  /** Why that scales nothing though it stands, in words; left out: it does, or none stands. */
  unscaled?: string
  /** The HorizontalPodAutoscaler of others that sets its replicas: it has no pause, so a rollout beside it is refused. */
  scaledBy: string | null
  /** The ReplicaSet that stands for it, since somebody has deleted its Deployment alone; left out: its Deployment stands. */
  alone?: ObjectRef
  object: KubeObject<'Deployment'>
}
