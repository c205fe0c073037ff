import { expect, it } from 'vitest'
import { between } from './away.ts'
import { BUDGET, laddersOf } from './ladder.ts'
import { HOUR, looseEnds, MINUTE, say, TRAIN } from './scenes.ts'
import { isSuspended, suspending, trains } from './suspended.ts'
import { BEN, openTown } from './town.ts'

const TURN = Date.UTC(2026, 11, 1)
const RICH = { ...suspending(), budget: { ...suspending().budget, dollars: 10_000 } }
type Moment = 'crossing' | 'turn' | 'lift' | 'cancel'

/** A town in which a training crosses the rung that suspends it, three hours before the month turns; dies at that call of a moment. */
const lived = async (moment: Moment, calls: number): Promise<boolean> => {
  const far = between()
  const town = await openTown({ at: TURN - 3 * HOUR, config: suspending(), wrap: far.wrap })
  const dying = async (happens: () => Promise<unknown>): Promise<boolean> => {
    far.dies(calls)
    await happens().catch(() => undefined)
    await town.advance(6 * MINUTE).catch(() => undefined)
    const died = far.isDead()
    far.revive()
    if (died) await town.reopen(far.wrap)
    await town.advance(12 * MINUTE)
    return died
  }
  try {
    await trains(town)
    await town.until('it is nearly crossed', async () => (await laddersOf(town).spent()) > 17)
    if (moment === 'crossing') {
      const died = await dying(async () => undefined)
      expect([await laddersOf(town).rungs(), await isSuspended(town)]).toEqual([['suspend-preemptible'], true])
      return died
    }
    await town.advance(20 * MINUTE)
    expect(await isSuspended(town)).toBe(true)
    if (moment === 'turn') await town.advance(TURN - town.house.clock.now() - MINUTE)
    if (moment === 'lift') {
      await town.house.command({ kind: 'lift', rung: 'suspend-preemptible', by: BEN, why: 'a demo' })
      await town.until('it asks', async () => (await town.question(BUDGET)) !== null)
    }
    const died = await dying(async () => {
      if (moment === 'lift') await town.answered(BUDGET)
      if (moment === 'cancel') await say(town, 'cancel')
    })
    if (moment === 'lift' && (await town.question(BUDGET)) !== null) {
      await town.answered(BUDGET)
      await town.advance(2 * MINUTE)
    }
    if (moment === 'cancel' && (await town.lane(TRAIN)).run !== null) await say(town, 'cancel')
    if (moment !== 'cancel') expect(await isSuspended(town)).toBe(false)
    town.setPolicy(RICH)
    expect(await town.settled(TRAIN)).toMatchObject({ state: moment === 'cancel' ? 'cancelled' : 'succeeded' })
    expect(await looseEnds(town)).toEqual([])
    return died
  } finally {
    await town.close()
  }
}

it.each<Moment>(['crossing', 'turn', 'lift', 'cancel'])(
  'a process that dies at one call after the other of a %s leaves a Job suspended exactly while the rung is in force',
  async (moment) => {
    for (let calls = 0, died = true; died; calls += 3) died = await lived(moment, calls)
  },
  900_000,
)
