import { countingOf } from '../money/nodes.ts'
import type { Range } from '../plan.ts'
import type { Point } from '../plan-point.ts'
import { drainHours, graceOfServing, longDrainHours } from '../workloads/draining.ts'
import type { Replica } from './generations.ts'

/** A way, and what leaves on it in which order. */
interface Draining {
  /** What is wanted, in the revision in which it is priced. */
  desired: { priced?: number }
  path: readonly Point[]
  leaving: readonly Replica[]
}

/** Hours for which what leaves at a point may take to end; 0 where nothing does. */
export const drainAt = ({ desired, path, leaving }: Draining, index: number): Range => {
  const hoursOf = countingOf(desired).drains ? drainHours : longDrainHours
  const [left, stood] = [path[index]?.old ?? 0, path[index - 1]?.old ?? 0]
  const gone = leaving.slice(leaving.length - stood, leaving.length - left).map(({ view }) => hoursOf(view.object))
  return { p50: Math.max(0, ...gone.map(({ p50 }) => p50)), p95: Math.max(0, ...gone.map(({ p95 }) => p95)) }
}

/** What of these takes longest to end, where that is longer than what nothing else is set for, as a sentence; empty: none does. */
export const drainTexts = (leaving: readonly Replica[]): string[] => {
  const hours = Math.max(0, ...leaving.map(({ view }) => longDrainHours(view.object).p95))
  const most = Math.max(0, ...leaving.map(({ view }) => graceOfServing(view.object))) / 60_000
  return hours === 0
    ? []
    : [
        `what leaves may take ${Math.round(most)} min to end, as its pods are set: so long its nodes are paid, and each move that needs its room waits`,
      ]
}

const NO_TIME: Range = { p50: 0, p95: 0 }

/** What each point of a way costs, of so much an hour, while it goes on from there; and until what leaves then has ended, when all of the point before is paid on. */
export const paidAlong = (
  above: readonly Range[],
  { hours, drains }: { hours: readonly Range[]; drains: readonly Range[] },
): Range[] =>
  above.flatMap((each, index) => [
    times(each, hours[index] ?? NO_TIME),
    times(above[index - 1] ?? NO_TIME, drains[index] ?? NO_TIME),
  ])

/** Less than nothing costs nothing. */
const times = (each: Range, { p50, p95 }: Range): Range => ({
  p50: Math.max(0, each.p50) * p50,
  p95: Math.max(0, each.p95) * p95,
})
