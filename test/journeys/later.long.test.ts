import { afterEach, describe, expect, it } from 'vitest'
import type { Question } from '../../core/lane/question.ts'
import { spentSum } from '../../core/lane/room.ts'
import { readRow } from '../../flows/rows.ts'
import example from '../example.ts'
import { type Between, between } from './away.ts'
import { HOUR, jobsOf, looseEnds, MINUTE, say, TRAIN, timeline, upload } from './scenes.ts'
import { ANA, openTown, START, type Town } from './town.ts'

let town: Town
let far: Between
afterEach(() => town.close())

/** 12:00 UTC on a Monday is 13:00 in Berlin: nights begin in 7 hours and end in 17. */
const OPENS = START + 7 * HOUR
const NIGHT = {
  instanceType: 'p5.48xlarge',
  gpusPerNode: 8,
  maxGpus: 0,
  hours: { zone: 'Europe/Berlin', ceilings: [{ from: '20:00', to: '06:00', maxGpus: 8 }] },
  capacityTypes: ['spot'],
  price: { perNodeHour: 55.04, spot: 22, source: 'AWS price list', date: '2026-11-01' },
}
const withNight = (pool: object = {}) => ({
  ...example,
  pools: { ...example.pools, 'gpu-night': { ...NIGHT, ...pool } },
  pipelines: {
    'support-chats': {
      ...example.pipelines!['support-chats'],
      alternatives: { night: { stages: { train: { pool: 'gpu-night' } }, whenOpens: true } },
    },
  },
})
const told = async () => (await timeline(town)).map(({ text }) => text)

/** A run of which people chose that it begins at night. */
const chosen = async (): Promise<Question> => {
  far = between()
  town = await openTown({ config: withNight(), wrap: far.wrap })
  await town.advance(6 * MINUTE)
  await upload(town, 'a', { simulation: { tasks: { 'fine-tune': { minutes: 60 } } } })
  await town.until('it asks', async () => (await town.question(TRAIN)) !== null)
  const question = (await town.question(TRAIN)) as Question
  await town.house.answer(question.choices?.[0]?.id ?? '', { by: ANA, verdict: 'approve', reason: null })
  await town.advance(MINUTE)
  return question
}

