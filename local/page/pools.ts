import { poolRoom } from '../../core/lane/room.ts'
import type { Policy, PoolPolicy } from '../../core/policy.ts'
import { amountText, type Counts, countsOf } from '../../core/pools/counts.ts'
import { leasesIn, leftText } from '../../core/pools/lease.ts'
import type { PoolView, World } from '../../core/world.ts'
import type { Button } from './views.ts'

/** A pool as one bar, in GPUs or in nodes without any. */
export interface PoolBar extends Counts {
  pool: string
  ceiling: number
  used: number
  /** Held by plans and not yet used. */
  held: number
  free: number
  provisioned: number
  provisioning: number
  /** And why a rung of the budget lets it go no higher, where one does. */
  leases: ShownLease[]
  /** A lease more, where the policy lets anything be leased. */
  buttons: Button[]
}

/** What is leased, in words with the time left, and what may be done about it. */
export interface ShownLease {
  text: string
  buttons: Button[]
}

/** How long the page leases for and extends by; the command line knows other times. Milliseconds. */
const LEASE = 4 * 3_600_000

/** Holds count where they exceed what their lane uses already. */
export const poolBars = (world: World, { policy, now }: { policy: Policy; now: number }): PoolBar[] =>
  Object.values(world.pools).map((view) => {
    const { pool, ceiling, used, heldByOthers, provisioned, provisioning, capped } = view
    const top = Math.max(ceiling ?? 0, used, provisioned)
    const held = Math.max(0, heldByOthers - used)
    const rule = policy.pools[pool]
    const cap = capped === undefined ? [] : [{ text: capped, buttons: [] }]
    return {
      ...{ pool, ceiling: top, used, held, free: Math.max(0, top - used - held), provisioned, provisioning },
      ...countsOf(rule),
      leases: [...leasesShown(view, { rule, now }), ...cap],
      // Of what is capped nothing is leased.
      buttons: rule?.leases === undefined || capped !== undefined ? [] : [leaseMore(pool, rule)],
    }
  })

const leasesShown = (
  { pool, leases = [] }: Pick<PoolView, 'pool' | 'leases'>,
  { rule, now }: { rule: PoolPolicy | undefined; now: number },
): ShownLease[] =>
  leasesIn(leases, now).map(({ id, gpus, until, by }) => ({
    text: `${id}: ${amountText(gpus, rule)} leased by ${by}, ${leftText(until - now)} left`,
    buttons: [
      button('Extend 4 h', `${id} of ${pool}`, { pool, does: 'extend', of: id, more: LEASE }),
      button('End', `${id} of ${pool}: what runs is finished`, { pool, does: 'end', of: id }),
    ],
  }))

const leaseMore = (pool: string, rule: PoolPolicy): Button =>
  button(`Lease ${amountText(rule.gpusPerNode, rule)} for 4 h`, `on top of the ceiling of ${pool}`, {
    pool,
    does: 'take',
    gpus: rule.gpusPerNode,
    lasts: LEASE,
  })

const button = (
  words: string,
  about: string,
  { pool, ...command }: { pool: string; does: 'take' | 'extend' | 'end'; [more: string]: unknown },
): Button => ({ words, about, command: { kind: 'lease', lane: poolRoom(pool), ...command } })
