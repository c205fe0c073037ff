import type { Kind, ObjectRef } from '../../core/kube.ts'
import { removeClaim } from './claims.ts'
import { reconcileDeployment } from './deployments.ts'
import type { Turn } from './due.ts'
import { drainNode } from './empty-nodes.ts'
import { reconcileJob } from './jobs.ts'
import { reconcileScaled } from './keda.ts'
import { admitJobs } from './kueue.ts'
import { reconcilePool } from './node-pools.ts'
import { reconcilePod, type Wish } from './pod-life.ts'
import { deletePod } from './pods.ts'
import { reconcileReplicaSet } from './replica-sets.ts'
import type { World } from './world.ts'

type Controller = (world: World, turn: Turn) => Wish | null

/** Who looks after a kind. */
export const controllerOf = (kind: Turn['kind']): Controller => CONTROLLERS[kind] ?? (() => null)

const refOf = ({ kind, namespace, name }: Turn): ObjectRef => ({
  kind: kind as Kind,
  namespace: namespace === '' ? null : namespace,
  name,
})

const calmly =
  (reconcile: (world: World, ref: ObjectRef) => void): Controller =>
  (world, turn) => {
    reconcile(world, refOf(turn))
    return null
  }

/** The garbage collector: what a deleted object owned goes in the background. */
const collectGarbage = (world: World, { name: uid }: ObjectRef): void => {
  for (const pod of world.store.list('Pod', { owner: uid })) deletePod(world, pod)
  for (const node of world.store.list('Node', { owner: uid })) drainNode(world, node)
  for (const service of world.store.list('Service', { owner: uid })) world.store.remove(service)
  for (const scaler of world.store.list('HorizontalPodAutoscaler', { owner: uid })) world.store.remove(scaler)
  for (const workload of world.store.list('Workload', { owner: uid })) world.store.remove(workload)
}

const CONTROLLERS: Partial<Record<Turn['kind'], Controller>> = {
  Job: calmly(reconcileJob),
  Deployment: calmly(reconcileDeployment),
  ReplicaSet: calmly(reconcileReplicaSet),
  ScaledObject: calmly(reconcileScaled),
  NodePool: calmly(reconcilePool),
  NodeClaim: calmly(removeClaim),
  Gone: calmly(collectGarbage),
  Queue: calmly(admitJobs),
  Pod: (world, turn) => reconcilePod(world, refOf(turn)),
}
