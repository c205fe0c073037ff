import { afterEach, describe, expect, it } from 'vitest'
import type { Config } from '../../core/policy.ts'
import { uploadDataset } from '../../local/scenario.ts'
import example from '../example.ts'
import { piped } from '../variants.ts'
import { clockOf, emptyPool, fillPool, HOUR, looseEnds, MINUTE, TRAIN, timeline, upload } from './scenes.ts'
import { ANA, openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())

const slow = { simulation: { tasks: { 'fine-tune': { minutes: 150 } } } }
const configOf = (approvals: object, over: object = {}, dollars = 5000) =>
  ({
    ...example,
    pools: { ...example.pools, 'gpu-train': { ...example.pools?.['gpu-train'], maxGpus: 8 } },
    budget: { ...example.budget, dollars },
    pipelines: { 'support-chats': piped(over as never) },
    approvals: { ...example.approvals, ...approvals },
  }) as Config
const keyOf = async () => (await town.lane(TRAIN)).run?.desired
const a = { key: 'support-chats/a/manifest.json' }
const b = { key: 'support-chats/b/manifest.json' }
const ends = async () => (await town.past(TRAIN)).map(({ outcome }) => outcome.kind)

describe('a training that is paid for, where what is newer is to replace it', () => {
  const free = { autoApproveBelow: 1e9 }
  const replaces = { onNewer: 'replace' }
  const trainingOnA = async () => {
    town = await openTown({ config: configOf(free, replaces) })
    await upload(town, 'a', slow)
    await town.until('it works', async () => (await town.lane(TRAIN)).run?.steps[0]?.ranFrom != null)
    await town.advance(HOUR)
  }

  it.each<[string, Config]>([
    ['is refused on paper', configOf({ ...free, unknownRequester: 'refuse' }, replaces)],
    ['has no room in the budget', configOf(free, replaces, 240)],
    ['is to be asked about', configOf({ autoApproveBelow: 0 }, replaces)],
  ])('goes on where the newer one %s, and ends for it once that may begin', async (_, policy) => {
    await trainingOnA()
    town.setPolicy(policy)
    await upload(town, 'b')
    await town.advance(20 * MINUTE)
    expect(await town.lane(TRAIN)).toMatchObject({ desired: b, run: { desired: a, ending: null } })
    expect(await ends()).toEqual([])
    town.setPolicy(configOf(free, replaces))
    await town.until('it begins', async () => (await ends()).length === 1, 0.5)
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded', desired: b })
    expect(await ends()).toEqual(['superseded', 'succeeded'])
    expect(await looseEnds(town)).toEqual([])
  })

  it('goes on in a freeze, and ends for the newer one once that is thawed', async () => {
    await trainingOnA()
    await town.house.command({ kind: 'freeze', lane: TRAIN, by: ANA, until: clockOf(town).now() + 4 * HOUR })
    await upload(town, 'b')
    await town.advance(20 * MINUTE)
    expect([await keyOf(), await ends()]).toMatchObject([a, []])
    await town.house.command({ kind: 'thaw', lane: TRAIN, by: ANA })
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded', desired: b })
    expect(await ends()).toEqual(['superseded', 'succeeded'])
  })

  it('goes on to its end where others have taken what it gave back, so that the newer one has no room', async () => {
    town = await openTown({ config: configOf(free, replaces) })
    await upload(town, 'a', slow)
    const evaluates = async () => (await town.lane(TRAIN)).run?.steps.find(({ name }) => name === 'evaluate')
    await town.until('it is evaluated', async () => (await evaluates())?.state === 'running', 12)
    await fillPool(town, '4')
    await town.advance(MINUTE)
    await upload(town, 'b')
    await town.until('it is over', async () => (await ends()).length === 1, 12)
    expect(await ends()).toEqual(['succeeded'])
    await emptyPool(town)
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded', desired: b })
  })

  it('goes on to its end where nobody answers about the newer one', async () => {
    await trainingOnA()
    town.setPolicy(configOf({ autoApproveBelow: 0 }, replaces))
    await upload(town, 'b')
    await town.until('it asks', async () => (await town.question(TRAIN)) !== null, 12)
    expect(await ends()).toEqual(['succeeded'])
    await town.answered(TRAIN, 'deny')
    expect((await town.settled(TRAIN)).state).toBe('rejected')
  })
})

