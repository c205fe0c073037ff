import { afterEach, describe, expect, it } from 'vitest'
import { spendOf } from '../../flows/sums.ts'
import { promote, registerVersion } from '../../local/scenario.ts'
import example from '../example.ts'
import { BUDGET, laddered, laddersOf } from './ladder.ts'
import { HOUR, MINUTE, MODEL, SERVE, served, TRAIN, upload } from './scenes.ts'
import { BEN, openTown, type Town } from './town.ts'

let town: Town
/** Eight hours before the month turns. */
const LATE = Date.UTC(2026, 10, 30, 16)
afterEach(() => town.close())
/** Nobody is asked about a training. */
const unasked = { ...example.approvals, autoApproveBelow: 1e9 }

describe('ask-always', () => {
  it('asks about what would have been approved by itself, and says why; afterwards nobody is asked again', async () => {
    const config = laddered(1000, [{ at: 0.02, do: 'ask-always' }], { approvals: unasked })
    town = await openTown({ at: LATE, config })
    await upload(town, 'a')
    await town.settled(TRAIN)
    await town.advance(HOUR)
    expect([await laddersOf(town).rungs(), (await town.past(TRAIN)).length]).toEqual([['ask-always'], 1])
    await upload(town, 'b')
    await town.advance(MINUTE)
    expect(await town.lane(TRAIN)).toMatchObject({ generation: 2, run: { phase: 'asked' } })
    expect((await town.plan(TRAIN))?.plan.approval).toMatchObject({
      required: true,
      why: expect.stringMatching(/^ask-always: \$2\d\.\d\d of nodes have crossed 2 % of ml-monthly \(\$1,000\.00\)/),
    })
    await town.answered(TRAIN)
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded', generation: 2 })
    // A budget of which this is less than a share lets go within minutes.
    town.setPolicy({ ...config, budget: { ...config.budget, dollars: 10_000 } })
    await town.advance(10 * MINUTE)
    expect(await laddersOf(town).rungs()).toEqual([])
    await upload(town, 'c')
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded', generation: 3 })
  })
})

describe('no-new-runs', () => {
  const ladder = [{ at: 0.02, do: 'no-new-runs' }]

  it('is over with a budget that is raised, or without the rung, for all that wait; what was approved meanwhile is asked about again where its time is over', async () => {
    const config = laddered(1000, ladder)
    town = await openTown({ at: LATE - 12 * HOUR, config })
    await upload(town, 'a')
    await town.answered(TRAIN)
    await town.until('it is crossed', async () => (await laddersOf(town).rungs()).length > 0)
    await town.settled(TRAIN)
    const { ladder: _, ...bare } = config.budget
    town.setPolicy({ ...config, budget: bare })
    await upload(town, 'b')
    await town.until('it asks', async () => (await town.question(TRAIN)) !== null)
    town.setPolicy(config)
    await town.advance(10 * MINUTE)
    await town.answered(TRAIN)
    await town.advance(6 * HOUR)
    expect(await town.lane(TRAIN)).toMatchObject({ generation: 2, rest: { why: 'rung' } })
    town.setPolicy({ ...config, budget: { ...config.budget, dollars: 10_000 } })
    await town.advance(10 * MINUTE)
    expect(await town.lane(TRAIN)).toMatchObject({ generation: 2, run: { phase: 'asked' } })
    await town.answered(TRAIN)
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded', generation: 2 })
  })

  it('keeps nothing back in shadow, and says what it would', async () => {
    const config = laddered(1000, ladder, { approvals: unasked })
    town = await openTown({ at: LATE, config: { ...config, budget: { ...config.budget, mode: 'shadow' } } })
    for (const name of ['a', 'b']) {
      await upload(town, name)
      expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded' })
    }
    expect((await spendOf(town.house.ports, town.policy, town.house.clock.now())).rungs).toMatchObject([
      { name: 'no-new-runs', state: 'shadow', text: expect.stringContaining('would be in force since') },
    ])
  })

  it('lets a version take another’s place', async () => {
    const config = laddered(1000, [{ at: 0.0001, do: 'no-new-runs' }], { approvals: unasked })
    const { ladder: _, ...bare } = config.budget
    town = await openTown({ at: LATE, config: { ...config, budget: bare } })
    await served(town)
    town.setPolicy(config)
    await town.advance(10 * MINUTE)
    expect(await laddersOf(town).rungs()).toEqual(['no-new-runs'])
    await promote(town.house, MODEL, await registerVersion(town.house, { model: MODEL, tags: { n: '2' } }))
    await town.until('it asks', async () => (await town.question(SERVE)) !== null)
    await town.answered(SERVE)
    expect(await town.settled(SERVE)).toMatchObject({ state: 'succeeded', generation: 2 })
  })
})

