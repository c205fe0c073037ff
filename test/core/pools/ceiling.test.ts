import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parsePolicy } from '../../../core/policy.ts'
import {
  ceilingAt,
  changesAfter,
  highestOf,
  keptAt,
  leasedAt,
  risesAfter,
  savedByCaps,
} from '../../../core/pools/ceiling.ts'
import type { ContributionRow } from '../../../core/pools/contribution.ts'
import config from '../../example.ts'

const NOW = Date.UTC(2026, 10, 24, 12)
const HOUR = 3_600_000
const rule = { maxGpus: 16, gpusPerNode: 8, leases: { maxGpus: 24, maxHours: 12 } }
const HOURS = {
  zone: 'UTC',
  ceilings: [{ days: ['tue' as const], from: '20:00', to: '06:00', maxGpus: 32 }],
}
const lease = (over: Partial<ContributionRow> = {}): ContributionRow => ({
  ...{ kind: 'lease', lane: 'pool/gpu-train', id: 'g1', gpus: 8, from: NOW, until: NOW + HOUR, by: 'T0/U0' },
  ...over,
})

describe('the ceiling of a pool', () => {
  it('is its own, and what is leased on top, from when the lease begins until it ends', () => {
    const at = (time: number) => ceilingAt(rule, [lease()], time)
    expect([at(NOW - 1), at(NOW), at(NOW + HOUR - 1), at(NOW + HOUR)]).toEqual([16, 24, 24, 16])
  })

  it('is that of the hours in force in place of its own, with leases on top of that', () => {
    const night = { ...rule, hours: HOURS }
    const late = NOW + 9 * HOUR
    expect([ceilingAt(night, [], NOW), ceilingAt(night, [], late)]).toEqual([16, 32])
    expect(ceilingAt(night, [lease({ until: late + 1 })], late)).toBe(40)
    expect(highestOf(night)).toBe(32)
  })

  it('is no higher by leases than the policy lets it be now: a bound that was lowered counts for what runs', () => {
    const two = [lease(), lease({ id: 'g2', gpus: 24 })]
    expect(ceilingAt(rule, two, NOW)).toBe(40)
    expect(ceilingAt({ ...rule, leases: { maxGpus: 8, maxHours: 1 } }, two, NOW)).toBe(24)
    const { leases: _, ...none } = rule
    expect(ceilingAt(none, two, NOW)).toBe(16)
    expect(leasedAt({ ...rule, queue: 'train' }, two, NOW)).toBe(0)
  })

  it('rises by its hours at a time that is known before, and not where they make it no higher', () => {
    const night = { ...rule, hours: HOURS }
    expect(risesAfter(night, [], NOW)).toEqual({ at: NOW + 8 * HOUR, gpus: 32 })
    expect(risesAfter(night, [], NOW + 9 * HOUR)).toBeNull()
    expect(risesAfter(rule, [], NOW)).toBeNull()
    expect(risesAfter({ ...night, mode: 'shadow' as const }, [], NOW)).toBeNull()
    expect([
      keptAt({ ...night, mode: 'shadow' as const }, [], NOW + 9 * HOUR),
      keptAt(night, [], NOW + 9 * HOUR),
    ]).toEqual([16, 32])
  })

  it('is no higher than a rung lets it be until that is over, whatever hours and leases say: undoing it is forgetting it', () => {
    fc.assert(
      fc.property(fc.nat(64), fc.nat(64), fc.boolean(), fc.nat(3 * HOUR), (maxGpus, gpus, isNight, later) => {
        const cap = { gpus, until: NOW + HOUR }
        const pool = {
          maxGpus,
          gpusPerNode: 8,
          leases: { maxGpus: 24, maxHours: 12 },
          ...(isNight && { hours: HOURS }),
        }
        const rows = [lease({ gpus: 16, until: NOW + 2 * HOUR })]
        const at = NOW + later
        const [capped, free] = [ceilingAt({ ...pool, cap }, rows, at), ceilingAt(pool, rows, at)]
        expect(capped).toBe(at < cap.until ? Math.min(free, Math.floor(gpus / 8) * 8) : free)
        expect(keptAt({ ...pool, cap, mode: 'shadow' }, rows, at)).toBe(Math.floor(maxGpus / 8) * 8)
      }),
    )
    expect(changesAfter({ ...rule, cap: { gpus: 8, until: NOW + HOUR } }, [], NOW)).toBe(NOW + HOUR)
  })

  it('saves what its nodes could cost beyond what it is capped at', () => {
    const { pools } = parsePolicy(config)
    const hour = { train: 55.04, serve: 10.49 }
    expect(savedByCaps({ pools }, { 'gpu-train': 8, 'gpu-serve': 16 }, NOW)).toBeCloseTo(hour.train)
    expect(savedByCaps({ pools }, {}, NOW)).toBeCloseTo(2 * hour.train + 4 * hour.serve)
    expect(savedByCaps({ pools }, { 'gpu-train': 800, 'gpu-serve': 800 }, NOW)).toBe(0)
  })

  it('is whole nodes, as Karpenter starts them', () => {
    expect(ceilingAt({ maxGpus: 20, gpusPerNode: 8 }, [], NOW)).toBe(16)
    expect(ceilingAt({ maxGpus: 4, gpusPerNode: 8 }, [], NOW)).toBe(0)
  })
})