describe('what has begun nothing', () => {
  it('stays asked about beside what is refused on paper, which takes its place once it may begin', async () => {
    const refusing = { autoApproveBelow: 0, unknownRequester: 'refuse' }
    town = await openTown({ config: configOf({ ...refusing, requesters: { '000000000000': ANA } }) })
    await upload(town, 'a')
    await town.until('it asks', async () => (await town.question(TRAIN)) !== null)
    town.setPolicy(configOf(refusing))
    await upload(town, 'b')
    await town.advance(20 * MINUTE)
    expect(await town.question(TRAIN)).not.toBeNull()
    expect(await town.lane(TRAIN)).toMatchObject({ desired: a, generation: 1, run: { phase: 'asked' } })
    const said = (await timeline(town)).filter(({ text }) => text.includes('unknownRequester'))
    expect(said.map(({ text }) => text)).toEqual([expect.stringContaining('meanwhile it stays at')])
    expect((await town.lane(TRAIN)).rest?.text).toMatch(/^waits for .*; what came since waits: who asked is unknown/)
    town.setPolicy(configOf({ autoApproveBelow: 0, unknownRequester: 'anyone' }))
    await town.advance(10 * MINUTE)
    expect(await town.lane(TRAIN)).toMatchObject({ desired: b, generation: 2, run: { phase: 'asked' } })
    expect(await ends()).toEqual(['superseded'])
  })

  it('stays asked about beside what is refused as it comes, of which its source says once who uploaded it', async () => {
    const approvals = { autoApproveBelow: 0, unknownRequester: 'anyone', requesters: { '000000000000': ANA } }
    town = await openTown({ config: configOf({ ...approvals, requesters: {} }) })
    await upload(town, 'a')
    await town.until('it asks', async () => (await town.question(TRAIN)) !== null)
    // Of the two who may say yes one has asked for it.
    town.setPolicy(configOf({ ...approvals, need: 2 }))
    await upload(town, 'b')
    await town.advance(3 * MINUTE)
    expect(await keyOf()).toMatchObject(a)
    town.setPolicy(configOf(approvals))
    await town.advance(20 * MINUTE)
    expect(await keyOf()).toMatchObject({ ...b, requester: ANA, proven: true })
    const { id = '' } = (await town.question(TRAIN)) ?? {}
    const answer = await town.house.answer(id, { by: ANA, verdict: 'approve', reason: null })
    expect(answer.body).toMatchObject({ refused: 'requester-may-not-approve' })
  })

  it('keeps its place in line where people have approved it: they are asked about what is newer after that', async () => {
    town = await openTown({ config: configOf({ autoApproveBelow: 0 }) })
    await fillPool(town)
    await upload(town, 'a')
    await town.answered(TRAIN, 'approve', ANA)
    await town.advance(2 * MINUTE)
    expect((await town.lane(TRAIN)).run?.phase).toBe('waiting-for-room')
    await upload(town, 'b')
    await town.advance(20 * MINUTE)
    expect(await town.lane(TRAIN)).toMatchObject({ desired: a, run: { phase: 'waiting-for-room' } })
    await emptyPool(town)
    await town.until('it asks', async () => (await town.question(TRAIN)) !== null, 12)
    expect([await ends(), await keyOf()]).toMatchObject([['succeeded'], b])
  })

  it('keeps its place in line where nobody need be asked about it, beside what a stranger uploads and nobody answers about', async () => {
    const requesters = { '000000000000': ANA }
    town = await openTown({ config: configOf({ autoApproveBelow: 1e9, unknownRequester: 'one-more', requesters }) })
    await fillPool(town)
    await upload(town, 'a')
    await town.advance(5 * MINUTE)
    await uploadDataset(town.house, { bucket: 'acme-datasets', folder: 'support-chats/b/', rows: ['"b"'] })
    await town.advance(20 * MINUTE)
    expect(await town.lane(TRAIN)).toMatchObject({ desired: a, run: { phase: 'waiting-for-room' } })
    await emptyPool(town)
    await town.until('it asks', async () => (await town.question(TRAIN)) !== null, 12)
    expect([await ends(), await keyOf()]).toMatchObject([['succeeded'], b])
  })

  it('begins once its pool opens that was closed as it came, beside what a stranger uploads meanwhile', async () => {
    const approvals = { autoApproveBelow: 1e9, unknownRequester: 'refuse', requesters: { '000000000000': ANA } }
    const config = configOf(approvals)
    const hours = { zone: 'UTC', ceilings: [{ from: '11:00', to: '17:00', maxGpus: 0 }] }
    const closed = { ...config.pools, 'gpu-train': { ...config.pools!['gpu-train']!, hours } }
    town = await openTown({ config: { ...config, pools: closed } })
    await upload(town, 'a')
    await town.advance(5 * MINUTE)
    await uploadDataset(town.house, { bucket: 'acme-datasets', folder: 'support-chats/b/', rows: ['"b"'] })
    await town.advance(20 * MINUTE)
    expect(await town.lane(TRAIN)).toMatchObject({ desired: a, outcome: { reason: 'pool-too-small' } })
    await town.until('it works', async () => (await town.lane(TRAIN)).run?.steps[0]?.ranFrom != null)
    expect(await keyOf()).toMatchObject({ ...a, requester: ANA })
  })

  it('has its own run before a time of the schedule on the same, and who wrote it agrees to neither alone', async () => {
    const approvals = { autoApproveBelow: 0, requesters: { '000000000000': ANA } }
    const weekly = (dollars: number) => {
      const config = configOf(approvals, {}, dollars)
      const on = { ...piped().on, schedule: { cron: '0 13 * * 1', zone: 'UTC' } }
      return { ...config, pipelines: { 'support-chats': { ...piped(), on } } } as Config
    }
    town = await openTown({ config: weekly(100) })
    await upload(town, 'a')
    await town.advance(Date.UTC(2026, 10, 23, 13, 6) - clockOf(town).now())
    expect(await town.lane(TRAIN)).toMatchObject({ desired: a, outcome: { reason: 'budget-exceeded' } })
    expect((await town.lane(TRAIN)).desired).not.toHaveProperty('occasion')
    town.setPolicy(weekly(5000))
    const asked = async () => {
      await town.until('it asks', async () => (await town.question(TRAIN)) !== null, 1)
      const { id = '' } = (await town.question(TRAIN)) ?? {}
      const { body } = await town.house.answer(id, { by: ANA, verdict: 'approve', reason: null })
      return [await keyOf(), body]
    }
    const refused = { refused: 'requester-may-not-approve' }
    expect(await asked()).toMatchObject([{ ...a, requester: ANA }, refused])
    await town.answered(TRAIN, 'deny')
    await town.advance(6 * MINUTE)
    expect(await asked()).toMatchObject([{ ...a, occasion: { kind: 'schedule' }, again: 'rejected' }, refused])
  })

  it('for its time has it yet where a newer dataset took its place and was denied', async () => {
    const on = { schedule: { cron: '0 13 * * 1', zone: 'UTC' } }
    const weekly = (autoApproveBelow: number) => {
      const config = configOf({ autoApproveBelow })
      return { ...config, pipelines: { 'support-chats': { ...piped(), on: { ...piped().on, ...on } } } } as Config
    }
    town = await openTown({ config: weekly(1e9) })
    await upload(town, 'a')
    await town.settled(TRAIN)
    town.setPolicy(weekly(0))
    await town.advance(Date.UTC(2026, 10, 23, 13, 6) - clockOf(town).now())
    expect((await town.lane(TRAIN)).desired).toMatchObject({ ...a, occasion: { kind: 'schedule' } })
    await upload(town, 'b')
    await town.answered(TRAIN, 'deny')
    await town.until('it asks', async () => (await town.question(TRAIN)) !== null, 0.5)
    expect((await town.lane(TRAIN)).desired).toMatchObject({ ...b, occasion: { kind: 'schedule' }, again: 'rejected' })
    await town.answered(TRAIN)
    expect((await town.settled(TRAIN)).state).toBe('succeeded')
    // Once: whatever comes after that.
    await upload(town, 'c')
    await town.answered(TRAIN, 'deny')
    await town.settled(TRAIN)
    await town.advance(HOUR)
    expect((await town.lane(TRAIN)).desired).not.toHaveProperty('occasion')
  })
})