describe('a person’s word', () => {
  const config = laddered(1000, [{ at: 0.02, do: 'no-new-runs' }], { approvals: unasked })
  const lift = (rung: string) => town.house.command({ kind: 'lift', rung, by: BEN, why: 'the demo is on Friday' })

  it('lifts a rung until the month turns, asked about whatever it costs, and what waited begins', async () => {
    town = await openTown({ at: LATE - 4 * HOUR, config })
    await upload(town, 'a')
    await town.settled(TRAIN)
    await town.until('it is crossed', async () => (await laddersOf(town).rungs()).length > 0)
    expect(await lift('cap-pools')).toMatchObject({ ok: false, detail: expect.stringContaining('no-new-runs is') })
    await upload(town, 'b')
    await town.advance(MINUTE)
    expect(await town.lane(TRAIN)).toMatchObject({ rest: { why: 'rung' } })
    expect(await lift('no-new-runs')).toMatchObject({ ok: true, detail: expect.stringContaining('people are asked') })
    expect((await town.plan(BUDGET))?.plan).toMatchObject({
      title: 'Lift no-new-runs of ml-monthly until 2026-12-01 00:00 UTC',
      approval: { required: true },
      reasons: expect.arrayContaining(['asked for, in their words: the demo is on Friday']),
    })
    expect(await lift('no-new-runs')).toMatchObject({ ok: false, detail: expect.stringContaining('being asked about') })
    expect(await town.lane(TRAIN)).toMatchObject({ rest: { why: 'rung' } })
    await town.answered(BUDGET)
    // It is told, and need not be found.
    await town.advance(MINUTE)
    expect((await town.lane(TRAIN)).run?.phase).toBe('steps')
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded', generation: 2 })
    expect(town.house.clock.now()).toBeLessThan(Date.UTC(2026, 11, 1))
    const { rungs } = await spendOf(town.house.ports, town.policy, town.house.clock.now())
    expect(rungs).toMatchObject([{ name: 'no-new-runs', state: 'lifted' }])
    expect((await town.held(BUDGET)).lanes).toEqual({})
    // It stays lifted however much more is spent, and the next month knows nothing of it.
    await upload(town, 'c')
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded', generation: 3 })
    await town.advance(Date.UTC(2026, 11, 1) - town.house.clock.now() + 10 * MINUTE)
    expect(await laddersOf(town).rungs()).toEqual([])
  })

  it('lifts nothing where people say no, where there is nothing to lift, or in shadow', async () => {
    town = await openTown({ at: LATE - 4 * HOUR, config })
    expect(await lift('no-new-runs')).toMatchObject({
      ok: false,
      detail: expect.stringMatching(/is not in force, and nothing else is/),
    })
    await upload(town, 'a')
    await town.settled(TRAIN)
    await town.until('it is crossed', async () => (await laddersOf(town).rungs()).length > 0)
    await lift('no-new-runs')
    await town.answered(BUDGET, 'deny')
    await upload(town, 'b')
    await town.advance(HOUR)
    expect(await town.lane(TRAIN)).toMatchObject({ rest: { why: 'rung' } })
    town.setPolicy({ ...config, budget: { ...config.budget, mode: 'shadow' } })
    expect(await lift('no-new-runs')).toMatchObject({ ok: false, detail: expect.stringContaining('shadow') })
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded', generation: 2 })
    town.setPolicy(example)
    expect(await lift('no-new-runs')).toMatchObject({ ok: false, detail: expect.stringContaining('has no ladder') })
  })
})

describe('rungs together', () => {
  const both = [
    { at: 0.01, do: 'ask-always' },
    { at: 0.02, do: 'no-new-runs' },
  ]

  it('let go together: what waited under both begins without asking anybody', async () => {
    town = await openTown({ at: LATE, config: laddered(1000, both, { approvals: unasked }) })
    await upload(town, 'a')
    await town.until('both are crossed', async () => (await laddersOf(town).rungs()).length === 2)
    await town.until('it is done', async () => (await town.past(TRAIN)).length > 0)
    await upload(town, 'b')
    await town.advance(HOUR)
    expect(await town.lane(TRAIN)).toMatchObject({ rest: { why: 'rung' }, run: { question: null } })
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded', generation: 2 })
    expect((await town.run(TRAIN))?.asked).toBe(0)
  })

  it('are nobody’s once the ladder is gone: who rests on one goes on, though its lane says nothing any more', async () => {
    const config = laddered(1000, both, { approvals: unasked })
    town = await openTown({ at: LATE - 12 * HOUR, config })
    await upload(town, 'a')
    await town.until('both are crossed', async () => (await laddersOf(town).rungs()).length === 2)
    await town.until('it is done', async () => (await town.past(TRAIN)).length > 0)
    await upload(town, 'b')
    await town.advance(HOUR)
    expect(await town.lane(TRAIN)).toMatchObject({ rest: { why: 'rung' } })
    const { ladder: _, ...bare } = config.budget
    town.setPolicy({ ...config, budget: bare })
    await town.advance(11 * MINUTE)
    expect((await town.lane(TRAIN)).run?.phase).toBe('steps')
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded', generation: 2 })
  })
})
