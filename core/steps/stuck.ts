import type { V1Pod } from '@kubernetes/client-node'
import { type KubeObject, NODE_POOL } from '../kube.ts'
import type { Guard } from '../lane/change.ts'
import type { Gpus } from '../lane/hold.ts'
import { larger } from '../lane/room.ts'
import { generationOf } from '../names.ts'
import type { RollOutModelStep } from '../plan.ts'
import { gpusOf, gpusOfPod } from '../planning/pod-gpus.ts'
import type { Around } from '../pods/around.ts'
import { isLost, isOverdue, overdueNote } from '../pods/leaving.ts'
import type { Failure } from '../reasons.ts'
import { isMove, type Target, viewIn, type Way } from './moving.ts'

/** GPUs that the lane may have in all of each pool, and how high the sum of each may be then. */
export interface RoomBeside {
  gpus: Gpus
  guard: Guard
}

/** What of it stays held, since its nodes do not end it, while more is brought up beside it. */
export interface HeldBeside {
  gpus: Gpus
  guard: Guard
}

/** What a look at a move's pods saw. */
interface Looked extends Way {
  pods: readonly V1Pod[]
  now: number
  /** Left out: nobody has looked. */
  room?: RoomBeside | undefined
}

/** Whether anything is brought up after this move. */
export const bringsLater = ({ step, way }: Pick<Way, 'step' | 'way'>): boolean => bringing({ step, way }).length > 0

const bringing = ({ step, way }: Pick<Way, 'step' | 'way'>) =>
  way
    .slice(way.findIndex(({ name }) => name === step.name) + 1)
    .filter(isMove)
    .filter(({ brings }) => brings !== null)

/**
 * Whether a move is done though pods that had to end are there still: nothing of its way needs their GPUs. What it brings up itself was ready all
 * the same; and what is brought up after it has room beside them.
 */
export const goesOnBeside = (look: Looked): boolean =>
  look.step.brings !== null || Object.entries(besideStuck(look)).every(([pool, gpus]) => gpus <= roomIn(look, pool))

const roomIn = ({ room }: Looked, pool: string): number => room?.gpus[pool] ?? 0

/**
 * What is to be held for the rest of the way then; null: no more than was. A move may be done without room for all of it, as on a way back, or where
 * what does not end is of none of its generations: then it is what there is room for. More would be refused again and again, and its lane go no further.
 */
export const heldBeside = (look: Looked): HeldBeside | null => {
  const gpus = Object.entries(besideStuck(look)).map(([pool, needed]) => [pool, Math.min(needed, roomIn(look, pool))])
  return look.room === undefined || gpus.length === 0
    ? null
    : { gpus: Object.fromEntries(gpus), guard: look.room.guard }
}

/** Pods whose end is long due: some of them are, or each so long that nobody ends them any more but a person. */
export type Hung = 'overdue' | 'lost'

/** How those of these pods hang that are too many; undefined: not all of those do. */
export const hungIn = (pods: readonly V1Pod[], { replicas }: Target, now: number): Hung | undefined => {
  const isEnough = (hangs: typeof isLost): boolean => pods.filter((pod) => !hangs(pod, now)).length <= replicas
  if (isEnough(isLost)) return 'lost'
  return isEnough(isOverdue) ? 'overdue' : undefined
}

/**
 * Why a move has failed by being late, which lacks what these say of how it hangs; null: it is not. Who waits for hung nodes alone waits for nothing
 * that comes by itself: another attempt is planned around them. `isOver`: its patience is.
 */
export const whyTooLate = (missing: readonly (Hung | undefined)[], isOver: boolean): Failure | null => {
  const isHung = missing.every((hung) => hung !== undefined)
  if (!isOver && !missing.every((hung) => hung === 'lost')) return null
  return isHung ? 'node-lost' : 'not-healthy'
}

/** What is not waited for, and what ends it. */
export const stuckNotes = ({ pods, around, now }: Pick<Looked, 'pods' | 'now'> & { around?: Around }): string[] =>
  pods.flatMap((pod) => {
    const note = overdueNote(pod, around?.nodes ?? [], now)
    return note === null ? [] : [`generation ${generationOf(pod.metadata?.labels ?? {})}: ${note}`]
  })

/** The most GPUs that moves after this one need in pools where pods of the lane do not end, those included. */
const besideStuck = ({ pods, now, ...at }: Looked): Gpus => {
  const stuck: Gpus = {}
  for (const pod of pods.filter((one) => isOverdue(one, now))) {
    const [pool, gpus] = [pod.spec?.nodeSelector?.[NODE_POOL], gpusOfPod(pod)]
    if (pool !== undefined && gpus > 0) stuck[pool] = (stuck[pool] ?? 0) + gpus
  }
  const needed = bringing(at)
    .filter((move) => !standsBy(move, at))
    .reduce<Gpus>((most, move) => {
      const sizes = move.replicas.map((target) => ({ ...sizeOf(target, at), target }))
      const pool = sizes.find(({ target }) => target.generation === move.brings)?.pool
      const gpus = sizes.reduce((sum, one) => sum + (one.pool === pool ? one.gpus * one.target.replicas : 0), 0)
      return pool === undefined ? most : larger(most, { [pool]: gpus })
    }, {})
  return Object.fromEntries(
    Object.entries(stuck).flatMap(([pool, gpus]) =>
      needed[pool] === undefined ? [] : [[pool, gpus + (needed[pool] ?? 0)]],
    ),
  )
}

/** Whether what a move brings up is ready already: it has its room. */
const standsBy = ({ brings, replicas }: RollOutModelStep, { generations }: Way): boolean => {
  const target = replicas.find(({ generation }) => generation === brings)
  const view = target === undefined ? undefined : viewIn(generations, target)
  return target !== undefined && view !== undefined && view.ready >= target.replicasReady
}

/** The pool that a replica is in, and its GPUs: as it stands, or as the way makes it. */
const sizeOf = (target: Target, { way, generations }: Way): { pool: string | undefined; gpus: number } => {
  const view = viewIn(generations, target)
  if (view !== undefined) return { pool: view.pool, gpus: view.gpusPerReplica }
  const made = way.filter(isMove).flatMap(({ objects }) => objects)
  const named = made.find(({ kind, metadata }) => kind === 'Deployment' && metadata.name === target.ref.name)
  const spec = (named as KubeObject<'Deployment'> | undefined)?.spec?.template.spec
  return { pool: spec?.nodeSelector?.[NODE_POOL], gpus: gpusOf(spec?.containers) }
}
