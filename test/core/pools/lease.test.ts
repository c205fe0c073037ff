import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { PoolPolicy } from '../../../core/policy.ts'
import { ceilingAt } from '../../../core/pools/ceiling.ts'
import type { ContributionRow } from '../../../core/pools/contribution.ts'
import { ceilingParts, type Leasing, leasePrice, leasesIn, leftText, whyNoLease } from '../../../core/pools/lease.ts'

const NOW = Date.UTC(2026, 10, 24, 12)
const HOUR = 3_600_000
const rule: PoolPolicy = {
  ...{ instanceType: 'p5.48xlarge', gpusPerNode: 8, maxGpus: 16, capacityTypes: ['on-demand'] },
  price: { perNodeHour: 55.04, source: 'list', date: '2026-11-01' },
  leases: { maxGpus: 24, maxHours: 12 },
}
const row = (over: Partial<ContributionRow> = {}): ContributionRow => ({
  ...{ kind: 'lease', lane: 'pool/gpu-train', id: 'g1', gpus: 8, from: NOW - HOUR, until: NOW + HOUR, by: 'T0/U0' },
  ...over,
})
const leasing = (over: Partial<Leasing> = {}): Leasing => ({ name: 'gpu-train', rule, rows: [], now: NOW, ...over })
const asked = { gpus: 8, until: NOW + 6 * HOUR }

describe('a lease', () => {
  it('costs all of its nodes for all of its time at most', () => {
    expect(leasePrice(asked, leasing())).toEqual({
      ...{ nodes: 1, hours: 6, perHour: { p50: 55.04, p95: 55.04 } },
      total: { p50: 55.04 * 6, p95: 55.04 * 6 },
    })
    expect(leasePrice(asked, leasing({ rule: { ...rule, price: null } }))).toBeNull()
  })

  it('that is extended costs what it adds alone', () => {
    expect(leasePrice({ ...asked, of: 'g1' }, leasing({ rows: [row()] }))?.hours).toBe(5)
  })

  it('is allowed within what the policy says, beside those that are in force', () => {
    expect(whyNoLease(asked, leasing())).toBeNull()
    expect(whyNoLease({ ...asked, gpus: 16 }, leasing({ rows: [row()] }))).toBeNull()
    expect(whyNoLease({ ...asked, gpus: 24 }, leasing({ rows: [row()] }))).toBe(
      'pools.gpu-train.leases lets 24 GPUs be leased together, and not 32, 8 of them are leased, and g1 ends first, at 2026-11-24 13:00 UTC',
    )
    // One that is over counts no more, and the one that is extended not twice.
    expect(whyNoLease({ ...asked, gpus: 24 }, leasing({ rows: [row({ until: NOW })] }))).toBeNull()
    expect(whyNoLease({ ...asked, gpus: 24, of: 'g1' }, leasing({ rows: [row({ gpus: 24 })] }))).toBeNull()
  })

  it.each<[string, Partial<typeof asked> & { of?: string }, Partial<Leasing>, RegExp]>([
    ['of no whole nodes', { gpus: 12 }, {}, /12 GPUs are no whole nodes of 8: say \+16/],
    ['of nothing', { gpus: 0 }, {}, /say \+8/],
    ['that is over', { until: NOW }, {}, /ahead/],
    ['without an end', { until: Number.NaN }, {}, /ahead|hours/],
    ['that is too long', { until: NOW + 13 * HOUR }, {}, /last 12 hours: until 2026-11-25 00:00 UTC at most/],
    ['of a lease that is over', { of: 'g1' }, { rows: [row({ until: NOW })] }, /lease g1 of gpu-train is over/],
    ['of a lease that there is not', { of: 'g9' }, {}, /lease g9 of gpu-train is over/],
    [
      'that ends it earlier',
      { of: 'g1', until: NOW + 1 },
      { rows: [row()] },
      /goes on until 2026-11-24 13:00 UTC already/,
    ],
    ['without a price', {}, { rule: { ...rule, price: null } }, /set pools\.gpu-train\.price/],
    ['of what Kueue lends', {}, { rule: { ...rule, queue: 'train' } }, /nominalQuota/],
  ])('%s is refused with what to say instead', (_, over, given, say) => {
    expect(whyNoLease({ ...asked, ...over }, leasing(given))).toMatch(say)
  })

  it('of a pool of which nothing may be leased is refused with what to write', () => {
    const { leases: _, ...none } = rule
    expect(whyNoLease(asked, leasing({ rule: none }))).toBe(
      'the policy lets nobody lease of gpu-train: write `leases: { maxGpus: 8, maxHours: 12 }` into pools.gpu-train, or as much as you allow',
    )
  })
})

it('time left is said in hours and minutes', () => {
  expect([leftText(5 * HOUR + 12 * 60_000), leftText(59 * 60_000), leftText(-5)]).toEqual(['5h 12m', '59m', '0m'])
})

it('leases in force come in the order in which they end', () => {
  const rows = [row({ id: 'g2', until: NOW + 2 * HOUR }), row(), row({ id: 'g3', from: NOW + 1 })]
  expect(leasesIn(rows, NOW).map(({ id }) => id)).toEqual(['g1', 'g2'])
  expect(ceilingParts(leasing({ rows }))).toEqual({ own: 16, leased: 16 })
})

it('whatever is allowed, the ceiling goes up by exactly that much', () => {
  const rows = fc.array(fc.record({ gpus: fc.integer({ min: 1, max: 3 }), lasts: fc.integer({ min: -2, max: 12 }) }), {
    maxLength: 3,
  })
  fc.assert(
    fc.property(rows, fc.integer({ min: -1, max: 40 }), fc.integer({ min: -1, max: 14 }), (some, gpus, hours) => {
      const all = some.map((one, index) => row({ id: `g${index}`, gpus: one.gpus * 8, until: NOW + one.lasts * HOUR }))
      const [want, given] = [{ gpus, until: NOW + hours * HOUR }, leasing({ rows: all })]
      if (whyNoLease(want, given) !== null) return
      const more = [...all, row({ id: 'new', gpus, from: NOW, until: want.until })]
      expect(ceilingAt(rule, more, NOW)).toBe(ceilingAt(rule, all, NOW) + gpus)
    }),
  )
})
