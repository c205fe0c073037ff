import { afterEach, describe, expect, it } from 'vitest'
import { refOf } from '../../core/kube.ts'
import example from '../example.ts'
import { between } from './away.ts'
import { laddersOf } from './ladder.ts'
import { HOUR, looseEnds, MINUTE, TRAIN, timeline, upload } from './scenes.ts'
import { isSuspended, preemptible, suspending, trainJob, trains, whyTrain } from './suspended.ts'
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

describe('what a rung had suspended, where the policy asks for more, and less is left than another node and the time of an answer', () => {
  const all = preemptible()
  const asks = { ...BIG, pipelines: { 'support-chats': { ...all['support-chats'], onBound: 'ask' as const } } }
  const POOR = withBudget(asks, 20)
  const held = async () => (await town.held('budget/ml-monthly')).sum / 100
  const asked = () => town.until('people are asked', async () => (await town.question(TRAIN)) !== null)
  /** Suspended 20 min after people were asked, for an hour; then the rung is over. */
  const suspendedLate = async (minutes: number): Promise<number> => {
    town = await openTown({ at: TURN - 60 * HOUR, config: asks })
    await trains(town, minutes)
    const before = await held()
    await asked()
    await town.advance(20 * MINUTE)
    town.setPolicy(POOR)
    await crossed()
    await town.advance(HOUR)
    expect([await isSuspended(town), await town.question(TRAIN), await held()]).toEqual([true, null, before])
    town.setPolicy(asks)
    return before
  }

  it('waits for people, who are asked for its hours and the node, costs nothing meanwhile, and goes on with their yes', async () => {
    const before = await suspendedLate(300)
    await asked()
    expect((await town.question(TRAIN))?.more).toEqual({
      ...{ dollars: 194.47, step: 'train', starts: true },
      why: expect.stringMatching(
        /stands still at .* another node, reckoned at \$29.35, and \$23.\d\d of \$253.18 are left. It waits for your answer, and is ended at \$253.18 at the latest unless/,
      ),
    })
    expect(await held()).toBeCloseTo(before + 194.47, 2)
    const { metadata } = await trainJob(town)
    const cost = await laddersOf(town).spent()
    await town.advance(2 * HOUR)
    expect([await isSuspended(town), await laddersOf(town).spent()]).toEqual([true, cost])
    expect(await whyTrain(town)).toContain('people are asked for $194.47 more before it goes on: waits for')
    await town.answered(TRAIN)
    await town.until('it runs', async () => (await town.lane(TRAIN)).run?.steps[0]?.ranFrom != null)
    // From then on it is as any that runs: it is asked about once more, as its Job may run for so long.
    await asked()
    expect((await town.question(TRAIN))?.more).not.toHaveProperty('starts')
    await town.answered(TRAIN)
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded', attempt: 1 })
    expect((await trainJob(town)).metadata.uid).toBe(metadata.uid)
    await town.advance(30 * MINUTE)
    expect(await laddersOf(town).spent()).toBeLessThan(253.18 + 194.47 + 108.24)
    expect(await looseEnds(town)).toEqual([])
  })

  it.each([
    ['says no', () => town.answered(TRAIN, 'deny')],
    ['answers', async () => {}],
  ])('ends where nobody %s', async (_, answer) => {
    const before = await suspendedLate(24 * 60)
    await asked()
    await answer()
    await town.until('it asks no more', async () => (await town.question(TRAIN)) === null, 30)
    const { state, outcome } = await town.settled(TRAIN)
    expect([state, outcome?.reason]).toEqual(['failed', 'bound-reached'])
    expect(await laddersOf(town).spent()).toBeLessThan(before)
    expect(await looseEnds(town)).toEqual([])
  })

  it('is asked about again where the rung has come back meanwhile, and not where the budget has no room', async () => {
    const before = await suspendedLate(24 * 60)
    await asked()
    town.setPolicy(POOR)
    await town.until('it is closed', async () => (await town.question(TRAIN)) === null)
    expect([await isSuspended(town), await held()]).toEqual([true, before])
    town.setPolicy(asks)
    await asked()
    expect(await isSuspended(town)).toBe(true)
    town.setPolicy(POOR)
    await town.until('it is closed', async () => (await town.question(TRAIN)) === null)
    town.setPolicy({ ...asks, budget: { ...asks.budget, dollars: before + 10, ladder: [{ at: 1, do: 'notify' }] } })
    expect((await town.settled(TRAIN)).outcome?.detail).toMatch(
      /nothing is left for .* the budget, which had no room for more/,
    )
    expect(await texts()).toContain('nobody is asked for more: its budget has no room for that')
  })

  it('is suspended again where somebody lets it go by hand meanwhile, and people are asked on', async () => {
    await suspendedLate(24 * 60)
    await asked()
    const before = await town.question(TRAIN)
    const job = await trainJob(town)
    await town.house.cluster.patch(refOf(job), job.metadata.uid ?? '', { spec: { suspend: false } } as never)
    await town.advance(10 * MINUTE)
    expect([await isSuspended(town), (await town.question(TRAIN))?.id]).toEqual([true, before?.id])
    await town.answered(TRAIN)
    await town.until('it runs', async () => (await town.lane(TRAIN)).run?.steps[0]?.ranFrom != null)
    expect((await trainJob(town)).metadata.uid).toBe(job.metadata.uid)
  })

  it('is ended at once where its pool was edited, whoever is asked', async () => {
    await suspendedLate(24 * 60)
    await asked()
    const pool = { ...example.pools['gpu-train'], instanceType: 'p5e.48xlarge' }
    town.setPolicy({ ...asks, pools: { ...example.pools, 'gpu-train': pool } } as never)
    await town.until('it is ended', async () => (await town.past(TRAIN)).length > 0)
    expect((await town.past(TRAIN))[0]?.outcome).toMatchObject({ reason: 'other-machines' })
  })
})

describe('a stage that was planned to have the node of the one before it', () => {
  it('is reckoned a node each time that it goes on, though its plan says of none: it is ended before it costs more than it may', async () => {
    const staged = (is: boolean) => {
      const [pipeline] = Object.values(preemptible(false, is))
      const [train, evaluate, ...others] = pipeline?.stages ?? []
      const long = { ...evaluate, gpus: 8, hours: { p50: 2, p95: 3 } }
      return { 'support-chats': { ...pipeline, stages: [train, long, ...others] } }
    }
    const { ladder: _, ...budget } = BIG.budget
    town = await openTown({ at: TURN - 100 * HOUR, config: { ...BIG, budget, pipelines: staged(false) } })
    await upload(town, 'a', { simulation: { tasks: { 'fine-tune': { minutes: 170 }, evaluate: { minutes: 170 } } } })
    await town.until('it evaluates', async () => (await town.lane(TRAIN)).run?.steps[1]?.ranFrom != null)
    const most = (await town.plan(TRAIN))?.plan.bounds.dollars ?? 0
    const rich = { ...BIG, pipelines: staged(true) }
    for (let cycle = 0; cycle < 12 && (await town.lane(TRAIN)).run !== null; cycle++) {
      town.setPolicy(withBudget(rich, 20))
      await crossed()
      await town.advance(40 * MINUTE)
      town.setPolicy(rich)
      await town.advance(12 * MINUTE)
    }
    expect((await town.settled(TRAIN)).outcome?.reason).toBe('bound-reached')
    await town.advance(30 * MINUTE)
    expect(await laddersOf(town).spent()).toBeLessThan(most)
  })
})
