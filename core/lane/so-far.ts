import { costByMonth, costOf } from '../money/cost.ts'
import { addMonths, dollarsOf, type Months, timeByMonth } from '../money/months.ts'
import { cents, usd } from '../money/prices.ts'
import type { Plan } from '../plan.ts'
import { mayCost } from './bound.ts'
import { hasBegun, type LaneDocument, type Run } from './document.ts'
import { costBefore, standsBefore } from './halfway.ts'
import { newerIn } from './newer.ts'

interface Costing {
  run: Run
  /** Null: nothing of its own was planned yet. */
  plan: Plan | null
  now: number
}

/** Dollars that a run is reckoned to have cost until now, with what stood halfway before it, to the cent. */
export const costUntil = (doc: Pick<LaneDocument, 'halfwayCosts'>, { run, plan, now }: Costing): number =>
  cents((plan === null ? 0 : costOf({ run, plan, now })) + costBefore(doc, { run, plan, now }))

/** The same by the months in which it was spent; not rounded. */
export const monthsUntil = (doc: Pick<LaneDocument, 'halfwayCosts'>, { run, plan, now }: Costing): Months => {
  const before = standsBefore(doc, { run, plan, now })
  return addMonths(
    plan === null ? {} : costByMonth({ run, plan, now }),
    before === null ? {} : dollarsOf(timeByMonth(before.from, before.until), before.perHour),
  )
}

/** What a run has cost so far, and how much it may at most (law 9): dollars. */
export interface SoFar {
  cost: number
  atMost: number
}

/** The same of the run under way; null: it has begun nothing that could cost, or a newer release knows what it costs. */
export const soFar = (doc: LaneDocument, { plan, now }: Omit<Costing, 'run'>): SoFar | null => {
  const { run, halfwayCosts: costs } = doc
  if (run === null || plan === null || newerIn(doc) !== null || !(hasBegun(run) || costs !== undefined)) return null
  const atMost = cents(mayCost(doc, plan) + (costs?.left ?? 0))
  return atMost > 0 ? { cost: costUntil(doc, { run, plan, now }), atMost } : null
}

/** `$12.34 of at most $168.56`. */
export const soFarText = ({ cost, atMost }: SoFar): string => `${usd(cost)} of at most ${usd(atMost)}`
