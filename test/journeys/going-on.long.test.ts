import { afterEach, describe, expect, it } from 'vitest'
import example from '../../signalbox.config.ts'
import { between } from './away.ts'
import { laddersOf } from './ladder.ts'
import { HOUR, MINUTE, timeline } from './scenes.ts'
import { isSuspended, suspending, trains } from './suspended.ts'
import { openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())
const TURN = Date.UTC(2026, 11, 1)
const crossed = async () => {
  await town.until('it is crossed', async () => (await laddersOf(town).rungs()).length > 0)
  await town.advance(MINUTE)
}
const withBudget = <C extends { budget: object }>(config: C, dollars: number): C => ({
  ...config,
  budget: { ...config.budget, dollars },
})
const texts = async () => (await timeline(town)).map(({ text }) => text)
const BIG = withBudget(suspending(), 1_000_000)

describe('what a rung could never suspend, since the cluster did not let us', () => {
  it.each([
    [
      'its pool was edited meanwhile',
      20,
      {
        pools: {
          ...example.pools,
          'gpu-train': { ...example.pools['gpu-train'], instanceType: 'p5e.48xlarge' },
        },
      },
    ],
    ['less is left of what it may cost than another node costs', 213, {}],
  ])('runs on where the rung is over, though %s', async (_, minutes, more) => {
    const far = between()
    town = await openTown({ at: TURN - 12 * HOUR, config: BIG, wrap: far.wrap })
    await trains(town, minutes + 11)
    await town.advance(minutes * MINUTE)
    far.fails('cluster', 'not-allowed', { name: 'patch' })
    town.setPolicy(withBudget(BIG, 20))
    await crossed()
    expect(await isSuspended(town)).toBe(false)
    town.setPolicy({ ...BIG, ...more } as never)
    await town.until('it is through', async () => (await texts()).some((text) => text.includes('train_loss')))
    const all = await texts()
    expect(
      all.slice(
        0,
        all.findIndex((text) => text.includes('train_loss')),
      ),
    ).not.toContainEqual(expect.stringMatching(/^(ends|failed|attempt)/))
  })
})
