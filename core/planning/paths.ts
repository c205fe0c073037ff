import type { Point, Strategy } from '../plan.ts'
import { gpusOf, type Leaving, readyOf, type Walk, walk } from './walk.ts'

/**
 * The arithmetic of rollouts (design.md, "Rollout"): which replicas of the old and the new generation stand at each point,
 * what that takes at its peak, and whether it can be done at all. Pure numbers: nothing here knows of Kubernetes.
 */

export interface PathInput {
  /** Asked replicas of all other generations, in the order in which they leave. */
  old: readonly Leaving[]
  /** Replicas of the new generation that are asked for and ready already: more than 0 when a rollout is continued. */
  present: { asked: number; ready: number }
  want: number
  gpusPerReplica: number
  /** GPUs that may be taken beyond what the lane asks for now. Negative when the pool is over its ceiling. */
  freeGpus: number
  maxUnavailable: number
  /** Replicas that walking back restores. */
  baselineReplicas: number
}

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

/**
 * Ready replicas that must remain: what is there now or wanted, whichever is less, minus maxUnavailable. Never none, unless
 * maxUnavailable is above that number: an outage has to be asked for.
 */
export const availabilityFloor = ({ old, present, want, maxUnavailable }: PathInput): number => {
  const kept = keptBy({ old, present, want })
  return maxUnavailable > kept ? 0 : Math.max(Math.min(kept, 1), kept - maxUnavailable)
}

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
    peakGpus: Math.max(...walked.map((point) => heldAt(input, point)), Math.min(back, roomOf(input))),
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
    why: `${input.old.length > 0 ? 'by surge ' : ''}needs ${shortGpus + free} more GPUs at its peak`,
    shortGpus,
    remedies: { replicas: fewer ?? null, maxUnavailable: away ?? null },
    rejected: [{ name, why: `${shortGpus} GPUs short: it would wait for ever` }, ...rejected(input, name)],
  }
}

/** Never fewer ready replicas than now or wanted, and at most one replica more than either. */
const surgeOf = (input: PathInput): Walk => {
  const most = Math.max(useNow(input), input.want * input.gpusPerReplica) + input.gpusPerReplica
  return { ...swapOf(input), room: Math.min(roomOf(input), most), floor: keptBy(input) }
}

/** As many GPUs as there are, and as few ready replicas as are permitted. */
const swapOf = (input: PathInput): Walk => ({
  leaving: input.old,
  rising: startOf(input),
  target: input.want,
  gpus: input.gpusPerReplica,
  room: roomOf(input),
  floor: availabilityFloor(input),
  gated: true,
})

/** Replicas of the new generation that wait for GPUs beyond the ceiling are given up before anything else. */
const startOf = ({ present, freeGpus, gpusPerReplica }: PathInput): number => {
  const over = Math.max(0, Math.ceil(-freeGpus / gpusPerReplica))
  return present.asked - Math.min(over, Math.max(0, present.asked - present.ready))
}

const lacking = (input: PathInput): number => {
  const most =
    (input.old.length + input.want + 1) * Math.max(input.gpusPerReplica, ...input.old.map(({ gpus }) => gpus))
  const enough = countTo(Math.max(1, most - input.freeGpus)).find(
    (more) => walk(surgeOf({ ...input, freeGpus: input.freeGpus + more })).stuck === null,
  )
  return enough ?? most
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
  input.freeGpus >= input.want * input.gpusPerReplica

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
  const free = countOf(input.freeGpus)
  const sentences: Record<Strategy['name'], string> = {
    surge: `${extra} of ${free} free GPUs carry the new ones before old ones go: ${minAvailable} stay ready all the way`,
    'one-out-one-in': `${free} GPUs are free and a replica needs ${input.gpusPerReplica}, so an old one goes before each new one comes: ${minAvailable} stay ready`,
    'blue-green': `no replica may be away and ${free} free GPUs carry all ${input.want} new ones: the old set stays whole until it is replaced`,
    first: `nothing stands yet: one replica is judged before ${input.want === 1 ? 'it counts' : `the other ${input.want - 1} follow`}`,
    scale: `${input.present.asked} replicas of it stand already, ${input.want} are wanted`,
  }
  return sentences[name]
}

const rejected = (input: PathInput, name: Strategy['name']): Strategy['rejected'] => {
  if (isScaling(input)) return []
  const { gpusPerReplica: each, freeGpus, want, old, maxUnavailable } = input
  const free = Math.max(0, freeGpus)
  const short = (need: number): string => `it needs ${need} more GPUs at its peak and ${countOf(free)} are free`
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
        free < want * each ? short(want * each) : `it takes ${want * each} more GPUs for what surge does with ${each}`,
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

/** GPUs for a sentence. */
const countOf = (gpus: number): string => (Number.isFinite(gpus) ? String(Math.max(0, gpus)) : 'any number of')
const countTo = (n: number): number[] => Array.from({ length: Math.max(0, n) }, (_, index) => index + 1)
const alike = (count: number, gpus: number): Leaving[] => Array.from({ length: count }, () => ({ gpus, ready: true }))
const remaining = ({ old }: PathInput, point: Point): readonly Leaving[] => old.slice(old.length - point.old)
const useAt = (input: PathInput, point: Point): number =>
  gpusOf(remaining(input, point)) + point.new * input.gpusPerReplica
/** Without what waits beyond the ceiling for GPUs that others have, and leaves before it gets any. */
const heldAt = (input: PathInput, point: Point): number => {
  const unready = remaining(input, point).filter(({ ready }) => !ready)
  return useAt(input, point) - Math.min(Math.max(0, -input.freeGpus), gpusOf(unready))
}
const readyAt = (input: PathInput, point: Point): number => readyOf(remaining(input, point)) + point.new
const useNow = (input: PathInput): number => useAt(input, { old: input.old.length, new: input.present.asked })
const readyNow = ({ old, present }: Pick<PathInput, 'old' | 'present'>): number => readyOf(old) + present.ready
const roomOf = (input: PathInput): number => useNow(input) + input.freeGpus
const keptBy = ({ old, present, want }: Pick<PathInput, 'old' | 'present' | 'want'>): number =>
  Math.min(readyNow({ old, present }), want)
