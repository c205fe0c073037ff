import type { V1Pod } from '@kubernetes/client-node'
import { generationOf } from '../names.ts'
import type { RollOutModelStep, Step } from '../plan.ts'
import { answersOf } from '../planning/generations.ts'
import { isLedTo } from '../planning/traffic.ts'
import { patienceMinutes, standingOf } from '../planning/waiting.ts'
import { isAtWork } from '../pods/leaving.ts'
import { isGivenBy } from '../workloads/quota.ts'
import { madeOf } from '../workloads/readiness.ts'
import type { GenerationView, Traffic } from '../world.ts'

/** What a move asks of a generation. */
export type Target = RollOutModelStep['replicas'][number]

/** Where a move stands in its way, and what a look at the lane saw. */
export interface Way {
  step: RollOutModelStep
  /** All steps of the way that is walked now. */
  way: readonly Step[]
  generations: readonly GenerationView[]
}

/** What an approval binds a move to. */
interface Approved extends Way {
  approved: readonly Step[]
  /** Where requests are led: what nobody asks may go, and takes no place of what answers. */
  traffic: Traffic
  /** Whether what would answer beside that was judged: where nothing that is led to is ready, it is what is left. */
  judged: boolean
  /** Replicas that may be away; null: on a way back, which is walked whatever is. */
  unavailable: number | null
}

/** How long a move waits before it has failed. Milliseconds. */
export const patienceOf = ({ loadMinutes }: Pick<RollOutModelStep, 'loadMinutes'>): number =>
  patienceMinutes(loadMinutes) * 60_000

/** Whether a step is a move of replicas. */
export const isMove = (step: Step): step is RollOutModelStep => step.kind === 'roll-out-model'

export const viewIn = (generations: readonly GenerationView[], { generation }: Target): GenerationView | undefined =>
  generations.find((view) => view.generation === generation)

/** Generations that have replicas once the last of these moves is done. */
export const staysAfter = (steps: readonly Step[]): Set<number> => {
  const last = steps.findLast(isMove)
  return new Set((last?.replicas ?? []).filter(({ replicas }) => replicas > 0).map(({ generation }) => generation))
}

/**
 * Where this move, or one that follows it on its way, has the generation as it stands; undefined: none has it so. What is
 * further than what is written down, because a ledger was restored or somebody has done it by hand, is as far as it shall
 * come: nobody waits for it to go back, nor takes it back.
 */
export const reached = (target: Target, { step, way, generations }: Way): Target | undefined => {
  const view = viewIn(generations, target)
  const stays = staysAfter(way).has(target.generation)
  const later = way.slice(way.findIndex(({ name }) => name === step.name) + 1).filter(isMove)
  const ahead = later.flatMap(({ replicas }) => replicas.filter(({ generation }) => generation === target.generation))
  return view === undefined ? undefined : [target, ...ahead].find((at) => standsAt(view, at, stays))
}

/**
 * Steps of a way as what is scaled stands: of that as many replicas as its autoscaler has given it are as wanted, be they ready yet or not. What
 * moves is scaled by nothing.
 */
export const asScaled = <S extends Step>(steps: readonly S[], generations: readonly GenerationView[]): S[] =>
  steps.map((step) => {
    if (!isMove(step) || step.scaled === undefined) return step
    const replicas = step.replicas.map((target): Target => {
      const view = viewIn(generations, target)
      if (view?.upTo === undefined) return target
      return { ...target, replicas: view.replicas, replicasReady: Math.min(target.replicasReady, view.ready) }
    })
    return { ...step, replicas }
  })

/** Whether all that the last move of a way asks for stands so: what stays is ready in its counts, and what left is gone. */
export const standsAtEnd = (steps: readonly Step[], generations: readonly GenerationView[]): boolean => {
  const way = asScaled(steps, generations)
  const step = way.findLast(isMove)
  const at = (target: Target): boolean =>
    viewIn(generations, target) === undefined
      ? target.replicas === 0
      : step !== undefined && reached(target, { step, way, generations }) !== undefined
  return step === undefined || step.replicas.every(at)
}

const standsAt = (view: GenerationView, { replicas, replicasReady }: Target, stays: boolean): boolean =>
  view.replicas === replicas && (replicas > 0 ? countsOf(view, stays) >= replicasReady : answersOf(view) === 0)

/** What leaves answers with whatever it was made from; of what stays only what it is asked for now counts. */
const countsOf = (view: GenerationView, stays: boolean): number => (stays ? view.ready : answersOf(view))

/** On a way back nothing is taken of what is to stand in the end, whoever has brought it up already; more than that is not kept. */
export const keptBack = (target: Target, { unavailable, ...at }: Way & Pick<Approved, 'unavailable'>): Target => {
  const replicas = viewIn(at.generations, target)?.replicas ?? 0
  const kept = unavailable === null ? Math.min(replicas, atEnd(target, at)) : 0
  return kept > target.replicas ? { ...target, replicas: kept } : target
}

/** Replicas of a generation at the end of a way. */
export const atEnd = ({ generation }: Pick<Target, 'generation'>, { way }: Pick<Way, 'way'>): number =>
  way.findLast(isMove)?.replicas.find((one) => one.generation === generation)?.replicas ?? 0

/**
 * What of these a move touches, what stays at the end of its way first: where that is refused, nothing goes for it. A string: why
 * nothing is touched yet, since what is ready would go, and what takes its place is not ready or nothing would be.
 */
