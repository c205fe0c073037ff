import { isLeaving, type KubeObject, keepersOf } from '../../../core/kube.ts'
import type { Stepped } from '../../../core/lane/stepping.ts'
import type { Target } from '../../../core/steps/moving.ts'
import { deletedNote } from '../../../core/steps/roll-out-model.ts'
import { type SeenTraffic, unseenBefore } from '../../../core/steps/switch-traffic.ts'
import type { GenerationView } from '../../../core/world.ts'
import { generationsOf } from '../../generations.ts'
import { straysOf } from '../../strays.ts'
import type { Task } from './handler.ts'
import { podsOf } from './waiting-first.ts'

/**
 * Generations of these whose Deployments are not there by name, since a list alone says nothing; or are being
 * deleted and have no pod left, since then they make none any more. What is said of each.
 */
export const goneOf = async (
  { cluster }: Pick<Task['ports'], 'cluster'>,
  asked: readonly Pick<Target, 'ref' | 'generation'>[],
  seen: readonly GenerationView[],
): Promise<Map<number, string>> => {
  const found = await Promise.all(
    asked.map(async ({ ref, generation }) => {
      const known = seen.find((view) => view.generation === generation)?.object
      return { generation, object: (known ?? (await cluster.get(ref))) as KubeObject<'Deployment'> | null }
    }),
  )
  const gone = found.filter(({ object }) => object === null || isEmptied(object))
  return new Map(
    gone.map(({ generation, object }) => [
      generation,
      deletedNote(generation, object === null ? [] : keepersOf(object)),
    ]),
  )
}

const isEmptied = (object: KubeObject<'Deployment'>): boolean =>
  isLeaving(object) && (object.status?.replicas ?? 0) === 0

/**
 * That somebody has deleted what the moves before a step forth have left for it, by name, T after the last of them was marked (law 2): nobody waits for
 * that, and no gate has judged it. Null: some of it is there, or it is no step of that kind.
 */
export const deletedBefore = async (
  { ports, step, mark, view, run }: Task,
  seen: Pick<SeenTraffic, 'generations' | 'strays' | 'way'>,
): Promise<Stepped | null> => {
  const moved = run.steps.findLast(
    ({ kind, way, state }) => kind === 'roll-out-model' && way === 'forth' && state === 'done',
  )
  if (mark.way === 'back' || ports.clock.now() < (moved?.markedAt ?? 0) + view.handover) return null
  const asked = unseenBefore(step, {
    ...seen,
    generations: seen.generations.filter(({ object }) => !isEmptied(object)),
  })
  const gone = await goneOf(ports, asked, seen.generations)
  return asked.length === 0 || gone.size < asked.length
    ? null
    : { kind: 'failed', reason: 'deleted', note: [...gone.values()].join('; ') }
}

/** How a gate has failed: where what it asks was deleted meanwhile, for that. */
export const asDeleted = async (task: Task, stepped: Stepped): Promise<Stepped> => {
  const { ports, view, plan, step } = task
  const isGate = step.kind === 'check-gate' || (step.kind === 'launch-job' && !step.keeps)
  if (stepped.kind !== 'failed' || !isGate || plan.steps.every(({ kind }) => kind !== 'roll-out-model')) return stepped
  const [generations, pods] = await Promise.all([generationsOf(ports, view), podsOf(task)])
  const strays = await straysOf(ports.cluster, pods, generations)
  return (await deletedBefore(task, { generations, strays, way: plan.steps })) ?? stepped
}
