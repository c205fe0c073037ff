import { monthBegin, monthOf } from '../money/months.ts'
import { mayCost } from './bound.ts'
import type { LaneDocument } from './document.ts'
import { openMore } from './more.ts'
import { centsOf } from './room.ts'
import { monthsUntil } from './so-far.ts'
import type { View } from './view.ts'

/**
 * The document with a hold that is of this month alone: what was spent in those before is counted there, and nothing of this month's
 * budget is kept back for it any more. It only falls.
 */
export const withHoldOfThisMonth = ({ plan, now }: Pick<View, 'plan' | 'now'>, doc: LaneDocument): LaneDocument => {
  const { run, halfwayCosts: costs } = doc
  if (run === null || run.hold === null || plan === null || plan.plan.digest !== run.digest) return doc
  const months = Object.entries(monthsUntil(doc, { run, plan: plan.plan, now }))
  const before = months.reduce((sum, [month, dollars]) => (month < monthOf(now) ? sum + dollars : sum), 0)
  if (before === 0) return doc
  const most = mayCost(doc, plan.plan) + (openMore(run)?.more?.dollars ?? 0)
  const left = centsOf(Math.max(0, most + (costs?.left ?? 0) - before)) / 100
  return left < run.hold.dollars ? { ...doc, run: { ...run, hold: { ...run.hold, dollars: left } } } : doc
}

/** When what costs is looked at, so that it is so from the first day on. */
export const nextMonth = (now: number): number => monthBegin(now, 1)