describe('an alternative that begins when its pool opens', () => {
  it('waits until then, holding nothing, and begins by itself, though its approval would have ended before', async () => {
    const question = await chosen()
    expect(question.choices).toMatchObject([{ name: 'night', from: OPENS }])
    expect(await town.lane(TRAIN)).toMatchObject({
      rest: { why: 'not-yet', text: 'waits until 2026-11-23 19:00 UTC, as people chose', until: OPENS },
      run: { phase: 'planned', hold: null },
    })
    await town.advance(OPENS - town.house.clock.now() - MINUTE)
    expect([await jobsOf(town), (await town.held('budget/ml-monthly')).sum]).toEqual([[], 0])
    await town.until('it runs', async () => (await jobsOf(town)).length > 0)
    expect(town.house.clock.now()).toBeLessThan(OPENS + 11 * MINUTE)
    const [job] = await jobsOf(town)
    expect(job?.spec?.template.spec?.nodeSelector).toEqual({ 'karpenter.sh/nodepool': 'gpu-night' })
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded', attempt: 1 })
    expect((await told()).filter((text) => text.startsWith('asked '))).toHaveLength(1)
    expect(await looseEnds(town)).toEqual([])
  })

  it.each([
    [
      'a freeze',
      async (until: number) => void (await town.house.command({ kind: 'freeze', lane: TRAIN, by: ANA, until })),
    ],
    [
      'a ledger that is away',
      async (until: number) => {
        far.fails('ledger', 'away')
        await town.advance(until - town.house.clock.now())
        far.answers('ledger')
      },
    ],
  ])('held up by %s for longer than its answer counts: people are asked again', async (_, holds) => {
    const { bounds } = await chosen()
    const until = OPENS + 5 * HOUR
    expect(bounds.until).toBeLessThan(until)
    await holds(until)
    await town.advance(until + 10 * MINUTE - town.house.clock.now())
    expect(await town.question(TRAIN)).toMatchObject({ state: 'open' })
    expect((await told()).filter((text) => text.includes('held up'))).toHaveLength(1)
    await town.answered(TRAIN)
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded', generation: 1, attempt: 1 })
    expect(await looseEnds(town)).toEqual([])
  })

  it('that has succeeded is asked about by day when it is tried again, for the next night, and begins then', async () => {
    await chosen()
    expect(await town.settled(TRAIN, 30)).toMatchObject({ state: 'succeeded', attempt: 1 })
    // Noon of the next day.
    await town.advance(START + 24 * HOUR - town.house.clock.now())
    expect(await say(town, 'retry', { from: 'train' })).toMatchObject({ ok: true })
    await town.until('it asks', async () => (await town.question(TRAIN)) !== null)
    const next = OPENS + 24 * HOUR
    expect([(await town.plan(TRAIN))?.plan.chosen, (await town.question(TRAIN))?.bounds.from]).toEqual([
      { name: 'night', from: next },
      next,
    ])
    await town.answered(TRAIN)
    await town.advance(next - town.house.clock.now() - MINUTE)
    const jobs = (await jobsOf(town)).length
    await town.until('it runs', async () => (await jobsOf(town)).length > jobs)
    expect(town.house.clock.now()).toBeLessThan(next + 11 * MINUTE)
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded', attempt: 2 })
    expect((await told()).filter((text) => text.startsWith('asked '))).toHaveLength(2)
    expect(await looseEnds(town)).toEqual([])
  })

  it('says so and asks anew where the pool will not open any more', async () => {
    const { openedAt } = await chosen()
    town.setPolicy(withNight({ hours: { ...NIGHT.hours, ceilings: [{ from: '23:00', to: '06:00', maxGpus: 8 }] } }))
    await town.until('it asks anew', async () => ((await town.question(TRAIN))?.openedAt ?? 0) > openedAt)
    expect(town.house.clock.now()).toBeLessThan(START + HOUR)
    expect(await told()).toContainEqual(
      expect.stringMatching(/^its alternative night, which people chose, is not taken: .*ceiling of gpu-night is 0/),
    )
    expect((await town.question(TRAIN))?.choices).toMatchObject([{ name: 'night', from: START + 10 * HOUR }])
  })

  it('is cancelled while it waits, goes on after a restart, and is asked about what is newer once it is over', async () => {
    await chosen()
    await town.reopen()
    await town.advance(10 * MINUTE)
    expect((await town.lane(TRAIN)).rest?.why).toBe('not-yet')
    await say(town, 'cancel')
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'cancelled' })
    await town.close()
    await chosen()
    await upload(town, 'b')
    await town.advance(30 * MINUTE)
    // What people have approved and what waits for its time goes before what they would have to be asked about.
    expect(await town.lane(TRAIN)).toMatchObject({ generation: 1, rest: { why: 'not-yet' } })
    await say(town, 'cancel')
    await town.until('it asks about what is newer', async () => (await town.question(TRAIN)) !== null)
    expect(await town.lane(TRAIN)).toMatchObject({ generation: 2, approved: null })
    await town.advance(OPENS - town.house.clock.now() + HOUR)
    expect(await jobsOf(town)).toEqual([])
    expect(await looseEnds(town)).toEqual([])
  })
})

/** A stage that as a rule takes minutes and at worst longer than the default, for more: the rest of this month has no room for it. */
const withTurns = (dollars: number, p95: number) => ({
  ...example,
  budget: { name: 'ml-monthly', dollars },
  pools: {
    ...example.pools,
    'gpu-late': { ...NIGHT, maxGpus: 8, hours: undefined, price: { ...NIGHT.price, spot: 55.04 } },
  },
  pipelines: {
    'support-chats': {
      ...example.pipelines!['support-chats'],
      alternatives: {
        late: { stages: { train: { pool: 'gpu-late', gpus: 8, hours: { p50: 0.2, p95 } } }, whenTurns: true },
      },
    },
  },
})

