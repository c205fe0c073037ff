import type { Point } from '../plan-point.ts'
import { unitsOf } from '../pools/counts.ts'
import type { Strategy } from '../strategy.ts'
import {
  heldAt,
  keptBy,
  type PathInput,
  readyAt,
  readyNow,
  roomOf,
  startOf,
  surgeOf,
  swapOf,
  useAt,
  useNow,
} from './path-input.ts'
import { type Leaving, walk } from './walk.ts'

/**
 * The arithmetic of rollouts (design.md, "Rollout"): which replicas of the old and the new generation stand at each point,
 * what that takes at its peak, and whether it can be done at all. Pure numbers: nothing here knows of Kubernetes.
 */

export type ChosenPath =
  | {
      kind: 'path'
      strategy: Strategy
      /** Most GPUs at any point, walking back included. */
      peakGpus: number
      /** Fewest ready replicas at any point. */
      minAvailable: number
      /** Index of the point after which the gate stands: the first with a new replica. */
      gateAfter: number
    }
  | {
      kind: 'deadlock'
      why: string
      /** GPUs that the mildest strategy lacks. */
      shortGpus: number
      /** The most replicas, and the least maxUnavailable, that would go; null when none would. */
      remedies: { replicas: number | null; maxUnavailable: number | null }
      rejected: Strategy['rejected']
    }

/** From how many replicas on a complete second set is worth its GPUs, when no replica may be away. */
const WHOLE_SET_FROM = 3

/** The way from a point back to the baseline alone, where `room` replicas may stand at once. Ends at (baseline, 0). */
export const walkBackPath = (point: Point, baseline: number, room = point.old + point.new): Point[] =>
  walk({
    leaving: alike(point.new, 1),
    rising: point.old,
    target: baseline,
    gpus: 1,
    room: Math.max(room, baseline),
    floor: 0,
    gated: false,
  }).path.map(({ old, new: up }) => ({ old: up, new: old }))

export const peakReplicas = (path: readonly Point[]): number => Math.max(...path.map((point) => point.old + point.new))

export const minReplicas = (path: readonly Point[]): number => Math.min(...path.map((point) => point.old + point.new))

/** Chooses the strategy that interrupts least of those that fit, or finds on paper that each would wait for ever. */
export const choosePath = (input: PathInput): ChosenPath => {
  const surge = walk(surgeOf(input))
  if (surge.stuck === null)
    return isWholeSetWorthIt(input)
      ? chosen(input, 'blue-green', wholeSet(input))
      : chosen(input, nameOf(input, surge.path), surge.path)
  const swap = walk(swapOf(input))
  if (swap.stuck === null)
    return chosen(input, isScaling(input) ? nameOf(input, swap.path) : 'one-out-one-in', swap.path)
  return deadlock(input)
}

const chosen = (input: PathInput, name: Strategy['name'], walked: Point[]): ChosenPath => {
  const start = { old: input.old.length, new: input.present.asked }
  const shed = start.new - startOf(input)
  const path = shed > 0 ? [start, ...walked] : walked
  const forward = Math.max(...walked.map((point) => useAt(input, point)))
  const back = input.baselineReplicas * Math.max(0, ...input.old.map(({ gpus }) => gpus))
  const minAvailable = Math.min(readyNow(input), ...path.slice(1).map((point) => readyAt(input, point)))
  return {
    kind: 'path',
    strategy: {
      name,
      why: whyChosen(input, name, { minAvailable, extra: forward - useNow(input) }),
      path,
      rejected: rejected(input, name),
    },
    peakGpus: Math.max(
      ...walked.map((point) => heldAt(input, point)),
      ...walked.map(({ old, new: up }) => Math.min(input.byNode?.held(old, up) ?? 0, roomOf(input))),
      Math.min(back, roomOf(input)),
    ),
    minAvailable,
    gateAfter: path.findIndex((point, index) => point.new > 0 && (shed <= 0 || index > 0)),
  }
}

const deadlock = (input: PathInput): ChosenPath => {
  const name = input.old.length > 0 ? 'surge' : 'first'
  const shortGpus = lacking(input)
  const fits = (change: Partial<PathInput>): boolean => walk(swapOf({ ...input, ...change })).stuck === null
  const fewer = countTo(input.want - 1)
    .reverse()
    .find((want) => fits({ want }))
  const away = countTo(input.old.length + input.present.asked + 1).find((maxUnavailable) => fits({ maxUnavailable }))
  const free = Math.max(0, input.freeGpus)
  return {
    kind: 'deadlock',
    why: `${input.old.length > 0 ? 'by surge ' : ''}${needsText(input, { shortGpus, free })}`,
    shortGpus,
    remedies: { replicas: fewer ?? null, maxUnavailable: away ?? null },
    rejected: [
      { name, why: `${shortGpus} ${unitsOf(input.of)} short: it would wait for ever` },
      ...rejected(input, name),
    ],
  }
}

const lacking = (input: PathInput): number => {
  const { byNode } = input
  const each = byNode?.gpus ?? Math.max(input.gpusPerReplica, ...input.old.map(({ gpus }) => gpus))
  const most = (input.old.length + input.want + 1) * each
  // Of nodes only whole ones can be had.
  const step = byNode?.gpus ?? 1
  const steps = Math.ceil(Math.max(1, most - input.freeGpus) / step)
  let [short, enough] = [0, steps]
  // Where it goes with so many it goes with more.
  while (enough - short > 1) {
    const half = Math.floor((short + enough) / 2)
    if (walk(surgeOf(withMore(input, half * step))).stuck === null) enough = half
    else short = half
  }
  return walk(surgeOf(withMore(input, enough * step))).stuck === null ? enough * step : most
}

