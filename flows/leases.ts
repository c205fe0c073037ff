import { readCeiling } from '../core/lane/ceilings.ts'
import { poolRoom } from '../core/lane/room.ts'
import type { Policy } from '../core/policy.ts'
import { changesAfter, keptAt } from '../core/pools/ceiling.ts'
import { leasesIn } from '../core/pools/lease.ts'
import { contributionsOf } from './ceilings.ts'
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
export interface PoolNow {
  pool: string
  /** GPUs, as it is computed. */
  ceiling: number
  /** What the policy alone says now, by its hours or without. */
  own: number
  leases: LeaseNow[]
  /** When the ceiling may be another one though nobody does anything; null: never. */
  changes: number | null
  /** Why its NodePool does not have it; null: it has, or nobody sets it. */
  unset: string | null
}

/** The ceilings of all pools, in the order of the policy. */
export const poolsNow = (
  ledger: Pick<Ledger, 'list' | 'read'>,
  { policy, now }: { policy: Policy; now: number },
): Promise<PoolNow[]> =>
  Promise.all(
    Object.entries(policy.pools).map(async ([pool, rule]): Promise<PoolNow> => {
      const [rows, lane] = await Promise.all([
        contributionsOf(ledger, pool, rule),
        readRow(ledger, 'lane', poolRoom(pool)),
      ])
      const leases = leasesIn(rows, now).map(({ id, gpus, by, from, until }) => ({
        ...{ id, gpus, by, from, until },
        left: until - now,
      }))
      return {
        ...{ pool, ceiling: keptAt(rule, rows, now), own: keptAt(rule, [], now), leases },
        changes: changesAfter(rule, rows, now),
        unset: readCeiling(lane?.value)?.why ?? null,
      }
    }),
  )
