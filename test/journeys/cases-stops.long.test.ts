import { afterEach, describe, expect, it } from 'vitest'
import { promote, registerVersion } from '../../local/scenario.ts'
import example from '../example.ts'
import { piped } from '../variants.ts'
import { between } from './away.ts'
import {
  everyJob,
  HOUR,
  jobsOf,
  looseEnds,
  MINUTE,
  MODEL,
  replicasOf,
  SERVE,
  say,
  served,
  stepIs,
  TRAIN,
  timeline,
  trainedUntil,
  upload,
  versionsOf,
} from './scenes.ts'
import { ANA, openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())

const freeze = (lane: string, hours = 100) =>
  town.house.command({ kind: 'freeze', lane, until: town.house.clock.now() + hours * HOUR, by: ANA })
const thaw = (lane: string) => town.house.command({ kind: 'thaw', lane, by: ANA })

describe('cancel reaches what runs (F)', () => {
  it('a newer dataset waits: what runs is cancelled, the waiting one goes on and is asked about', async () => {
    town = await openTown()
    await trainedUntil(town, 'train', 'running')
    await town.advance(MINUTE)
    await upload(town, 'b')
    expect(await say(town, 'cancel')).toMatchObject({ ok: true, detail: expect.stringContaining('generation 2') })
    await town.until(
      'the first is cancelled',
      async () => (await town.run(TRAIN, 1))?.outcome?.kind === 'cancelled',
      0.2,
    )
    expect(await jobsOf(town)).toEqual([])
    await town.answered(TRAIN)
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded', generation: 2 })
    expect(await looseEnds(town)).toEqual([])
  })

  it('a newer dataset waits and is cancelled: what runs goes on to its end, and the newer one stays cancelled', async () => {
    town = await openTown()
    await trainedUntil(town, 'train', 'running')
    await town.advance(MINUTE)
    await upload(town, 'b')
    expect(await say(town, 'cancel', { wanted: true })).toMatchObject({ ok: true })
    await town.until('the first is done', async () => (await town.lane(TRAIN)).run === null)
    expect((await town.run(TRAIN, 1))?.outcome?.kind).toBe('succeeded')
    await town.advance(2 * HOUR)
    expect(await town.lane(TRAIN)).toMatchObject({ state: 'cancelled', generation: 2, run: null })
    expect(await say(town, 'retry')).toMatchObject({ ok: true })
    await town.answered(TRAIN)
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded', generation: 2, attempt: 2 })
  })

  it('cancelled, and a newer dataset arrives before its Job is gone: both are heeded', async () => {
    town = await openTown()
    await trainedUntil(town, 'train', 'running')
    await town.advance(MINUTE)
    const saying = say(town, 'cancel')
    await upload(town, 'b')
    expect(await saying).toMatchObject({ ok: true })
    await town.answered(TRAIN)
    expect((await town.run(TRAIN, 1))?.outcome?.kind).toBe('cancelled')
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded', generation: 2 })
    expect((await jobsOf(town)).every(({ metadata }) => metadata.name.includes('-g2a1-'))).toBe(true)
  })

  it('a newer dataset arrives, then the older one is cancelled as somebody saw it: "no longer so" where it is over', async () => {
    town = await openTown()
    await upload(town, 'a')
    const far = town.house.ports
    const { leaveCommand } = await import('../../flows/letters.ts')
    const saw = { generation: 1, attempt: 1 }
    await town.advance(MINUTE)
    await upload(town, 'b')
    await leaveCommand(far, { kind: 'cancel', lane: TRAIN, by: ANA, saw, from: null, wanted: false }, 'late')
    await town.advance(MINUTE)
    expect((await timeline(town)).at(-1)?.data).toMatchObject({ became: 'refused', reason: 'no-longer-so' })
    expect(await town.question(TRAIN)).not.toBeNull()
  })

  it('too late: the run ended in the moment before, and that is what the answer says', async () => {
    town = await openTown()
    await trainedUntil(town, 'evaluate', 'running')
    const { leaveCommand } = await import('../../flows/letters.ts')
    await town.settled(TRAIN)
    const saw = { generation: 1, attempt: 1 }
    await leaveCommand(
      town.house.ports,
      { kind: 'cancel', lane: TRAIN, by: ANA, saw, from: null, wanted: false },
      'late',
    )
    await town.advance(1000)
    expect((await timeline(town)).at(-1)?.data).toMatchObject({
      became: 'refused',
      reason: 'nothing-in-progress',
      detail: expect.stringContaining('succeeded'),
    })
    expect(await versionsOf(town)).toHaveLength(1)
  })

  it('said twice: the second time is as the first', async () => {
    town = await openTown()
    await trainedUntil(town, 'train', 'running')
    const [first, second] = await Promise.all([say(town, 'cancel'), say(town, 'cancel')])
    expect([first.ok, second.ok]).toEqual([true, true])
    expect((await town.settled(TRAIN)).state).toBe('cancelled')
    expect(await town.past(TRAIN)).toHaveLength(1)
  })

  it('while the cluster is away: acknowledged, said to wait for it, and done when it answers', async () => {
    const far = between()
    town = await openTown({ wrap: far.wrap })
    await trainedUntil(town, 'train', 'running')
    far.fails('cluster', 'away')
    expect(await say(town, 'cancel')).toMatchObject({ ok: true })
    await town.advance(20 * MINUTE)
    expect(await town.house.why(TRAIN)).toMatchObject({ why: 'unavailable', side: 'cluster' })
    expect(Object.keys((await town.held('pool/gpu-train')).lanes)).toEqual([TRAIN])
    far.answers('cluster')
    expect((await town.settled(TRAIN, 0.2)).state).toBe('cancelled')
    expect(await looseEnds(town)).toEqual([])
  })

  it.each(['away', 'lost'] as const)(
    'before its Job was seen made (%s): what may have been made is taken away',
    async (how) => {
      const far = between()
      town = await openTown({ wrap: far.wrap })
      const made = await everyJob(town)
      await upload(town)
      far.fails('cluster', how, { name: 'create' })
      await town.answered(TRAIN)
      await town.advance(MINUTE)
      expect(await say(town, 'cancel')).toMatchObject({ ok: true })
      far.answers('cluster')
      expect((await town.settled(TRAIN, 1)).state).toBe('cancelled')
      expect(await jobsOf(town)).toEqual([])
      expect(made().length).toBe(how === 'lost' ? 1 : 0)
    },
  )

  it('a rollout on its way back cannot be cancelled, and says what it is ending by', async () => {
    town = await openTown()
    await served(town)
    await promote(
      town.house,
      MODEL,
      await registerVersion(town.house, { model: MODEL, simulation: { loadMinutes: 2 } }),
    )
    await town.answered(SERVE)
    await town.until('both stand', async () => Object.keys(await replicasOf(town)).length === 2)
    expect(await say(town, 'cancel', { lane: SERVE })).toMatchObject({ ok: true })
    expect(await say(town, 'cancel', { lane: SERVE })).toMatchObject({
      ok: false,
      detail: expect.stringContaining('cancelled'),
    })
    expect((await town.settled(SERVE)).state).toBe('cancelled')
    expect(await replicasOf(town)).toEqual({ 1: 2 })
    await town.advance(HOUR)
    expect(await town.lane(SERVE)).toMatchObject({ state: 'cancelled', held: { reason: 'held-cancelled' } })
  })
})

