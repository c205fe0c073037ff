import { type LeaseDesired, requesterIn } from '../desired.ts'
import { leaseTitle, planLease } from '../planning/lease.ts'
import { whyOver } from '../pools/lease.ts'
import { type LaneKind, laneOf, POOL } from './kind.ts'

/**
 * A pool of GPUs: it grants the line of those who wait for room in it, and sets the ceiling that hours and leases come to. What is wanted
 * of it is a lease, once: when that is over, or what runs beyond it, is no matter of its run.
 */
export const pool: LaneKind<LeaseDesired> = {
  name: POOL,
  lasts: 'once',
  stands: false,
  grants: true,
  ruleOf: (policy, name) =>
    Object.hasOwn(policy.pools, name)
      ? { lane: laneOf(pool, name), name, mode: policy.pools[name]?.mode ?? 'act' }
      : null,
  keyOf: ({ asked }) => `lease:${asked}`,
  titleOf: leaseTitle,
  requesterOf: requesterIn,
  isNothing: () => false,
  pinned: (desired) => desired,
  plan: planLease,
  whyOver: (desired, { policy, name, rows, now }) => {
    const rule = policy.pools[name]
    return rule === undefined ? null : whyOver(desired, { name, rule, rows, now })
  },
  back: () => [],
  baselineOf: () => null,
}
