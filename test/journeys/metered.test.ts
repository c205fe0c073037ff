import { afterEach, describe, expect, it } from 'vitest'
import { spendIn } from '../../flows/spend.ts'
import { accountWatched } from './accounts.ts'
import { between } from './away.ts'
import { HOUR, MINUTE, TRAIN, trainedUntil, upload } from './scenes.ts'
import { openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())

const spent = async () => spendIn(town.house.ports.ledger, town.house.clock.now())
const byLane = async (): Promise<Record<string, number>> =>
  Object.fromEntries((await spent()).by.lane.map(({ of, dollars }) => [of, dollars]))

describe('what nodes cost', () => {
  it('is metered of a training: its lane pays for its pods, and boot, gaps and the empty end are nobody’s', async () => {
    town = await openTown()
    const account = await accountWatched(town)
    await upload(town)
    await town.answered(TRAIN)
    await town.settled(TRAIN)
    await town.advance(HOUR)
    const { dollars, perHour, forecast, by } = await spent()
    expect(dollars).toBeCloseTo(account.dollars('gpu-train'), 2)
    expect(by.pool.map(({ of }) => of)).toEqual(['gpu-train'])
    expect(perHour).toBe(0)
    expect(forecast).toBeGreaterThan(dollars)
    const lanes = await byLane()
    const [{ cost = 0 } = {}] = await town.past(TRAIN)
    // A stage of one GPU is reckoned with the node that it may keep others from; the meter has the other seven as idle.
    expect(lanes[TRAIN]).toBeLessThan(cost)
    expect((lanes[TRAIN] ?? 0) + (lanes['idle beside pods'] ?? 0)).toBeCloseTo(cost, 0)
    expect(lanes['idle after the last pod']).toBeCloseTo((10 / 60) * 55.04, 1)
  })

  it('is the same to the cent after an hour in which the API server was away', async () => {
    const outside = between()
    town = await openTown({ wrap: outside.wrap })
    const account = await accountWatched(town)
    await trainedUntil(town, 'train', 'running', { simulation: { minutes: 100 } })
    await town.advance(5 * MINUTE)
    const before = (await spent()).at
    outside.fails('cluster', 'away')
    await town.advance(HOUR)
    expect((await spent()).at).toBe(before)
    outside.answers('cluster')
    await town.settled(TRAIN)
    await town.advance(HOUR)
    expect((await spent()).dollars).toBeCloseTo(account.dollars('gpu-train'), 2)
  })

  it('is half of what is not known of a node that went in that hour: nobody saw when', async () => {
    const outside = between()
    town = await openTown({ wrap: outside.wrap })
    const account = await accountWatched(town)
    await trainedUntil(town, 'train', 'running')
    outside.fails('cluster', 'away')
    await town.advance(HOUR)
    outside.answers('cluster')
    await town.settled(TRAIN)
    await town.advance(HOUR)
    expect(Math.abs((await spent()).dollars - account.dollars('gpu-train'))).toBeLessThan(55.04 / 2)
    expect((await spent()).perHour).toBe(0)
  })

  it('is the same after a process that died', async () => {
    town = await openTown()
    await trainedUntil(town, 'train', 'running')
    await town.reopen()
    await town.settled(TRAIN)
    await town.reopen()
    await town.advance(HOUR)
    // A minute and a half until it is ready, twenty at work, and ten empty.
    expect((await spent()).dollars).toBeCloseTo((31.5 / 60) * 55.04, 2)
  })
})
