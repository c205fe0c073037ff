import { afterEach, describe, expect, it } from 'vitest'
import { config, drifting, nowOf, tellOf, watched } from './drifting.ts'
import { DAY, everyJob, HOUR, looseEnds, MINUTE, TRAIN, timeline, upload } from './scenes.ts'
import { ANA, BEN, openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())

const nightly = { cron: '0 2 * * *', zone: 'Europe/Berlin' }
/** What drift, the clock and people begin, unasked where nothing else is said. */
const configOf = (over: { on?: object; maxGpus?: number; approvals?: object; gate?: number } = {}) => {
  const { on = {}, maxGpus = 16, approvals = {}, gate = 0 } = over
  const pipeline = structuredClone(drifting) as { on: object; stages: { gates?: object[] }[] }
  Object.assign(pipeline.stages[1] ?? {}, { gates: [{ metric: 'score', op: '>=', value: gate }] })
  return {
    ...config,
    services: watched({ coolDown: '1h' }),
    pools: { ...config.pools, 'gpu-train': { ...config.pools?.['gpu-train'], maxGpus } },
    pipelines: { 'support-chats': { ...pipeline, on: { ...pipeline.on, ...on } } },
    approvals: { ...config.approvals, ...approvals },
  }
}
const opened = async (over: Parameters<typeof configOf>[0] = {}): Promise<void> => {
  town = await openTown({ config: configOf(over) as never })
}
/** At this time of the night after the first day. */
const at = (hour: number, minute = 0) => town.advance(Date.UTC(2026, 10, 24, hour, minute) - nowOf(town))
const runOf = (set?: object) =>
  town.house.command({ kind: 'run', lane: TRAIN, by: BEN, ...(set === undefined ? {} : { set }) } as never)
const SMOKE = { train: { env: { SMOKE_STEPS: '10' } } }
const titles = async () => (await town.past(TRAIN)).map(({ plan, outcome }) => [plan?.title ?? '', outcome.kind])
const scheduled = expect.stringContaining('as scheduled for 2026-11-24 01:00 UTC')

describe('a time that comes while people are asked about drift on the same', () => {
  const asked = async (): Promise<number> => {
    await opened({ on: { schedule: nightly } })
    await upload(town)
    await town.settled(TRAIN)
    await at(0, 30)
    const since = nowOf(town)
    await tellOf(town, { since })
    await at(1, 15)
    expect((await timeline(town)).map(({ text }) => text)).toContainEqual(
      expect.stringMatching(/^wait: the time 2026-11-24 01:00 UTC has come, and a run on the same has not begun yet/),
    )
    return since
  }

  it.each([
    ['is taken back', async (since: number) => tellOf(town, { since, status: 'resolved', until: nowOf(town) })],
    ['is denied', async () => town.answered(TRAIN, 'deny')],
    ['is answered by nobody', async () => town.advance(4 * HOUR)],
  ])('has its own run where that %s', async (_, ends) => {
    await ends(await asked())
    await at(12)
    expect(await titles()).toContainEqual([scheduled, 'succeeded'])
    expect(await town.lane(TRAIN)).toMatchObject({ state: 'succeeded', generation: 3 })
    expect(await looseEnds(town)).toEqual([])
  })

  it('is that one’s where people agree: one night, one run', async () => {
    await asked()
    await town.answered(TRAIN)
    await at(20)
    expect((await titles()).map(([, kind]) => kind)).toEqual(['succeeded', 'succeeded'])
    expect(await town.lane(TRAIN)).toMatchObject({ state: 'succeeded', generation: 2 })
  })
})

