import { expect, test } from 'vitest'
import { metersWithin } from './metering.ts'

/** The 2 % that is promised of a month, and of what a lane's own pods have cost; months are metered in the long lane. */
const PROMISED = 0.02

test('a week of nodes is metered within 2 percent of the bill', async () => {
  const { all, pools, lanes } = await metersWithin({ seed: 1, days: 7, every: 30 })
  expect(all).toBeLessThan(PROMISED)
  expect(Math.max(...Object.values(pools))).toBeLessThan(2 * PROMISED)
  expect(Math.max(...Object.values(lanes))).toBeLessThan(PROMISED)
}, 120_000)
