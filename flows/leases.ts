import { readCeiling } from '../core/lane/ceilings.ts'
import { poolRoom } from '../core/lane/room.ts'
import { capOf } from '../core/money/rungs.ts'
import type { Policy } from '../core/policy.ts'
import { changesAfter, keptAt } from '../core/pools/ceiling.ts'
import { type Counts, countsOf } from '../core/pools/counts.ts'
import { leasesIn } from '../core/pools/lease.ts'
import { cappedBy, capsOf, contributionsOf } from './ceilings.ts'
import type { Ledger } from './ledger-port.ts'
import { readRow } from './rows.ts'

/** A lease that is in force. Times are milliseconds since the epoch, `left` milliseconds until it is over. */
export interface LeaseNow {
  id: string
  gpus: number
  by: string
  from: number
  until: number
  left: number
}

/** How high a pool goes now, and what it is made of. */
export interface PoolNow extends Counts {
  pool: string
  /** GPUs, or nodes where they have none, as it is computed. */
  ceiling: number
  /** What the policy alone says now, by its hours or without. */
  own: number
  leases: LeaseNow[]
  /** When the ceiling may be another one though nobody does anything; null: never. */
  changes: number | null
  /** Why its NodePool does not have it; null: it has, or nobody sets it. */
  unset: string | null
  /** Why a rung of the budget lets it go no higher; left out: none caps it. */
  capped?: string
}

/** The ceilings of all pools, in the order of the policy. */
export const poolsNow = async (
  ledger: Pick<Ledger, 'list' | 'read'>,
  { policy, now }: { policy: Policy; now: number },
): Promise<PoolNow[]> => {
  const rungs = await capsOf(ledger, policy)
  const all = Object.entries(policy.pools).map(async ([pool, own]): Promise<PoolNow> => {
    const cap = capOf(pool, policy, { rungs, now })
    const rule = { ...own, cap }
    const [rows, lane] = await Promise.all([
      contributionsOf(ledger, pool, rule),
      readRow(ledger, 'lane', poolRoom(pool)),
    ])
    const leases = leasesIn(rows, now).map(({ id, gpus, by, from, until }) => ({
      ...{ id, gpus, by, from, until },
      left: until - now,
    }))
    return {
      ...{ pool, ceiling: keptAt(rule, rows, now), own: keptAt(own, [], now), leases },
      changes: changesAfter(rule, rows, now),
      unset: readCeiling(lane?.value)?.why ?? null,
      ...cappedBy(cap, own, policy),
      ...countsOf(own),
    }
  })
  return Promise.all(all)
}