describe('a run that is told otherwise than the policy says', () => {
  it('uses up no time of the schedule', async () => {
    await opened({ on: { schedule: nightly }, approvals: { autoApproveBelow: 0 } })
    await upload(town)
    await town.answered(TRAIN)
    await town.settled(TRAIN)
    await at(0, 30)
    expect(await runOf(SMOKE)).toMatchObject({ ok: true })
    await at(1, 10)
    await town.answered(TRAIN, 'deny')
    await town.advance(10 * MINUTE)
    expect((await town.plan(TRAIN))?.plan.title).toEqual(scheduled)
    expect(await town.question(TRAIN)).toMatchObject({ state: 'open' })
  })

  it('is not what drift asks for', async () => {
    await opened()
    await upload(town)
    await town.settled(TRAIN)
    const since = nowOf(town)
    await tellOf(town, { since })
    await runOf(SMOKE)
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded', generation: 2 })
    await town.advance(2 * HOUR)
    expect((await town.lane(TRAIN)).desired).toMatchObject({ drift: { since } })
    expect(await town.question(TRAIN)).toMatchObject({ state: 'open' })
  })

  it('swallows no dataset that was refused before it, which begins after it', async () => {
    await opened({ maxGpus: 0 })
    await upload(town)
    await town.advance(10 * MINUTE)
    await runOf(SMOKE)
    await town.advance(10 * MINUTE)
    town.setPolicy(configOf() as never)
    await town.advance(5 * HOUR)
    const made = (await titles()).filter(([, kind]) => kind === 'succeeded').map(([title]) => title)
    expect(made).toHaveLength(2)
    expect(made.filter((title) => title?.endsWith('asked for by hand'))).toHaveLength(1)
    expect(await town.lane(TRAIN)).toMatchObject({ state: 'succeeded', generation: 1 })
    await town.advance(DAY)
    expect(await titles()).toHaveLength(4)
    expect(await looseEnds(town)).toEqual([])
  })
})

it('a dataset that was refused is asked about after a run over it by hand that nobody answers', async () => {
  const asking = { autoApproveBelow: 0, unknownRequester: 'anyone' }
  await opened({ on: { hand: true }, maxGpus: 0, approvals: asking })
  await upload(town)
  await town.advance(10 * MINUTE)
  // As the policy says it begins by itself.
  expect(await runOf()).toMatchObject({ ok: false, detail: expect.stringMatching(/^its own run comes first/) })
  expect(await runOf(SMOKE)).toMatchObject({ ok: true })
  await town.advance(5 * MINUTE)
  town.setPolicy(configOf({ on: { hand: true }, approvals: asking }) as never)
  await town.advance(5 * HOUR)
  expect(await town.lane(TRAIN)).toMatchObject({ generation: 1 })
  await town.answered(TRAIN)
  await town.advance(5 * HOUR)
  expect(await town.lane(TRAIN)).toMatchObject({ state: 'succeeded', generation: 1 })
  expect(await looseEnds(town)).toEqual([])
})

it('a time that was refused, and gave way to drift that was refused too, begins once it may where that is taken back', async () => {
  await opened({ on: { schedule: nightly } })
  await upload(town)
  await town.settled(TRAIN)
  await at(0, 30)
  town.setPolicy(configOf({ on: { schedule: nightly }, maxGpus: 0 }) as never)
  await at(1, 30)
  const since = nowOf(town)
  await tellOf(town, { since })
  await town.advance(10 * MINUTE)
  expect(await town.lane(TRAIN)).toMatchObject({ state: 'refused', generation: 3 })
  await tellOf(town, { since, status: 'resolved', until: nowOf(town) })
  await town.advance(10 * MINUTE)
  expect(await town.lane(TRAIN)).toMatchObject({ state: 'refused', generation: 2 })
  town.setPolicy(configOf({ on: { schedule: nightly } }) as never)
  await at(12)
  expect((await titles()).filter(([, kind]) => kind === 'succeeded')[1]?.[0]).toEqual(scheduled)
})