const anyLease = fc
  .record({
    id: fc.nat(50).map((n) => `g${n}`),
    gpus: fc.integer({ min: 1, max: 5 }),
    from: fc.integer({ min: -5, max: 5 }),
    lasts: fc.integer({ min: 1, max: 9 }),
  })
  .map(({ id, gpus, from, lasts }) =>
    lease({ id, gpus: 8 * gpus, from: NOW + from * HOUR, until: NOW + (from + lasts) * HOUR }),
  )
const anyLeases = fc.uniqueArray(anyLease, { selector: ({ id }) => id, maxLength: 6 })
const anyRule = fc.record({
  maxGpus: fc.integer({ min: 0, max: 64 }),
  gpusPerNode: fc.constantFrom(1, 4, 8),
  leases: fc.record({ maxGpus: fc.integer({ min: 1, max: 8 }).map((n) => 8 * n), maxHours: fc.constant(12) }),
})
const anyTime = fc.integer({ min: -8 * 60, max: 15 * 60 }).map((minutes) => NOW + minutes * 60_000)

describe('whatever is contributed (law 11)', () => {
  it('the order does not matter', () => {
    fc.assert(
      fc.property(anyRule, anyLeases, anyTime, (of, rows, at) => {
        expect(ceilingAt(of, rows.toReversed(), at)).toBe(ceilingAt(of, rows, at))
      }),
    )
  })

  it('undoing one is forgetting it: it is as if it had never been', () => {
    fc.assert(
      fc.property(anyRule, anyLeases, anyLease, anyTime, (of, rows, one, at) => {
        const others = rows.filter(({ id }) => id !== one.id)
        const forgotten = [...others, one].filter(({ id }) => id !== one.id)
        expect(ceilingAt(of, forgotten, at)).toBe(ceilingAt(of, others, at))
        expect(ceilingAt(of, [...others, one], one.until)).toBe(ceilingAt(of, others, one.until))
      }),
    )
  })

  it('it is never negative, whole nodes, never below its own and never above what the policy allows', () => {
    fc.assert(
      fc.property(anyRule, anyLeases, anyTime, (of, rows, at) => {
        const ceiling = ceilingAt(of, rows, at)
        expect(ceiling).toBeGreaterThanOrEqual(0)
        expect(ceiling % of.gpusPerNode).toBe(0)
        expect(ceiling).toBeGreaterThanOrEqual(ceilingAt(of, [], at))
        expect(ceiling).toBeLessThanOrEqual(of.maxGpus + of.leases.maxGpus)
      }),
    )
  })

  it('it is another one at the earliest when it is said to be', () => {
    fc.assert(
      fc.property(anyRule, anyLeases, anyTime, (of, rows, at) => {
        const next = changesAfter({ ...of, hours: HOURS }, rows, at)
        expect(next).toBeGreaterThan(at)
        const before = Math.max(at, (next ?? at) - 1)
        expect(ceilingAt({ ...of, hours: HOURS }, rows, before)).toBe(ceilingAt({ ...of, hours: HOURS }, rows, at))
      }),
    )
    expect(changesAfter(rule, [lease({ from: NOW - HOUR, until: NOW })], NOW)).toBeNull()
  })
})