describe('freeze and thaw (F)', () => {
  it('thaw wakes a run that rests with a hold at once', async () => {
    town = await openTown()
    await trainedUntil(town, 'train', 'running')
    await freeze('*')
    await town.until('training is done', stepIs(town, TRAIN, 'train', 'done'))
    await town.advance(2 * HOUR)
    expect(await town.house.why(TRAIN)).toMatchObject({ why: 'frozen' })
    expect((await town.lane(TRAIN)).run?.hold).not.toBeNull()
    const then = town.house.clock.now()
    expect(await thaw('*')).toMatchObject({ ok: true })
    await town.until('it evaluates', stepIs(town, TRAIN, 'evaluate', 'running'), 0.01)
    expect(town.house.clock.now() - then).toBeLessThan(MINUTE)
  })

  it('before the first effect nothing is held; a cancel is heeded meanwhile, and a newer dataset once what was approved is over', async () => {
    town = await openTown()
    await upload(town)
    await freeze(TRAIN)
    await town.answered(TRAIN)
    await town.advance(10 * MINUTE)
    expect(await town.held('pool/gpu-train')).toEqual({ lanes: {}, sum: 0 })
    await upload(town, 'b')
    await town.advance(10 * MINUTE)
    expect(await town.lane(TRAIN)).toMatchObject({ generation: 1, outcome: null })
    expect(await say(town, 'cancel')).toMatchObject({ ok: true })
    expect((await town.settled(TRAIN, 0.1)).state).toBe('cancelled')
    expect((await town.run(TRAIN, 1, 1))?.outcome?.kind).toBe('cancelled')
    await town.answered(TRAIN)
    await town.advance(10 * MINUTE)
    expect(await town.lane(TRAIN)).toMatchObject({ generation: 2, outcome: null })
  })

  it('a run that waits for room and is frozen waits on when it is thawed', async () => {
    const config = {
      ...example,
      pools: { ...example.pools, 'gpu-train': { ...example.pools['gpu-train'], maxGpus: 8 } },
      pipelines: { 'support-chats': piped(), other: piped({ prefix: 'other/' }) },
    }
    town = await openTown({ config })
    await trainedUntil(town, 'train', 'running', { simulation: { minutes: 60 } })
    await upload(town, 'a', { folder: 'other/a/' })
    await town.answered('pipeline/other')
    expect(await town.house.why('pipeline/other')).toMatchObject({ why: 'no-room' })
    await freeze('pipeline/other')
    await town.settled(TRAIN)
    await town.advance(HOUR)
    expect(await town.house.why('pipeline/other')).toMatchObject({ why: 'frozen' })
    await thaw('pipeline/other')
    expect((await town.settled('pipeline/other', 2)).state).toBe('succeeded')
    expect(await looseEnds(town)).toEqual([])
  })

  it('ends by itself at its time, though nobody says thaw', async () => {
    town = await openTown()
    await upload(town)
    await freeze(TRAIN, 2)
    await town.answered(TRAIN)
    await town.advance(2 * HOUR + MINUTE)
    expect((await town.lane(TRAIN)).run?.steps[0]?.state).toBe('running')
  })
})