describe('drift', () => {
  it('asks where the version was trained on once, though a run since has failed', async () => {
    await opened()
    await upload(town)
    await town.settled(TRAIN)
    town.setPolicy(configOf({ gate: 2 }) as never)
    await runOf()
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'failed', generation: 2 })
    town.setPolicy(configOf() as never)
    await town.advance(2 * HOUR)
    await tellOf(town, { since: nowOf(town) })
    const { approval } = (await town.plan(TRAIN))?.plan ?? {}
    expect(approval).toMatchObject({
      required: true,
      why: expect.stringContaining('a run on the same has ended well'),
    })
  })

  it('trains anew what a gate has found unfit, also after a try at it that was cancelled', async () => {
    await opened({ gate: 2 })
    const made = await everyJob(town)
    await upload(town)
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'failed', kept: [{ step: 'train', unfit: true }] })
    // A person who tries the same again keeps it: the gate may have been what was wrong.
    expect(await town.house.command({ kind: 'retry', lane: TRAIN, by: BEN })).toMatchObject({ ok: true })
    await town.until('it evaluates', async () => (await town.lane(TRAIN)).run?.steps[1]?.ranFrom != null)
    await town.house.command({ kind: 'cancel', lane: TRAIN, by: BEN })
    await town.settled(TRAIN)
    expect(made()).toEqual(['g1a1-evaluate', 'g1a1-train', 'g1a2-evaluate'])
    await town.advance(2 * HOUR)
    await tellOf(town, { since: nowOf(town) })
    expect((await town.plan(TRAIN))?.plan.title).toMatch(/^Fine-tune /)
  })

  it('of more alerts than are remembered begins one run, also once something else has failed since', async () => {
    await opened()
    for (const name of ['a', 'b']) {
      await upload(town, name)
      await town.settled(TRAIN)
    }
    await town.advance(2 * HOUR)
    const since = nowOf(town) - MINUTE
    const alerts = Array.from({ length: 20 }, (_, n) => ({ instance: `f${n}`, since: since + n * 1000 }))
    await tellOf(town, ...alerts)
    await town.answered(TRAIN)
    await town.settled(TRAIN)
    await tellOf(town, ...alerts)
    await upload(town, 'c', { simulation: { tasks: { evaluate: { exitCode: 1 } } } })
    const { generation } = await town.settled(TRAIN)
    for (const _ of [1, 2]) {
      await town.advance(2 * HOUR)
      await tellOf(town, ...alerts)
    }
    expect(await town.lane(TRAIN)).toMatchObject({ generation, state: 'failed' })
  })
})

describe('what people have said of a dataset', () => {
  const ended = {
    refused: async (): Promise<void> => undefined,
    rejected: async () => town.answered(TRAIN, 'deny'),
    cancelled: async () => town.house.command({ kind: 'cancel', lane: TRAIN, by: BEN }),
  }

  it.each([
    ['refused', { unknownRequester: 'refuse' }, 'its own run was refused, and nobody knows who asked for it'],
    ['rejected', { autoApproveBelow: 0 }, 'the last run on the same was denied'],
    ['cancelled', {}, 'the last run on the same was cancelled'],
  ] as const)('counts at night too: where its run was %s, people are asked', async (kind, approvals, why) => {
    await opened({ on: { schedule: nightly }, approvals })
    await upload(town)
    await town.advance(5 * MINUTE)
    await ended[kind]()
    expect(await town.settled(TRAIN)).toMatchObject({ state: kind })
    if (kind !== 'refused') town.setPolicy(configOf({ on: { schedule: nightly } }) as never)
    await at(1, 15)
    expect((await town.plan(TRAIN))?.plan.approval).toMatchObject({ required: true, why: expect.stringContaining(why) })
    expect(await town.question(TRAIN)).toMatchObject({ state: 'open' })
  })

  it.each(['rejected', 'cancelled'] as const)('stands after a small try at it that ended well: %s', async (kind) => {
    const on = { schedule: nightly }
    await opened({ on, approvals: kind === 'rejected' ? { autoApproveBelow: 0 } : {} })
    await upload(town)
    await town.advance(5 * MINUTE)
    await ended[kind]()
    await town.settled(TRAIN)
    town.setPolicy(configOf({ on }) as never)
    expect(await runOf(SMOKE)).toMatchObject({ ok: true })
    await town.advance(MINUTE)
    expect((await town.question(TRAIN)) !== null).toBe(kind === 'rejected')
    if (kind === 'rejected') await town.answered(TRAIN)
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded', generation: 2 })
    await at(1, 15)
    const why = `the last run on the same was ${kind === 'rejected' ? 'denied' : 'cancelled'}`
    expect((await town.plan(TRAIN))?.plan.approval).toMatchObject({ required: true, why: expect.stringContaining(why) })
    // Agreed to and ended well, it is as the policy says: the next night asks nobody.
    await town.answered(TRAIN)
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded', generation: 3 })
    await at(25, 15)
    expect(await town.lane(TRAIN)).toMatchObject({ generation: 4, run: { question: null } })
  })

  it('is not said of it where a small try at it was cancelled', async () => {
    const on = { schedule: nightly }
    await opened({ on, gate: 2 })
    await upload(town)
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'failed' })
    town.setPolicy(configOf({ on }) as never)
    await runOf(SMOKE)
    await town.advance(5 * MINUTE)
    await ended.cancelled()
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'cancelled', generation: 2 })
    await at(1, 15)
    expect(await town.lane(TRAIN)).toMatchObject({ generation: 3, run: { question: null } })
  })

  it('counts for a run by hand, once it was denied; what was cancelled people may run again', async () => {
    for (const [kind, asks] of [
      ['rejected', true],
      ['cancelled', false],
    ] as const) {
      await opened({ approvals: kind === 'rejected' ? { autoApproveBelow: 0 } : {} })
      await upload(town)
      await town.advance(5 * MINUTE)
      await ended[kind]()
      await town.settled(TRAIN)
      town.setPolicy(configOf() as never)
      await runOf()
      await town.advance(MINUTE)
      expect((await town.question(TRAIN)) !== null).toBe(asks)
      if (kind === 'rejected') await town.close()
    }
  })
})

