import type { KubeObject } from '../kube.ts'
import type { RollOutModelStep } from '../plan.ts'
import type { Point } from '../plan-point.ts'
import type { PoolView } from '../world.ts'
import type { ByNode } from './node-slots.ts'

/** A way on which replicas are replaced, and the pool that they share. */
export interface Replacing {
  path: readonly Point[]
  /** GPUs that what leaves and what rises have at a point. */
  gpusAt(point: Point): number
  /** GPUs of one replica that rises. */
  gpus: number
  /** The pool; left out: nothing is known of it. */
  pool: Pick<PoolView, 'ceiling' | 'used' | 'usedByLane'> | undefined
  /** How what rises fits onto its nodes; left out: the sum of GPUs says all there is. */
  nodes?: ByNode | undefined
}

/**
 * Replicas of what rises whose pods are there before this move takes others away for them, and wait for the GPUs that these leave: whoever
 * else waits for one gets none of them. Null: it takes nothing away for them, or the pool has room that is only held by others. There a
 * pod that waits would take that, or have a node started, before anything has left.
 */
export const waitingAt = ({ path, gpusAt, gpus, pool, nodes }: Replacing, index: number): number | null => {
  const [before, point, next] = [path[index - 1], path[index], path[index + 1]]
  if (before === undefined || point === undefined || next === undefined || pool === undefined) return null
  if (point.old >= before.old || point.new !== before.new || next.new <= point.new) return null
  const others = Math.max(0, pool.used - pool.usedByLane)
  const isOver = pool.ceiling !== null && others + gpusAt(before) + gpus > pool.ceiling
  const isFull = nodes === undefined ? isOver : nodes.unheld(before.old) <= before.new
  return isFull ? next.new : null
}

/** A replica may take three times its bad case, plus a node's way, before what waits for it has failed. */
export const patienceMinutes = (loadMinutes: number): number => 3 * loadMinutes + 20

type Target = RollOutModelStep['replicas'][number]

/** What a move asks of what rises: so many ready, and where some wait for what leaves, so many in all. */
export const risingTo = (
  rising: Pick<Target, 'ref' | 'generation'>,
  { ready, waits }: { ready: number; waits: number | null },
): Target => ({
  ...rising,
  replicas: waits ?? ready,
  replicasReady: ready,
  ...(waits === null ? {} : { waits: true }),
})

/** Replicas that stand at a point of a way once it is reached: those that wait do so from the next on. */
export const standingOf = ({ replicas, replicasReady, waits }: Target): number => (waits ? replicasReady : replicas)

/** Whether pods of a Deployment are of a class, and so wait before those that are of none. */
export const isRanked = ({ spec }: KubeObject<'Deployment'>): boolean =>
  (spec?.template.spec?.priorityClassName ?? '') !== ''