describe('an alternative that begins when the budget turns', () => {
  const TURN = Date.UTC(2026, 11, 1)
  const asks = async (): Promise<Question> => {
    await town.until('it asks', async () => (await town.question(TRAIN)) !== null)
    return (await town.question(TRAIN)) as Question
  }

  it('is offered where this month’s has no room for it, waits until then, holding nothing, and begins in the new month', async () => {
    town = await openTown({ at: TURN - 8 * HOUR, config: withTurns(5000, 4) })
    await upload(town, 'a', { simulation: { tasks: { 'fine-tune': { minutes: 60 } } } })
    const first = await asks()
    // While there is room it may begin at once.
    expect(first.choices).toMatchObject([{ name: 'late' }])
    expect(first.choices?.[0]).not.toHaveProperty('from')
    await town.house.answer(first.id, { by: ANA, verdict: 'approve', reason: null })
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded' })
    const row = await readRow(town.house.ports.ledger, 'sum', spentSum('ml-monthly', town.house.clock.now()))
    const spent = (row?.value.n ?? 0) / 100
    const late = first.choices?.[0]?.bounds.dollars ?? 0
    town.setPolicy(withTurns(spent + late - 1, 4))
    await upload(town, 'b', { simulation: { tasks: { 'fine-tune': { minutes: 60 } } } })
    const { choices, openedAt } = await asks()
    expect(choices).toMatchObject([{ name: 'late', from: TURN }])
    await town.house.answer(choices?.[0]?.id ?? '', { by: ANA, verdict: 'approve', reason: null })
    await town.advance(MINUTE)
    expect(await town.lane(TRAIN)).toMatchObject({ rest: { why: 'not-yet', until: TURN }, run: { hold: null } })
    await town.advance(TURN - town.house.clock.now() - MINUTE)
    const before = (await jobsOf(town)).length
    expect((await town.held('budget/ml-monthly')).sum).toBe(0)
    await town.until('it runs', async () => (await jobsOf(town)).length > before)
    expect(town.house.clock.now()).toBeLessThan(TURN + 11 * MINUTE)
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded', generation: 2, attempt: 1 })
    expect((await town.question(TRAIN))?.openedAt ?? openedAt).toBe(openedAt)
    expect(await looseEnds(town)).toEqual([])
    // Tried again it waits for no other month: the default has room now.
    await town.house.command({ kind: 'retry', lane: TRAIN, by: ANA, from: 'train' } as never)
    await town.advance(MINUTE)
    expect((await town.plan(TRAIN))?.plan.bounds).not.toHaveProperty('from')
  })
})

it('what people chose begins when it opens, though the ladder has got a rung meanwhile that may suspend it', async () => {
  const question = await chosen()
  const { budget, pipelines } = withNight()
  const [train, ...others] = pipelines['support-chats'].stages ?? []
  const stages = [{ ...train, preemptible: true }, ...others]
  const suspends = {
    ...withNight(),
    budget: { ...budget, ladder: [{ at: 0.99, do: 'suspend-preemptible' }] },
    pipelines: { 'support-chats': { ...pipelines['support-chats'], stages } },
  }
  town.setPolicy(suspends as never)
  await town.advance(OPENS - town.house.clock.now() + 30 * MINUTE)
  const [job] = await jobsOf(town)
  expect(job?.spec?.template.spec?.nodeSelector).toEqual({ 'karpenter.sh/nodepool': 'gpu-night' })
  expect((await told()).filter((text) => text.startsWith('asked '))).toHaveLength(1)
  // Its plan has room for another node, and what was approved binds it all the same.
  const { hold } = (await town.lane(TRAIN)).run ?? {}
  expect(hold?.dollars).toBeLessThanOrEqual(question.choices?.[0]?.bounds.dollars ?? 0)
})