describe('a dataset that Ana has uploaded, and whose own run is refused for now', () => {
  const week = { cron: '0 2 * * 2', zone: 'Europe/Berlin' }
  const approvals = { autoApproveBelow: 0, unknownRequester: 'anyone', requesters: { '000000000000': ANA } }
  const budgeted = (dollars: number) =>
    ({ ...configOf({ on: { schedule: week }, approvals }), budget: { ...config.budget, dollars } }) as never
  const asks = () => town.until('it asks', async () => (await town.question(TRAIN)) !== null)
  const answers = async (by: string, verdict: 'approve' | 'deny') => {
    const { id = '' } = (await town.question(TRAIN)) ?? {}
    const { body } = await town.house.answer(id, { by, verdict, reason: null })
    await town.advance(MINUTE)
    return (body as { refused?: string }).refused
  }

  it('is hers to be agreed to by another, though Ben has denied it, and run it by hand and cancelled that', async () => {
    town = await openTown({ config: budgeted(5000) })
    await upload(town)
    await asks()
    await answers(BEN, 'deny')
    expect(await runOf()).toMatchObject({ ok: true })
    await asks()
    await town.house.command({ kind: 'cancel', lane: TRAIN, by: BEN } as never)
    await at(1, 15)
    expect((await town.lane(TRAIN)).run).toMatchObject({ desired: { requester: ANA, occasion: { kind: 'schedule' } } })
    expect(await answers(ANA, 'approve')).toBe('requester-may-not-approve')
  })

  it.each(['a time of the schedule', 'an alert'])(
    'is hers to be agreed to by another, though %s comes',
    async (what) => {
      town = await openTown({ config: budgeted(50) })
      await upload(town)
      await at(0, 50)
      const since = nowOf(town)
      if (what === 'an alert') await tellOf(town, { since })
      else await at(1, 15)
      expect(await town.lane(TRAIN)).toMatchObject({ generation: 1, state: 'refused' })
      town.setPolicy(budgeted(5000))
      await asks()
      expect((await town.lane(TRAIN)).generation).toBe(1)
      expect(await answers(ANA, 'approve')).toBe('requester-may-not-approve')
      await answers(BEN, 'deny')
      // Denied, what comes of it then is not hers to agree to either.
      await asks()
      expect((await town.lane(TRAIN)).generation).toBe(2)
      expect(await answers(ANA, 'approve')).toBe('requester-may-not-approve')
      expect(await answers(BEN, 'approve')).toBeUndefined()
      expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded', generation: 2 })
      expect(await looseEnds(town)).toEqual([])
    },
  )
})
