import type { KubeObject } from '../../../core/kube.ts'
import { larger, poolRoom } from '../../../core/lane/room.ts'
import type { RollOutModelStep } from '../../../core/plan.ts'
import { isOverdue } from '../../../core/pods/leaving.ts'
import { bringsLater, type RoomBeside } from '../../../core/steps/stuck.ts'
import { observe } from '../../observe.ts'
import type { Task } from './handler.ts'
import { wayOf } from './stood-again.ts'

/**
 * What the lane may have of pools while pods of it do not end and more is to be brought up: what it holds, or what others leave of a pool.
 * Undefined: nobody has to know.
 */
export const roomBeside = async (
  task: Task<RollOutModelStep>,
  pods: readonly KubeObject<'Pod'>[],
): Promise<RoomBeside | undefined> => {
  const { ports, view, run, step } = task
  const now = ports.clock.now()
  if (step.brings !== null || !pods.some((pod) => isOverdue(pod, now))) return undefined
  if (!bringsLater({ step, way: wayOf(task) })) return undefined
  const { pools } = await observe(ports, { ...view, now })
  const free = Object.entries(pools).map(([pool, { ceiling, heldByOthers, used, usedByLane }]): [string, number] => [
    pool,
    (ceiling ?? Number.POSITIVE_INFINITY) - Math.max(heldByOthers, used - usedByLane),
  ])
  const guard = Object.entries(pools).map(([pool, { ceiling, beyondHolds, behind = 0 }]): [string, number | null] => [
    poolRoom(pool),
    ceiling === null ? null : ceiling - beyondHolds + behind,
  ])
  return { gpus: larger(run.hold?.gpus ?? {}, Object.fromEntries(free)), guard: Object.fromEntries(guard) }
}
