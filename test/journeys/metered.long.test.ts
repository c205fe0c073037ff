import { afterEach, expect, it } from 'vitest'
import { spendIn } from '../../flows/spend.ts'
import { accountWatched } from './accounts.ts'
import { HOUR, SERVE, served, TRAIN, upload } from './scenes.ts'
import { openTown, START, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())

it('two days of a training and of a service that stands cost what their nodes were billed', async () => {
  town = await openTown()
  const account = await accountWatched(town)
  await upload(town)
  await town.answered(TRAIN)
  await town.settled(TRAIN)
  await served(town)
  await town.advance(START + 48 * HOUR - town.house.clock.now())
  const { by, perHour, forecast } = await spendIn(town.house.ports.ledger, town.house.clock.now())
  const [pools, lanes] = [by.pool, by.lane].map((lines) =>
    Object.fromEntries(lines.map(({ of, dollars }) => [of, dollars])),
  )
  for (const pool of ['gpu-train', 'gpu-serve']) expect(pools?.[pool]).toBeCloseTo(account.dollars(pool), 1)
  // Both replicas stand on nodes of their own, all of whose GPUs they have.
  expect(lanes?.[SERVE]).toBeGreaterThan(0.99 * account.dollars('gpu-serve'))
  expect(perHour).toBeCloseTo(2 * 10.49, 2)
  expect(by.day.map(({ of }) => of)).toEqual(expect.arrayContaining(['2026-11-23', '2026-11-24', '2026-11-25']))
  // Five days and a half of the month are left.
  expect(forecast).toBeGreaterThan(by.pool.reduce((sum, { dollars }) => sum + dollars, 0) + 5 * 24 * 10)
}, 120_000)