export const touched = (targets: readonly Target[], at: Approved): Target[] | string => {
  const { way, approved } = at
  const stays = staysAfter(way)
  const isAhead = (target: Target): boolean => {
    const replicas = viewIn(at.generations, target)?.replicas
    return replicas !== undefined && replicas !== target.replicas && reached(target, at) !== undefined
  }
  const moved = targets.filter((target) => !isAhead(target)).map((target) => keptBack(target, at))
  const readyOf = answering(targets, at)
  const falling = moved.filter((target) => readyOf(target) > target.replicas)
  if (falling.length > 0 && stays.size > 0) {
    const goes = falling.map(({ generation }) => `generation ${generation}`).join(' and ')
    // A move that brings something lowers nothing by its plan: what is above it, somebody has set there.
    const takes = at.step.brings === null
    const lacking = targets.find(
      (one) => takes && stays.has(one.generation) && standingOf(one) > 0 && readyOf(one) === 0,
    )
    if (lacking !== undefined) return `${lackText(lacking, at)}: ${goes} stays as it is`
    const isLeft = targets.some((target) => Math.min(readyOf(target), target.replicas) > 0)
    if (!isLeft && !namesOutage(approved)) return `nothing else is ready: ${goes} stays as it is`
    const [left, least] = [sumOf(targets, (one) => Math.min(readyOf(one), one.replicas)), leastReady(targets, at)]
    if (left < least) return `${left} ready would be left, and it takes ${least}: ${goes} stays as it is`
  }
  return moved.toSorted((a, b) => Number(stays.has(b.generation)) - Number(stays.has(a.generation)))
}

/** Why what takes a place answers nobody yet. */
const lackText = (target: Target, { generations, traffic }: Approved): string => {
  const { generation } = target
  const isReady = (viewIn(generations, target)?.ready ?? 0) > 0
  return isReady && !isLedTo(traffic, generation)
    ? `nobody is led to generation ${generation}`
    : `none of generation ${generation} is ready`
}

/**
 * Of what a move touches, what comes before anything leaves: what waits for the room of that, until its pods are made. Were they refused (an
 * admission, a class that is not there), what serves would have gone for nothing. Of a quota they get what leaves, where that is enough.
 * `pods`: those of the lane; left out: nobody has looked, and nothing is given back.
 */
export const firstOf = (
  moved: readonly Target[],
  generations: readonly GenerationView[],
  pods: readonly V1Pod[] = [],
): Target[] =>
  moved.filter((target) => {
    const view = viewIn(generations, target)
    if (target.waits !== true) return false
    if (view === undefined) return true
    const lacking = target.replicas - madeOf(view.object)
    return lacking > 0 && !isGivenBy(view.object, { pods: lacking, leaving: leavingIn(moved, generations, pods) })
  })

/** Pods that a move takes away, as many of each generation as it has too many. */
const leavingIn = (
  moved: readonly Target[],
  generations: readonly GenerationView[],
  pods: readonly V1Pod[],
): readonly V1Pod[] =>
  moved.flatMap((target) => {
    const own = pods.filter((pod) => isAtWork(pod) && generationOf(pod.metadata?.labels ?? {}) === target.generation)
    const leaving = (viewIn(generations, target)?.replicas ?? 0) - target.replicas
    return own.slice(0, Math.max(0, leaving))
  })

/** The move before this one on its way that has made the pods which this one brings up; undefined: it makes them itself. */
export const madeBy = ({ name, brings }: RollOutModelStep, way: readonly Step[]): string | undefined => {
  const at = way.findIndex((step) => step.name === name)
  const last = way.slice(0, Math.max(0, at)).findLast(isMove)
  return last?.replicas.some(({ generation, waits }) => waits && generation === brings) ? last.name : undefined
}

/** What a way has brought up by a step of it: what the step itself brings, or the last move before it that brings anything. Null: nothing. */
export const risesBy = (step: Step, way: readonly Step[]): number | null => {
  const at = way.findIndex(({ name }) => name === step.name)
  return way.slice(0, at + 1).reduce<number | null>((last, one) => (isMove(one) ? (one.brings ?? last) : last), null)
}

/** Ready replicas of a generation that count: of what requests are led to; where none of that is ready, of all that was judged. */
const answering = (targets: readonly Target[], { generations, way, traffic, judged }: Approved) => {
  const stays = staysAfter(way)
  const readyOf = (target: Target): number => {
    const view = viewIn(generations, target)
    return view === undefined ? 0 : countsOf(view, stays.has(target.generation))
  }
  const isLed = ({ generation }: Target): boolean => isLedTo(traffic, generation)
  const isAnswered = targets.some((target) => isLed(target) && readyOf(target) > 0)
  return (target: Target): number => (isLed(target) || (judged && !isAnswered) ? readyOf(target) : 0)
}

/** What must stay ready of what is asked for now: as many as this point has, or all at the end but what may be away (law 9). */
const leastReady = (targets: readonly Target[], { generations, way, unavailable }: Approved): number => {
  if (unavailable === null) return 0
  const askedOf = (target: Target): number => viewIn(generations, target)?.replicas ?? 0
  const here = sumOf(targets, (one) => Math.min(askedOf(one), one.replicasReady))
  const asEnds = sumOf(way.findLast(isMove)?.replicas ?? [], ({ replicasReady }) => replicasReady)
  return Math.min(here, asEnds - unavailable)
}

const sumOf = (targets: readonly Target[], count: (target: Target) => number): number =>
  targets.reduce((sum, target) => sum + count(target), 0)

/** Whether what was approved has a point at which nothing stands. */
const namesOutage = (steps: readonly Step[]): boolean =>
  steps.some((step) => isMove(step) && step.replicas.every((target) => standingOf(target) === 0))
