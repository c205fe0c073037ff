import { describe, expect, it } from 'vitest'
import type { LeaseDesired } from '../../../core/desired.ts'
import type { Plan } from '../../../core/plan.ts'
import { leaseId, planLease } from '../../../core/planning/lease.ts'
import type { ContributionRow } from '../../../core/pools/contribution.ts'
import { ANA, HOUR, NOW, policyWith } from '../lane/fixture.ts'
import { emptyPool, emptyWorld } from '../training-fixture.ts'

const POOL = 'pool/gpu-train'
const policy = policyWith((config) => {
  Object.assign(config.pools['gpu-train'] ?? {}, { leases: { maxGpus: 16, maxHours: 12 } })
})
const desired: LeaseDesired = { kind: 'leased', asked: '7.a', gpus: 8, until: NOW + 2 * HOUR, requester: ANA }
const row: ContributionRow = {
  ...{ kind: 'lease', lane: POOL, id: 'g1', gpus: 8, from: NOW - HOUR, until: NOW + HOUR, by: ANA },
}
const worldOf = (over: object = {}) =>
  emptyWorld({ pools: { 'gpu-train': { ...emptyPool('gpu-train'), leases: [], ...over } } })
const planned = (over: Partial<Parameters<typeof planLease>[0]> = {}) =>
  planLease({
    identity: { installation: 'signalbox', ledger: 'l', name: 'pool-gpu-train-1' },
    run: { lane: POOL, generation: 4, attempt: 1 },
    ...{ desired, baseline: null, policy, world: worldOf(), now: NOW, kept: {} },
    ...over,
  })
const planOf = (over: Partial<Parameters<typeof planLease>[0]> = {}): Plan => {
  const made = planned(over)
  if (made.kind !== 'plan') throw new Error(JSON.stringify(made))
  return made.plan
}

describe('the plan of a lease', () => {
  it('is one step, priced at most, which holds nothing of pool or budget, and is not begun after its end', () => {
    const plan = planOf()
    expect(plan.steps).toMatchObject([
      {
        kind: 'resize-pool',
        pool: 'gpu-train',
        lease: { id: 'g4', gpus: 8, until: NOW + 2 * HOUR, by: ANA, extends: false },
      },
    ])
    expect(plan.bounds).toEqual({ dollars: 110.08, gpus: {}, unavailable: 0, until: NOW + 2 * HOUR })
    expect([plan.lends, plan.price.total.p95, plan.approval.required]).toEqual([true, 110.08, true])
    expect(plan.reasons.join('\n')).toMatch(/nothing is stopped, what runs then is finished/)
    expect(leaseId({}, 4)).toBe('g4')
  })

  it('binds how many GPUs of which pool until when, whatever the time at which it is made', () => {
    const { digest, effects } = planOf()
    expect(effects.leases).toEqual(['gpu-train +8 until 2026-11-24 11:00 UTC'])
    expect(planOf({ now: NOW + HOUR, world: worldOf({ used: 3 }) }).digest).toBe(digest)
    expect(planOf({ now: NOW + HOUR }).bounds.dollars).toBeLessThan(110.08)
    expect(planOf({ desired: { ...desired, gpus: 16 } }).digest).not.toBe(digest)
    expect(planOf({ desired: { ...desired, until: NOW + HOUR } }).digest).not.toBe(digest)
  })

  it('of an extension names the lease, and what it adds', () => {
    const plan = planOf({ desired: { ...desired, of: 'g1' }, world: worldOf({ leases: [row] }) })
    expect(plan.title).toMatch(/^Extend the lease g1 of 8 GPUs of gpu-train until/)
    expect([plan.bounds.dollars, plan.steps[0]]).toMatchObject([55.04, { lease: { id: 'g1', extends: true } }])
    // Nobody is asked about it once the lease is over.
    expect(plan.bounds.until).toBe(NOW + HOUR)
  })

  it.each<[string, Partial<Parameters<typeof planLease>[0]>, string]>([
    ['beyond what is allowed by now', { world: worldOf({ leases: [{ ...row, gpus: 16 }] }) }, 'lease-not-allowed'],
    ['over before it began', { now: NOW + 3 * HOUR }, 'lease-not-allowed'],
    ['of a NodePool that is not ours to set', { world: worldOf({ unset: 'there is no NodePool' }) }, 'ceiling-not-set'],
    ['of a pool that has left the policy', { run: { lane: 'pool/gone', generation: 1, attempt: 1 } }, 'pool-unknown'],
    [
      'for more than is left of the budget',
      { world: { ...worldOf(), dollars: { spent: 19_900, held: 0 } } },
      'budget-exceeded',
    ],
    [
      'of somebody of whom nobody knows who it is, where the policy wants that',
      {
        policy: policyWith((config) => {
          Object.assign(config.pools['gpu-train'] ?? {}, { leases: { maxGpus: 16, maxHours: 12 } })
          config.approvals.unknownRequester = 'refuse'
        }),
      },
      'requester-unknown',
    ],
  ])('%s is none', (_, over, reason) => {
    expect(planned(over)).toMatchObject({ kind: 'refuse', reason })
  })
})

it('a lease that came to be is not taken twice by another attempt at it', () => {
  const world = worldOf({ leases: [{ ...row, id: 'g4' }] })
  expect(planned({ world })).toEqual({ kind: 'nothing', reason: 'g4 is leased already, until 2026-11-24 10:00 UTC' })
})
