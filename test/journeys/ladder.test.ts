import { afterEach, describe, expect, it } from 'vitest'
import { spendOf } from '../../flows/sums.ts'
import { BUDGET, laddered, laddersOf } from './ladder.ts'
import { HOUR, MINUTE, TRAIN, timeline, upload } from './scenes.ts'
import { openTown, type Town } from './town.ts'

let town: Town
/** Eight hours before the month turns. */
const LATE = Date.UTC(2026, 10, 30, 16)
afterEach(() => town.close())

describe('a rung of the budget’s ladder', () => {
  it('is told once as the month’s nodes cross it, is shown everywhere, and is over with the month', async () => {
    // An hour of the training’s node is $55.04.
    town = await openTown({
      at: LATE,
      config: laddered(1000, [
        { at: 0.02, do: 'notify' },
        { at: 0.9, do: 'notify' },
      ]),
    })
    const seen = laddersOf(town)
    await upload(town)
    await town.answered(TRAIN)
    await town.settled(TRAIN)
    await town.advance(HOUR)
    expect(await seen.spent()).toBeGreaterThan(20)
    expect(await seen.rungs()).toEqual(['notify@0.02'])
    const told = async () => (await seen.titles()).filter((title) => title.includes('have crossed'))
    expect(await told()).toEqual([
      expect.stringMatching(/^\$2\d\.\d\d of nodes have crossed 2 % of ml-monthly \(\$1,000/),
    ])
    expect((await timeline(town, BUDGET)).map(({ text }) => text)).toEqual([
      expect.stringContaining('have crossed 2 %'),
    ])
    expect((await spendOf(town.house.ports, town.policy, town.house.clock.now())).rungs).toMatchObject([
      { name: 'notify@0.02', state: 'told', dollars: 20 },
      { name: 'notify@0.9', state: 'ahead', since: null },
    ])
    expect(await town.house.why(BUDGET)).toMatchObject({
      why: 'done',
      text: expect.stringMatching(/are spent on nodes.*notify@?.* was told since/),
    })
    await town.advance(Date.UTC(2026, 11, 1) - town.house.clock.now() - HOUR)
    expect(await told()).toHaveLength(1)
    await town.advance(HOUR + 10 * MINUTE)
    expect([await seen.rungs(), await seen.spent()]).toEqual([[], 0])
  })
})
