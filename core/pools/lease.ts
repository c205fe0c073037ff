import { nodeHour } from '../money/prices.ts'
import type { Range } from '../plan.ts'
import type { PoolPolicy } from '../policy.ts'
import { counted, minuteText } from '../text.ts'
import { isInForce, ownAt, wholeNodes } from './ceiling.ts'
import type { ContributionRow } from './contribution.ts'
import { amountText, type Counts, mostKey, mostSaid } from './counts.ts'

const HOUR = 3_600_000

/** GPUs that somebody wants on top of a pool's ceiling until a time; of a lease that runs: the same until later. */
export interface Asked extends Counts {
  gpus: number
  until: number
  /** The lease that is extended; left out: a new one. */
  of?: string
}

/** The pool as it is when somebody asks. */
export interface Leasing {
  /** Its name in the policy. */
  name: string
  rule: PoolPolicy
  rows: readonly ContributionRow[]
  now: number
}

/** Leases that are in force, the one that ends first being the first. */
export const leasesIn = (rows: readonly ContributionRow[], now: number): ContributionRow[] =>
  rows.filter((row) => isInForce(row, now)).toSorted((a, b) => a.until - b.until || (a.id < b.id ? -1 : 1))

/** Why that may not be leased, and what to write or ask for instead, as a sentence; null: it may. */
export const whyNoLease = (asked: Asked, leasing: Leasing): string | null =>
  whyNever(leasing) ?? whyNotSo(asked, leasing) ?? whyTooMuch(asked, leasing)

/** Why nothing can come of it any more, though it was asked about: what it extends is over, or nothing of the pool may be leased. Null: something may. */
export const whyOver = (asked: Asked, leasing: Leasing): string | null =>
  whyNever(leasing) ?? (asked.of === undefined ? null : whyNotSo(asked, leasing))

/** Why nothing of the pool may be leased. */
const whyNever = ({ name, rule }: Leasing): string | null => {
  if (rule.queue !== undefined)
    return `Kueue lends ${name} (queue ${rule.queue}): its ClusterQueue says how much of it, and \`nominalQuota\` there raises that`
  if (rule.leases === undefined)
    return `the policy lets nobody lease of ${name}: write \`leases: { ${mostKey(rule)}: ${mostSaid(rule.gpusPerNode, rule)}, maxHours: 12 }\` into pools.${name}, or as much as you allow`
  return rule.price === null
    ? `${name} has no price, so nobody could say what a lease costs: set pools.${name}.price`
    : null
}

/** Why a lease is none, whatever the policy allows. */
const whyNotSo = ({ gpus, until, of }: Asked, { name, rule, rows, now }: Leasing): string | null => {
  const { gpusPerNode } = rule
  const extended = of === undefined ? undefined : rows.find(({ id }) => id === of)
  if (of !== undefined && (extended === undefined || !isInForce(extended, now)))
    return `the lease ${of} of ${name} is over: ask for another`
  if (extended !== undefined && until <= extended.until)
    return `the lease ${of} goes on until ${minuteText(extended.until)} already`
  if (!(until > now)) return `it would have ended at ${minuteText(until)} already: say a time that lies ahead`
  if (gpus > 0 && wholeNodes(gpus, rule) === gpus) return null
  const more = Math.max(1, Math.ceil(gpus / gpusPerNode)) * gpusPerNode
  return `${amountText(gpus, rule)} are no whole nodes of ${gpusPerNode}: say +${more}`
}

/** Why it is beyond what the policy allows. */
const whyTooMuch = ({ gpus, until, of }: Asked, { name, rule, rows, now }: Leasing): string | null => {
  const { maxGpus, maxHours } = rule.leases as NonNullable<PoolPolicy['leases']>
  if (until - now > maxHours * HOUR)
    return `pools.${name}.leases lets one last ${counted(maxHours, 'hour')}: until ${minuteText(now + maxHours * HOUR)} at most`
  const others = leasesIn(rows, now).filter(({ id }) => id !== of)
  const leased = others.reduce((sum, row) => sum + row.gpus, 0)
  if (leased + gpus <= maxGpus) return null
  const first = others[0]
  const until1st =
    first === undefined
      ? ''
      : `, ${leased} of them are leased, and ${first.id} ends first, at ${minuteText(first.until)}`
  return `pools.${name}.leases lets ${amountText(maxGpus, rule)} be leased together, and not ${leased + gpus}${until1st}`
}

/** From when a lease is paid for: one that is extended is so until its end already. */
const paidFrom = ({ of }: Asked, { rows, now }: Pick<Leasing, 'rows' | 'now'>): number =>
  rows.find(({ id }) => id === of)?.until ?? now

/** What a lease costs at most: its nodes, all of them, for all of its time. */
export const leasePrice = (
  asked: Asked,
  leasing: Leasing,
): { nodes: number; hours: number; perHour: Range; total: Range } | null => {
  const { rule } = leasing
  const hour = nodeHour(rule)
  if (hour === null) return null
  const [nodes, hours] = [asked.gpus / rule.gpusPerNode, (asked.until - paidFrom(asked, leasing)) / HOUR]
  const times = (factor: number): Range => ({ p50: hour.p50 * factor, p95: hour.p95 * factor })
  return { nodes, hours, perHour: times(nodes), total: times(nodes * hours) }
}

/** What a pool has of its own now, and of leases, for a person. */
export const ceilingParts = ({
  rule,
  rows,
  now,
}: Pick<Leasing, 'rule' | 'rows' | 'now'>): { own: number; leased: number } => ({
  own: wholeNodes(ownAt(rule, now), rule),
  leased: leasesIn(rows, now).reduce((sum, { gpus }) => sum + gpus, 0),
})

/** How long is left, for a person: `5h 12m`. */
export const leftText = (left: number): string => {
  const minutes = Math.max(0, Math.floor(left / 60_000))
  return minutes < 60 ? `${minutes}m` : `${Math.floor(minutes / 60)}h ${minutes % 60}m`
}
