import { expect, test } from 'vitest'
import { metersWithin } from './metering.ts'

test.each(Array.from({ length: 20 }, (_, n) => n + 1))(
  'a month of nodes is metered within 2 percent of the bill, pool by pool and lane by lane: seed %i',
  async (seed) => {
    const { all, pools, lanes } = await metersWithin({ seed, days: 30, every: 10 })
    expect(all).toBeLessThan(0.02)
    expect(Math.max(...Object.values(pools), ...Object.values(lanes))).toBeLessThan(0.02)
  },
  600_000,
)
