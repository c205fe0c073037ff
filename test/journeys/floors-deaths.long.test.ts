import { expect, it } from 'vitest'
import example from '../example.ts'
import { between } from './away.ts'
import { laddered, laddersOf } from './ladder.ts'
import { HOUR, looseEnds, MINUTE, MODEL, SERVE, served } from './scenes.ts'
import { openTown } from './town.ts'

const TURN = Date.UTC(2026, 11, 1)
const floors = (dollars: number) =>
  laddered(dollars, [{ at: 0.02, do: 'cap-pools', serving: 'floor' } as never], {
    approvals: { ...example.approvals, autoApproveBelow: 1e9 },
    services: { [MODEL]: { ...example.services?.[MODEL], replicas: 2, floor: 1 } },
  })

/** A town that serves, and crosses the rung that has it make do with its floor; dies at that call of a moment. */
const lived = async (moment: 'crossing' | 'turn', calls: number): Promise<boolean> => {
  const far = between()
  const town = await openTown({ at: TURN - 4 * HOUR, config: floors(1e6), wrap: far.wrap })
  const replicas = async () =>
    (await town.house.cluster.list('Deployment')).map((one) => (one as { spec?: { replicas?: number } }).spec?.replicas)
  try {
    await served(town)
    if (moment === 'turn') {
      town.setPolicy(floors(1000))
      await town.until('it is at its floor', async () => (await replicas())[0] === 1)
      await town.settled(SERVE)
      await town.advance(TURN - town.house.clock.now() - MINUTE)
    } else town.setPolicy(floors(100))
    far.dies(calls)
    await town.advance(6 * MINUTE).catch(() => undefined)
    const died = far.isDead()
    far.revive()
    if (died) await town.reopen(far.wrap)
    await town.advance(20 * MINUTE)
    if (moment === 'crossing') expect(await laddersOf(town).rungs()).toEqual(['cap-pools'])
    await town.until('it has what it is to have', async () => (await replicas())[0] === (moment === 'turn' ? 2 : 1), 1)
    expect(await town.settled(SERVE)).toMatchObject({ state: 'succeeded' })
    expect(await looseEnds(town)).toEqual([])
    return died
  } finally {
    await town.close()
  }
}

it.each(['crossing', 'turn'] as const)(
  'a process that dies at one call after the other of a %s leaves a service with what rungs say',
  async (moment) => {
    for (let calls = 0, died = true; died; calls += 5) died = await lived(moment, calls)
  },
  900_000,
)