/** The same in a pool with so many GPUs more. */
const withMore = (input: PathInput, more: number): PathInput => {
  const { byNode, freeGpus } = input
  const nodes = byNode && { ...byNode, slots: (old: number) => byNode.slots(old, more) }
  return { ...input, freeGpus: freeGpus + more, byNode: nodes }
}

const isScaling = ({ old, present, want }: PathInput): boolean => old.length === 0 || present.asked >= want

const nameOf = (input: PathInput, path: readonly Point[]): Strategy['name'] => {
  if (isScaling(input)) return input.present.asked === 0 ? 'first' : 'scale'
  return path.some((point) => useAt(input, point) > useNow(input)) ? 'surge' : 'one-out-one-in'
}

const isWholeSetWorthIt = (input: PathInput): boolean =>
  input.maxUnavailable === 0 &&
  input.want >= WHOLE_SET_FROM &&
  input.old.length > 0 &&
  input.present.asked === 0 &&
  input.freeGpus >= input.want * input.gpusPerReplica &&
  (input.byNode?.slots(input.old.length) ?? input.want) >= input.want

const wholeSet = ({ old, want }: PathInput): Point[] => [
  { old: old.length, new: 0 },
  { old: old.length, new: want },
  { old: 0, new: want },
]

const whyChosen = (
  input: PathInput,
  name: Strategy['name'],
  { minAvailable, extra }: { minAvailable: number; extra: number },
): string => {
  const [free, units] = [countOf(input.freeGpus), unitsOf(input.of)]
  const sentences: Record<Strategy['name'], string> = {
    surge: `${extra} of ${free} free ${units} carry the new ones before old ones go: ${minAvailable} stay ready all the way`,
    'one-out-one-in': `${free} ${units} are free and a replica needs ${input.gpusPerReplica}${onNodesText(input)}, so an old one goes before each new one comes: ${minAvailable} stay ready`,
    'blue-green': `no replica may be away and ${free} free ${units} carry all ${input.want} new ones: the old set stays whole until it is replaced`,
    first: firstText(input),
    scale: `${input.present.asked} replicas of it stand already, ${input.want} are wanted`,
  }
  return sentences[name]
}

const firstText = ({ want, judged = false }: PathInput): string => {
  if (judged)
    return `nothing of it stands: ${want === 1 ? 'its replica is' : `its ${want} replicas are`} brought at once, as it was judged before`
  return `nothing stands yet: one replica is judged before ${want === 1 ? 'it counts' : `the other ${want - 1} follow`}`
}

const rejected = (input: PathInput, name: Strategy['name']): Strategy['rejected'] => {
  if (isScaling(input)) return []
  const { gpusPerReplica: each, freeGpus, want, old, maxUnavailable } = input
  const [free, units] = [Math.max(0, freeGpus), unitsOf(input.of)]
  const short = (need: number): string =>
    input.byNode !== undefined && need <= free
      ? `no node has room for ${need} more ${units} beside what stands, though ${countOf(free)} are free in all`
      : `it needs ${need} more ${units} at its peak and ${countOf(free)} are free`
  const kept = keptBy(input)
  const swap =
    walk(swapOf(input)).stuck === null
      ? 'a replica would be away though there is room for one more'
      : `maxUnavailable ${maxUnavailable} of ${kept} ready replicas does not let an old one go first`
  const all = [
    {
      name: 'surge',
      why:
        name === 'blue-green'
          ? `its ${want} replicas would load one after another, each with an old one already gone`
          : short(each),
    },
    { name: 'one-out-one-in', why: swap },
    {
      name: 'blue-green',
      why:
        free < want * each
          ? short(want * each)
          : `it takes ${want * each} more ${units} for what surge does with ${each}`,
    },
    {
      name: 'one Deployment with maxSurge: 1',
      why:
        free < each
          ? `${short(each)}: its new Pod would stay Pending for ever`
          : 'old replicas would go before the new one is judged',
    },
  ]
  return all.filter((other) => other.name !== name && old.length > 0)
}

const needsText = (
  { byNode, gpusPerReplica, of }: PathInput,
  { shortGpus, free }: { shortGpus: number; free: number },
) =>
  byNode === undefined
    ? `needs ${shortGpus + free} more ${unitsOf(of)} at its peak`
    : `needs ${shortGpus} more GPUs, in whole nodes: a replica has all its ${gpusPerReplica} on one, and beside what stands too few nodes have so many`

/** Where a sum of GPUs does not say why: a replica is on one node. */
const onNodesText = ({ byNode, gpusPerReplica, old }: PathInput): string =>
  byNode === undefined || old.length === 0 || byNode.slots(old.length) > 0
    ? ''
    : `, all ${gpusPerReplica} on one node, and beside what stands no node has so many`

/** GPUs for a sentence. */
const countOf = (gpus: number): string => (Number.isFinite(gpus) ? String(Math.max(0, gpus)) : 'any number of')
const countTo = (n: number): number[] => Array.from({ length: Math.max(0, n) }, (_, index) => index + 1)
const alike = (count: number, gpus: number): Leaving[] => Array.from({ length: count }, () => ({ gpus, ready: true }))
