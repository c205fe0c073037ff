import { afterEach, describe, expect, it } from 'vitest'
import { spendOf } from '../../flows/sums.ts'
import example from '../example.ts'
import { BUDGET, laddered, laddersOf } from './ladder.ts'
import { HOUR, jobsOf, looseEnds, MINUTE, TRAIN, timeline, upload } from './scenes.ts'
import { openTown, type Town } from './town.ts'

let town: Town
/** Eight hours before the month turns. */
const LATE = Date.UTC(2026, 10, 30, 16)
afterEach(() => town.close())
/** Nobody is asked about a training. */
const unasked = { ...example.approvals, autoApproveBelow: 1e9 }

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

describe('no-new-runs', () => {
  const ladder = [{ at: 0.02, do: 'no-new-runs' }]

  it('lets finish what runs, keeps back what is new without asking anybody, and lets it begin when the month turns', async () => {
    town = await openTown({ at: LATE, config: laddered(1000, ladder, { approvals: unasked }) })
    await upload(town, 'a', { simulation: { tasks: { 'fine-tune': { minutes: 60 } } } })
    await town.until('it is crossed', async () => (await laddersOf(town).rungs()).length > 0)
    expect((await town.lane(TRAIN)).run?.phase).toBe('steps')
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded' })
    await upload(town, 'b')
    await town.advance(HOUR)
    expect(await town.lane(TRAIN)).toMatchObject({
      generation: 2,
      run: { phase: 'planned', hold: null, question: null },
    })
    expect(await town.house.why(TRAIN)).toMatchObject({
      why: 'rung',
      text: expect.stringMatching(
        /^no-new-runs: .* of ml-monthly .*begins by itself once that is over, at 2026-12-01 00:00 UTC/,
      ),
      until: Date.UTC(2026, 11, 1),
    })
    expect((await jobsOf(town)).filter(({ status }) => status?.active === 1)).toEqual([])
    // A newer version takes its place, as with anything that has begun nothing.
    await upload(town, 'c')
    await town.advance(5 * HOUR)
    expect(await town.lane(TRAIN)).toMatchObject({ generation: 3, rest: { why: 'rung' } })
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded', generation: 3 })
    expect(town.house.clock.now()).toBeGreaterThan(Date.UTC(2026, 11, 1))
    expect((await town.past(TRAIN)).map(({ outcome }) => outcome.kind).toSorted()).toEqual([
      'succeeded',
      'succeeded',
      'superseded',
    ])
    expect(await looseEnds(town)).toEqual([])
  })
})
