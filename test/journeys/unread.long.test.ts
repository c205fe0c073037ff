import { afterEach, expect, it } from 'vitest'
import example from '../../signalbox.config.ts'
import { between } from './away.ts'
import { HOUR, jobsOf, looseEnds, MINUTE, TRAIN, upload, versionsOf } from './scenes.ts'
import { openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())

const begun = async (far: ReturnType<typeof between>, minutes: number): Promise<number> => {
  town = await openTown({ config: { ...example, budget: { name: 'ml-monthly', dollars: 300 } }, wrap: far.wrap })
  await upload(town, 'a', { simulation: { tasks: { 'fine-tune': { minutes } } } })
  await town.answered(TRAIN)
  await town.advance(30 * MINUTE)
  return (await town.plan(TRAIN))?.plan.bounds.dollars ?? 0
}

it('a run costs no more than it may at most while nobody can read the policy', async () => {
  const far = between()
  const most = await begun(far, 24 * 60)
  far.fails('policies', 'away')
  await town.advance(20 * HOUR)
  expect((await jobsOf(town)).filter(({ status }) => (status?.active ?? 0) > 0)).toEqual([])
  far.answers('policies')
  expect(await town.settled(TRAIN)).toMatchObject({ state: 'failed', outcome: { reason: 'bound-reached' } })
  const [past] = await town.past(TRAIN)
  expect(past?.cost).toBeLessThanOrEqual(most)
  expect(past?.cost).toBeGreaterThan(most / 2)
  expect(await looseEnds(town)).toEqual([])
})

it('what has ended well by then is not ended by its bound, and goes on once the policy is read', async () => {
  const far = between()
  await begun(far, 90)
  far.fails('policies', 'away')
  await town.advance(20 * HOUR)
  far.answers('policies')
  expect((await town.settled(TRAIN)).state).toBe('succeeded')
  expect(await versionsOf(town)).toHaveLength(1)
})
