import { afterEach, expect, it } from 'vitest'
import example from '../example.ts'
import { HOUR, looseEnds, MINUTE, MODEL, replicasOf, SERVE, served } from './scenes.ts'
import { openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())

const wants = (replicas: number) =>
  ({ ...example, services: { [MODEL]: { ...example.services?.[MODEL], replicas } } }) as typeof example
const asks = () => town.until('it asks', async () => (await town.question(SERVE)) !== null)

it.each(['denied', 'never answered'])(
  'more replicas, %s: it stays so for as long as so many are wanted, and no longer',
  async (how) => {
    const pools = { ...example.pools, 'gpu-serve': { ...example.pools['gpu-serve'], maxGpus: 32 } }
    town = await openTown({ config: { ...wants(2), pools } as typeof example })
    const set = (replicas: number): void => town.setPolicy({ ...wants(replicas), pools } as typeof example)
    await served(town)
    set(3)
    await asks()
    if (how === 'denied') await town.answered(SERVE, 'deny')
    await town.settled(SERVE)
    const { state, attempt } = await town.lane(SERVE)
    expect(state).toBe(how === 'denied' ? 'rejected' : 'expired')
    await town.advance(3 * HOUR)
    expect(await town.lane(SERVE)).toMatchObject({ state, attempt })
    expect((await town.house.why(SERVE)).text).toContain('or another number of them')
    // As it stands: nobody has to be asked.
    set(2)
    await town.advance(10 * MINUTE)
    expect(await town.lane(SERVE)).toMatchObject({ state: 'succeeded', generation: 1 })
    set(4)
    await asks()
    await town.answered(SERVE)
    await town.settled(SERVE)
    expect([await replicasOf(town), await looseEnds(town)]).toEqual([{ 1: 4 }, []])
  },
)
