import { isLeaving } from '../kube.ts'
import { label } from '../names.ts'
import type { Step } from '../plan.ts'
import { replicaCount } from '../planning/generations.ts'
import { settersOf } from '../workloads/managed-fields.ts'
import type { GenerationView } from '../world.ts'
import { isMove, keptBack, reached, staysAfter, type Target, viewIn, type Way } from './moving.ts'

/**
 * Replicas that somebody has set otherwise in the middle of a way (decision 0031): they are a field of ours, set again as the plan has it,
 * and never waited for.
 */

const REPLICAS = ['spec', 'replicas']
const FENCE = label('fence-scale')

/**
 * What of a move stands with another count than the move has set: the Deployment has its fence already, so that this came after it. What is as
 * far as a later move brings it stays, and so does what has left further.
 */
export const setOtherwise = (at: Way & { unavailable: number | null }, fence: number): Target[] => {
  const later = at.way.slice(at.way.findIndex(({ name }) => name === at.step.name) + 1).filter(isMove)
  const targets = at.step.replicas.map((target) => keptBack(target, at))
  return targets.filter((target) => {
    const view = standing(at.generations, target)
    if (view === undefined || view.replicas === target.replicas || !hasFence(view, fence)) return false
    const leaves = later.some(({ replicas }) =>
      replicas.some((one) => one.generation === target.generation && one.replicas === view.replicas),
    )
    return reached(target, at) === undefined && !(leaves && view.replicas < target.replicas)
  })
}

/** What stays, and has fewer replicas than the move before this step has brought it to: as that had it. */
export const fallenShort = ({ step, way, generations }: Omit<Way, 'step'> & { step: Step }): Target[] => {
  const stays = staysAfter(way)
  const before = way.slice(
    0,
    Math.max(
      0,
      way.findIndex(({ name }) => name === step.name),
    ),
  )
  const targets = before.findLast(isMove)?.replicas ?? []
  return targets.filter((target) => {
    const view = standing(generations, target)
    return stays.has(target.generation) && view !== undefined && view.replicas < target.replicas
  })
}

/** `kubectl has scaled generation 2 to 3 replicas: it is set to 2 again`. */
export const setAgainText = (targets: readonly Target[], generations: readonly GenerationView[]): string =>
  targets
    .map((target) => {
      const view = viewIn(generations, target)
      const [by = 'somebody'] = view === undefined ? [] : settersOf(view.object, REPLICAS)
      const has = replicaCount(view?.replicas ?? 0)
      return `${by} has scaled generation ${target.generation} to ${has}: it is set to ${target.replicas} again`
    })
    .join('; ')

const standing = (generations: readonly GenerationView[], target: Target): GenerationView | undefined => {
  const view = viewIn(generations, target)
  return view === undefined || isLeaving(view.object) ? undefined : view
}

const hasFence = ({ object }: GenerationView, fence: number): boolean =>
  object.metadata?.annotations?.[FENCE] === String(fence)
