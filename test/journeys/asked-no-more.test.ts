import { afterEach, expect, it } from 'vitest'
import type { Config } from '../../core/policy.ts'
import { configOf, run } from './requests.ts'
import { jobsOf, looseEnds, MINUTE } from './scenes.ts'
import { ANA, openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())

const LANE = 'pipeline/nightly'
type On = NonNullable<Config['pipelines']>[string]['on']
const begunBy = (on: On): Config => {
  const config = structuredClone(configOf({}, {})) as Config
  config.pipelines!['nightly']!.on = on
  return config
}
const AT_TWO = { cron: '0 14 * * *', zone: 'UTC' }

it.each<[string, On, On, string]>([
  ['by hand', { hand: true }, { hand: false, schedule: { cron: '0 3 * * *', zone: 'UTC' } }, 'begun by hand no more'],
  ['as scheduled', { schedule: AT_TWO }, { hand: true }, 'no schedule for it any more'],
])('a run %s that people are asked about is begun by no yes once the policy has none so', async (_, on, other, why) => {
  town = await openTown({ config: begunBy(on) })
  if (on.hand === true) await run(town, { lane: LANE } as never)
  await town.until('it asks', async () => (await town.question(LANE)) !== null)
  const { id } = (await town.question(LANE))!
  town.setPolicy(begunBy(other))
  await town.house.answer(id, { by: ANA, verdict: 'approve', reason: null })
  await town.advance(6 * MINUTE)
  expect((await town.lane(LANE)).outcome).toMatchObject({ kind: 'cancelled', reason: 'not-configured', detail: expect.stringContaining(why) }) // biome-ignore format: a line
  expect([await jobsOf(town), await looseEnds(town)]).toEqual([[], []])
})

it('a run as scheduled goes on being asked about where its times are others', async () => {
  town = await openTown({ config: begunBy({ schedule: AT_TWO }) })
  await town.until('it asks', async () => (await town.question(LANE)) !== null)
  const asked = await town.question(LANE)
  town.setPolicy(begunBy({ schedule: { cron: '0 3 * * *', zone: 'UTC' } }))
  await town.advance(6 * MINUTE)
  expect(await town.question(LANE)).toEqual(asked)
})
