import type { Plan } from '../plan.ts'
import type { Point } from '../plan-point.ts'
import { addMonths, dollarsOf, type Months, timeByMonth } from './months.ts'

/** What nodes that pods of a rollout wait for do not cost, of what its moves have standing: they stood once, or were to. */
export interface Nodeless {
  /** Dollars of what is over, by month. */
  spared: Months
  /** Since when it is as it is now, and dollars an hour of that; 0: all have nodes. */
  since: number
  perHour: number
}

/** Dollars that were not spent until now, by the months in which they were not. Not rounded. */
export const sparedByMonth = (nodeless: Nodeless | undefined, now: number): Months =>
  nodeless === undefined
    ? {}
    : addMonths(nodeless.spared, dollarsOf(timeByMonth(nodeless.since, now), nodeless.perHour))

/** What is known of it once another rate is seen; undefined: nothing was ever without a node. */
export const nodelessFrom = (last: Nodeless | undefined, perHour: number, now: number): Nodeless | undefined =>
  perHour === (last?.perHour ?? 0) ? last : { spared: sparedByMonth(last, now), since: now, perHour }

/**
 * What part of what a point of a way costs beyond what ran before has no node: as many fewer of the lane's pods are on nodes as stand there by
 * the plan. Where it runs no more replicas than before, those of all.
 */
export const partWithout = ({ strategy }: Pick<Plan, 'strategy'>, point: Point, placed: number): number => {
  const [all, before] = [countOf(point), countOf(strategy?.path[0] ?? { old: 0, new: 0 })]
  const of = all > before ? all - before : all
  return of === 0 ? 0 : Math.min(1, Math.max(0, all - placed) / of)
}

const countOf = (point: Point): number => point.old + point.new
