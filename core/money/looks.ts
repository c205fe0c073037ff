import { type End, endOf } from './evidence.ts'
import {
  type InstanceRow,
  mergeInstances,
  OTHERS,
  type PodTime,
  type Price,
  type Stretch,
  stretchesOf,
  withinBounds,
} from './instance.ts'
import type { Observed } from './observed.ts'

/** When this look was, and those before it. Milliseconds since the epoch. */
export interface Looking {
  now: number
  /** The look before; null: this is the first. */
  last: number | null
  /** The last look before this one that saw others' pods, too. */
  lastOthers: number | null
  /** Whether this one does. */
  others: boolean
  /** From when on days are open: what ended before it is in none. */
  since: number
}

/** What the policy says of pools. */
export interface Priced {
  /** Null: it names no price, or nobody says how the instance was bought. */
  priceOf(stretch: Omit<Stretch, 'at' | 'price'>): Price | null
  /** GPUs of one node, for one that does not say; null: it is no pool of the policy. */
  gpusOf(pool: string): number | null
}

type Rows = ReadonlyMap<string, InstanceRow>

/**
 * The rows after one whole look: each instance and pod that is in it was there then, and each that is not has ended since the look before.
 * Answers those that say something else now, by id. A look that was not answered is none, and closes nothing.
 */
export const foldLook = (
  rows: Rows,
  observed: readonly Observed[],
  looking: Looking & Priced,
): Map<string, InstanceRow> => {
  const seen = new Map(observed.map((one) => [one.id, one]))
  const changed = new Map<string, InstanceRow>()
  for (const one of seen.values()) {
    const known = rows.get(one.id) ?? null
    const row = seenAgain(known, one, looking)
    if (row !== known) changed.set(one.id, row)
  }
  for (const [id, row] of rows) {
    if (seen.has(id) || endOf(row) !== null) continue
    changed.set(id, { ...row, end: missed(row, looking.last, looking.now), pods: podsAfter(row.pods, {}, looking) })
  }
  return changed
}

/** Not in this look: when it was last seen is the later of what is written and the look before, which closed what it missed. */
const missed = ({ seen }: { seen: number }, last: number | null, now: number): End => {
  const after = Math.max(seen, last ?? seen)
  return { by: 'unseen', after, before: Math.max(after, now) }
}

const seenAgain = (known: InstanceRow | null, one: Observed, looking: Looking & Priced): InstanceRow => {
  const { id, name, begin, end } = one
  const fresh: InstanceRow = {
    id,
    name,
    gpus: one.gpus > 0 ? one.gpus : (known?.gpus ?? looking.gpusOf(one.pool) ?? 1),
    begin,
    end,
    seen: looking.now,
    stretches: stretchesAfter(known, one, looking),
    pods: podsAfter(known?.pods ?? {}, one.pods, looking),
    firstPod: firstOf(Object.values(one.pods)),
    ...(one.reservation === undefined ? {} : { reservation: one.reservation }),
  }
  if (known === null) return withinBounds(fresh)
  const merged = withinBounds(mergeInstances(known, fresh))
  return saysMore(known, merged) ? merged : known
}

const firstOf = (pods: readonly { from: number }[]): number | null =>
  pods.length === 0 ? null : Math.min(...pods.map(({ from }) => from))

/** Whether it says more than when it was last seen. One that a look had missed is there after all. */
const saysMore = (before: InstanceRow, after: InstanceRow): boolean =>
  endOf(before) !== endOf(after) || JSON.stringify(withoutSights(before)) !== JSON.stringify(withoutSights(after))

const withoutSights = ({ pods, stretches, ...row }: InstanceRow): unknown => ({
  ...row,
  seen: 0,
  stretches: Object.entries(stretches).sort(byKey),
  pods: Object.entries(pods)
    .sort(byKey)
    .map(([uid, pod]) => [uid, { ...pod, seen: 0 }, endOf(pod)]),
})

const byKey = ([a]: [string, unknown], [b]: [string, unknown]): number => (a < b ? -1 : 1)

/** What it is now, where that is not what it was. */
const stretchesAfter = (
  known: InstanceRow | null,
  one: Observed,
  { now, last, priceOf }: Looking & Priced,
): InstanceRow['stretches'] => {
  const inForce = known === null ? undefined : stretchesOf(known).at(-1)
  const what = whatItIs(one, inForce)
  const price = priceOf(what) ?? lastPrice(inForce, what)
  const begins = (at: number): InstanceRow['stretches'] => ({ [String(at)]: { at, ...what, price } })
  if (inForce === undefined) return begins(one.begin.at)
  if (!isSame(inForce, what) || (inForce.price !== null && !isSamePrice(inForce.price, price)))
    // Somewhen between the looks.
    return begins(Math.round((Math.max(last ?? now, inForce.at) + Math.max(now, inForce.at)) / 2))
  return inForce.price === null && price !== null ? begins(inForce.at) : {}
}

/** Labels that are missing say nothing. */
const whatItIs = ({ pool, instanceType, capacityType }: Observed, before: Stretch | undefined) => ({
  pool: pool || (before?.pool ?? ''),
  instanceType: instanceType || (before?.instanceType ?? ''),
  capacityType: capacityType ?? before?.capacityType ?? null,
})

/** A price that nobody names any more stays the last that somebody did. */
const lastPrice = (before: Stretch | undefined, what: Omit<Stretch, 'at' | 'price'>): Price | null =>
  before !== undefined && isSame(before, what) ? before.price : null

const isSame = (a: Omit<Stretch, 'at' | 'price'>, b: Omit<Stretch, 'at' | 'price'>): boolean =>
  a.pool === b.pool && a.instanceType === b.instanceType && a.capacityType === b.capacityType

const isSamePrice = (a: Price, b: Price | null): boolean =>
  b !== null && a.perHour === b.perHour && a.source === b.source && a.asOf === b.asOf

/** Pods that are there, and the ends of those that are not any more. Of others' a look without them says nothing. */
const podsAfter = (
  known: InstanceRow['pods'],
  there: Observed['pods'],
  { now, last, lastOthers, others, since }: Looking,
): Record<string, PodTime> => {
  const pods: Record<string, PodTime> = {}
  // What ended long ago may lie there for days.
  for (const [uid, pod] of Object.entries(there))
    if ((endOf({ ...pod, seen: now }) ?? now) > since) pods[uid] = { ...pod, seen: now }
  for (const [uid, pod] of Object.entries(known)) {
    if (pods[uid] !== undefined) continue
    const isSilent = pod.lane === OTHERS && !others
    const isOpen = endOf(pod) === null && !isSilent
    pods[uid] = isOpen ? { ...pod, end: missed(pod, pod.lane === OTHERS ? lastOthers : last, now) } : pod
  }
  return pods
}
