import { nodeHour } from '../money/prices.ts'
import type { PoolPolicy } from '../policy.ts'
import type { ContributionRow } from './contribution.ts'
import { inForceAt, nextTurn } from './hours.ts'

/** What of a pool's policy says how high it goes. */
type Rule = Pick<PoolPolicy, 'maxGpus' | 'gpusPerNode' | 'hours' | 'leases' | 'queue' | 'mode'> & Capped

/** How high a rung of the budget lets it go, and until when; left out, or null: none says so. */
export interface Capped {
  cap?: { gpus: number; until: number } | null
}

/** GPUs in whole nodes: Karpenter starts no other. */
export const wholeNodes = (gpus: number, { gpusPerNode }: Pick<Rule, 'gpusPerNode'>): number =>
  Math.floor(Math.max(0, gpus) / gpusPerNode) * gpusPerNode

/** Whether a lease counts at that time. */
export const isInForce = ({ from, until }: Pick<ContributionRow, 'from' | 'until'>, at: number): boolean =>
  from <= at && at < until

/** GPUs that leases give a pool then: no more together than its policy allows by now, and none of a pool that Kueue lends. */
export const leasedAt = ({ leases, queue }: Rule, rows: readonly ContributionRow[], at: number): number => {
  if (leases === undefined || queue !== undefined) return 0
  const all = rows.reduce((sum, row) => sum + (isInForce(row, at) ? row.gpus : 0), 0)
  return Math.min(leases.maxGpus, all)
}

/** What the policy alone says then: what its hours have in force, else the pool's own. */
export const ownAt = ({ maxGpus, hours }: Rule, at: number): number =>
  hours === undefined ? maxGpus : (inForceAt(hours, at) ?? maxGpus)

const capAt = ({ cap }: Capped, at: number): number =>
  cap == null || at >= cap.until ? Number.POSITIVE_INFINITY : cap.gpus

/**
 * A pool's ceiling then, in whole nodes (law 11): what the policy says, and leases on top, and no more than a rung lets it have. Computed each time from what there is, so that
 * undoing a contribution is forgetting it.
 */
export const ceilingAt = (rule: Rule, rows: readonly ContributionRow[], at: number): number =>
  wholeNodes(Math.min(ownAt(rule, at) + leasedAt(rule, rows, at), capAt(rule, at)), rule)

/** A pool's own ceiling, whatever hours, leases and rungs make of it. */
export const ownOf = (rule: Pick<Rule, 'maxGpus' | 'gpusPerNode'>): number => wholeNodes(rule.maxGpus, rule)

/** The ceiling that is kept to then: of a pool in shadow its own, whatever its hours would make it. */
export const keptAt = (rule: Rule, rows: readonly ContributionRow[], at: number): number =>
  rule.mode === 'shadow' ? ownOf(rule) : ceilingAt(rule, rows, at)

/** When it may be another one though nobody does anything: later than `at`; null: never. */
export const changesAfter = (
  { hours, cap }: Partial<Rule>,
  rows: readonly ContributionRow[],
  at: number,
): number | null => {
  const ends = cap == null ? [] : [cap.until]
  const turns = [...rows.flatMap(({ from, until }) => [from, until]), ...ends].filter((turn) => turn > at)
  const times = hours === undefined ? turns : [...turns, nextTurn(hours, at)]
  return times.length === 0 ? null : Math.min(...times)
}

/** The highest that the policy ever lets it be without a lease. */
export const highestOf = ({ maxGpus, hours, mode }: Pick<Rule, 'maxGpus' | 'hours' | 'mode'>): number =>
  Math.max(maxGpus, ...(mode === 'shadow' ? [] : (hours?.ceilings ?? [])).map((span) => span.maxGpus))

/** Turns that are looked at for a higher ceiling: a week of hours that change every three hours. */
const TURNS = 56

/** When its hours next make it higher than it is then, and how high; null: they do not within their week. */
export const risesAfter = (
  rule: Rule,
  rows: readonly ContributionRow[],
  at: number,
): { at: number; gpus: number } | null => {
  if (rule.hours === undefined || rule.mode === 'shadow') return null
  const now = ceilingAt(rule, rows, at)
  for (let turn = nextTurn(rule.hours, at), n = 0; n < TURNS; turn = nextTurn(rule.hours, turn), n++) {
    const gpus = ceilingAt(rule, [], turn)
    if (gpus > now) return { at: turn, gpus }
  }
  return null
}

/** Dollars an hour of the nodes that pools may have beyond caps then, in the bad case: what is leased is not among them. */
export const savedByCaps = (
  { pools }: { pools: Readonly<Record<string, PoolPolicy>> },
  caps: Readonly<Record<string, number>>,
  at: number,
): number =>
  Object.entries(pools).reduce((sum, [pool, rule]) => {
    const more = keptAt(rule, [], at) - (caps[pool] ?? 0)
    return sum + (Math.max(0, more) / rule.gpusPerNode) * (nodeHour(rule)?.p95 ?? 0)
  }, 0)
