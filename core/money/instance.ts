import { type Begin, betterBegin, betterEnd, type End, endOf } from './evidence.ts'

/** What an hour of an instance costs, with where the figure is from and the day it was read. */
export interface Price {
  perHour: number
  source: string
  asOf: string
}

/** What an instance was from a time on: how it was bought may change in its life, and so may its price. */
export interface Stretch {
  at: number
  pool: string
  instanceType: string
  /** As Karpenter calls it; null: nobody says. */
  capacityType: string | null
  /** Null: nobody knows one. That is shown, and never counted as nothing. */
  price: Price | null
}

/** GPUs of an instance that a pod has, from when it was bound to it. */
export interface PodTime {
  /** The lane that it is of; `OTHERS` where it is none of ours. */
  lane: string
  gpus: number
  from: number
  end: End | null
  /** A look that had it; the last is written only where something else is. */
  seen: number
}

/** Who pays for GPU time that no lane of ours has. No lane is called so: each has a slash. */
export const OTHERS = '-others'

/**
 * One instance of EC2 from its launch to its termination, as far as anybody has seen it. Rows of one instance come to the same in whatever
 * order and however often they are put together.
 */
export interface InstanceRow {
  /** EC2's id; of other providers their own, and where there is none the Node's uid. */
  id: string
  /** The Node's name, else the NodeClaim's. */
  name: string
  gpus: number
  begin: Begin
  end: End | null
  /** A look that had it; the last is written only where something else is. */
  seen: number
  /** By when each begins. What was before the first is told by the first. */
  stretches: Readonly<Record<string, Stretch>>
  /** By uid. */
  pods: Readonly<Record<string, PodTime>>
  /** The capacity reservation, or block, that it was launched into; left out: nobody says of one. */
  reservation?: string
  /** When the first pod was bound to it; null: none was. */
  firstPod: number | null
}

/** Two reports of one instance, put together: commutative, associative, and the same again adds nothing. */
export const mergeInstances = (a: InstanceRow, b: InstanceRow): InstanceRow => ({
  ...a,
  ...b,
  name: greater(a.name, b.name),
  gpus: Math.max(a.gpus, b.gpus),
  begin: betterBegin(a.begin, b.begin),
  end: betterEnd(a.end, b.end),
  seen: Math.max(a.seen, b.seen),
  stretches: mergeMaps(a.stretches, b.stretches, mergeStretches),
  pods: mergeMaps(a.pods, b.pods, mergePods),
  firstPod: earliest(a.firstPod, b.firstPod),
  ...reservationOf(a, b),
})

const reservationOf = (a: InstanceRow, b: InstanceRow): Pick<InstanceRow, 'reservation'> =>
  a.reservation === undefined || b.reservation === undefined
    ? {}
    : { reservation: greater(a.reservation, b.reservation) }

const mergePods = (a: PodTime, b: PodTime): PodTime => ({
  lane: greater(a.lane, b.lane),
  gpus: Math.max(a.gpus, b.gpus),
  from: Math.min(a.from, b.from),
  end: betterEnd(a.end, b.end),
  seen: Math.max(a.seen, b.seen),
})

/** A price is better than none: whoever learns one later has the whole stretch at it. */
const mergeStretches = (a: Stretch, b: Stretch): Stretch => {
  if ((a.price === null) !== (b.price === null)) return a.price === null ? b : a
  return greater(JSON.stringify(a), JSON.stringify(b)) === JSON.stringify(a) ? a : b
}

const greater = (a: string, b: string): string => (a > b ? a : b)

const earliest = (a: number | null, b: number | null): number | null =>
  a === null || b === null ? (a ?? b) : Math.min(a, b)

const mergeMaps = <T>(
  a: Readonly<Record<string, T>>,
  b: Readonly<Record<string, T>>,
  merge: (a: T, b: T) => T,
): Record<string, T> => {
  const merged: Record<string, T> = { ...a }
  for (const [key, value] of Object.entries(b)) {
    const known = merged[key]
    merged[key] = known === undefined ? value : merge(known, value)
  }
  return merged
}

/** Its stretches, the first first. */
export const stretchesOf = ({ stretches }: Pick<InstanceRow, 'stretches'>): Stretch[] =>
  Object.values(stretches).sort((a, b) => a.at - b.at)

/** EC2 bills no less, each time an instance runs. Milliseconds. */
const LEAST = 60_000

/** From when to when it is billed; what goes on is billed until now. */
export const billed = (row: Pick<InstanceRow, 'begin' | 'end' | 'seen'>, now: number): { from: number; to: number } => {
  const from = row.begin.at
  const end = endOf(row)
  // Our own clock may be behind the cluster's: then it has just begun.
  return { from, to: end === null ? Math.max(from, now) : Math.max(from + LEAST, end) }
}

/** Pods of a row: it must stay one item of the ledger, however many short ones somebody starts on a node. */
const MOST_PODS = 500

/** With no more pods than a row holds: those that have not ended, and the longest of the others. */
export const withinBounds = (row: InstanceRow): InstanceRow => {
  const pods = Object.entries(row.pods)
  if (pods.length <= MOST_PODS) return row
  const lasted = (pod: PodTime): number => (endOf(pod) ?? Number.POSITIVE_INFINITY) - pod.from
  const kept = pods
    .map(([uid, pod]) => ({ uid, pod, lasted: lasted(pod) }))
    .sort((a, b) => (a.lasted === b.lasted ? (a.uid < b.uid ? -1 : 1) : b.lasted - a.lasted))
    .slice(0, MOST_PODS)
  return { ...row, pods: Object.fromEntries(kept.map(({ uid, pod }) => [uid, pod])) }
}

/** Without what lies wholly before a time: stretches that are over, and pods. */
export const withoutBefore = (row: InstanceRow, time: number): InstanceRow => {
  const stretches = stretchesOf(row)
  const kept = stretches.filter((_, index) => (stretches[index + 1]?.at ?? Number.POSITIVE_INFINITY) > time)
  const pods = Object.entries(row.pods).filter(([, pod]) => (endOf(pod) ?? Number.POSITIVE_INFINITY) > time)
  if (kept.length === stretches.length && pods.length === Object.keys(row.pods).length) return row
  return {
    ...row,
    stretches: Object.fromEntries(kept.map((one) => [String(one.at), one])),
    pods: Object.fromEntries(pods),
  }
}
