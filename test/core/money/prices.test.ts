import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { addRange, cents, centsRange, nodeHour, priceSource, timesRange, usd } from '../../../core/money/prices.ts'
import type { PoolPolicy } from '../../../core/policy.ts'

const pool: PoolPolicy = {
  instanceType: 'p5.48xlarge',
  gpusPerNode: 8,
  maxGpus: 16,
  capacityTypes: ['on-demand'],
  price: { perNodeHour: 55.04, source: 'AWS price list', date: '2026-11-01' },
}

describe('the price of a node hour', () => {
  it('is null, never zero, when the policy names none', () => {
    expect(nodeHour({ ...pool, price: null })).toBeNull()
  })

  it('comes with where it was read and when', () => {
    expect(priceSource('gpu-train', pool)).toBe(
      'p5.48xlarge on-demand $55.04/h for 8 GPUs (AWS price list, 2026-11-01)',
    )
    expect(priceSource('one', { ...pool, gpusPerNode: 1, capacityTypes: ['reserved', 'spot'] })).toContain(
      'reserved/spot $55.04/h for 1 GPU (',
    )
  })

  describe('of a pool that is bought in several ways', () => {
    const price = { perNodeHour: 80, spot: 24, source: 'list', date: '2026-11-01' }

    it.each([
      [['on-demand'], { p50: 80, p95: 80 }],
      [['spot'], { p50: 24, p95: 24 }],
      [['spot', 'on-demand'], { p50: 24, p95: 80 }],
      [['on-demand', 'reserved'], { p50: 80, p95: 80 }],
    ] as const)('is what is taken first, and in the bad case the dearest: %j', (capacityTypes, hour) => {
      const { spot, ...plain } = price
      const own = capacityTypes.includes('spot' as never) ? price : plain
      const bought = { ...pool, capacityTypes: [...capacityTypes], price: own }
      expect(nodeHour(bought)).toEqual(hour)
    })

    it('a reservation is paid on demand unless it says what it costs beyond: a capacity block nothing', () => {
      const block = { ...pool, capacityTypes: ['reserved' as const], price: { ...price, reserved: 0 } }
      expect(nodeHour(block)).toEqual({ p50: 0, p95: 0 })
      expect(nodeHour({ ...block, capacityTypes: ['on-demand', 'reserved'] })).toEqual({ p50: 0, p95: 80 })
    })

    it('says each, and of which types', () => {
      const { instanceType, ...others } = pool
      const several = { ...others, instanceTypes: ['p5en.48xlarge', 'p5.48xlarge'], price }
      expect(priceSource('gpu', { ...several, capacityTypes: ['spot', 'on-demand', 'reserved'] })).toBe(
        'p5.48xlarge or p5en.48xlarge spot $24.00/h or on-demand/reserved $80.00/h for 8 GPUs (list, 2026-11-01)',
      )
    })
  })

  it('that is missing says which setting to fill in', () => {
    expect(priceSource('gpu-train', { ...pool, price: null })).toBe(
      'gpu-train (p5.48xlarge) has no price: set pools.gpu-train.price',
    )
  })
})

describe('dollars for a person', () => {
  it.each([
    [0, '$0.00'],
    [0.005, '$0.01'],
    [82.5604, '$82.56'],
    [999.999, '$1,000.00'],
    [1234.5, '$1,234.50'],
    [1234567.891, '$1,234,567.89'],
    [-5, '-$5.00'],
    [-0.001, '$0.00'],
    [Number.NaN, 'an unknown amount'],
    [Number.POSITIVE_INFINITY, 'an unknown amount'],
  ])('%d reads as %s', (amount, text) => {
    expect(usd(amount)).toBe(text)
  })

  it('mean the amount, to the cent, when read back', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1e11, max: 1e11 }), (hundredths) => {
        expect(Number(usd(hundredths / 100).replace(/[$,]/g, ''))).toBe(hundredths / 100)
      }),
    )
  })
})

describe('ranges', () => {
  it('add end by end and multiply end by end', () => {
    expect(addRange({ p50: 1, p95: 2 }, { p50: 10, p95: 20 })).toEqual({ p50: 11, p95: 22 })
    expect(timesRange({ p50: 1.5, p95: 3 }, 8)).toEqual({ p50: 12, p95: 24 })
    expect(addRange()).toEqual({ p50: 0, p95: 0 })
  })

  it('lose the noise of floating point, so that a plan has the same bytes whatever the order of its sums', () => {
    expect(JSON.stringify(centsRange({ p50: 0.1 + 0.2, p95: 0.7 + 0.1 + 0.3 }))).toBe('{"p50":0.3,"p95":1.1}')
    expect(cents(0.1 + 0.2 + 0.3)).toBe(cents(0.3 + 0.2 + 0.1))
  })
})
