import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { config, drifting, nowOf, tellOf, watched } from './drifting.ts'
import { DAY, HOUR, looseEnds, MINUTE, TRAIN, timeline, upload } from './scenes.ts'
import { ANA, BEN, openTown, type Town } from './town.ts'

let town: Town
let dataDir: string
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'earlier-'))
})
afterEach(async () => {
  await town.close()
  await rm(dataDir, { recursive: true, force: true })
})

const nightly = { schedule: { cron: '0 2 * * *', zone: 'UTC' } }
const configOf = (on: object = {}, approvals: object = {}) =>
  ({
    ...config,
    services: watched({ coolDown: '1h' }),
    pipelines: { 'support-chats': { ...drifting, on: { ...drifting.on, ...on } } },
    approvals: { ...config.approvals, unknownRequester: 'one-more', ...approvals },
  }) as never
const opened = async (on: object = {}, approvals: object = {}): Promise<void> => {
  town = await openTown({ config: configOf(on, approvals), dataDir })
}
const asked = (on: object = {}) => configOf(on, { autoApproveBelow: 0, unknownRequester: 'anyone' })
const unasked = (on: object = {}) => configOf(on, { unknownRequester: 'anyone' })
const trained = async (day: string) => {
  await upload(town, day)
  expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded', desired: at(day) })
}
const at = (day: string) => ({ key: `support-chats/${day}/manifest.json` })
const deleted = (day: string) => rm(join(dataDir, `buckets/acme-datasets/support-chats/${day}`), { recursive: true })
const runs = async () =>
  (await town.past(TRAIN)).map(({ run, outcome }) => [(run.desired as { key?: string }).key?.[14], outcome.kind])
const said = async () => (await timeline(town)).map(({ text }) => text)

describe('a dataset that lies there beside a newer one that is gone', () => {
  it('is what each night runs on, unasked since it ended well', async () => {
    await opened(nightly, { unknownRequester: 'anyone' })
    await trained('a')
    town.setPolicy(asked(nightly))
    await upload(town, 'b')
    await town.answered(TRAIN, 'deny', ANA, 'poisoned')
    await town.settled(TRAIN)
    town.setPolicy(configOf(nightly))
    await deleted('b')
    await town.advance(2 * DAY)
    expect(await runs()).toEqual([
      ['a', 'succeeded'],
      ['b', 'rejected'],
      ['a', 'succeeded'],
      ['a', 'succeeded'],
    ])
    expect(await said()).toContainEqual(
      expect.stringMatching(
        /b\/manifest\.json is not there any more, and of those before it \S+a\/manifest\.json is the newest/,
      ),
    )
    expect(await looseEnds(town)).toEqual([])
  })

  it('is what an alert asks about, and what people run by hand', async () => {
    await opened({}, { unknownRequester: 'anyone' })
    await trained('a')
    town.setPolicy(asked())
    await upload(town, 'b')
    await town.answered(TRAIN, 'deny', ANA, 'poisoned')
    await town.settled(TRAIN)
    town.setPolicy(unasked())
    await deleted('b')
    await town.advance(2 * HOUR)
    await tellOf(town, { since: nowOf(town) - MINUTE })
    await town.answered(TRAIN, 'approve')
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded', desired: { ...at('a'), drift: {} } })
    const run = { kind: 'run', lane: TRAIN, by: BEN } as never
    expect(await town.house.command(run)).toMatchObject({ ok: true })
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded', desired: { ...at('a'), occasion: {} } })
    expect(await looseEnds(town)).toEqual([])
  })

  it('is asked about where people have said no to it, or nobody has judged who asked for it', async () => {
    const requesters = { '000000000000': ANA }
    await opened(nightly, { autoApproveBelow: 0, unknownRequester: 'anyone', requesters })
    await upload(town, 'a')
    await town.answered(TRAIN, 'deny', BEN, 'poisoned')
    await town.settled(TRAIN)
    town.setPolicy(configOf(nightly, { unknownRequester: 'anyone', requesters }))
    await trained('b')
    await deleted('b')
    await town.advance(14 * HOUR + 10 * MINUTE)
    const { plan } = (await town.plan(TRAIN)) ?? {}
    expect(plan?.approval.why).toContain('the last run on the same was denied')
    expect(plan?.desired).toMatchObject({ ...at('a'), requester: ANA, proven: true })
    // Who uploaded it does not agree to it alone.
    const { id = '' } = (await town.question(TRAIN)) ?? {}
    const answer = await town.house.answer(id, { by: ANA, verdict: 'approve', reason: null })
    expect(answer.body).toMatchObject({ refused: 'requester-may-not-approve' })
  })

  it('is run on unasked by the clock where it ended well before that, and asked about where it is not what it was', async () => {
    await opened(nightly, { unknownRequester: 'anyone' })
    await trained('a')
    await trained('b')
    town.setPolicy(configOf(nightly))
    await deleted('b')
    await town.advance(14 * HOUR)
    expect(await runs()).toEqual([
      ['a', 'succeeded'],
      ['b', 'succeeded'],
      ['a', 'succeeded'],
    ])
    await town.close()
    await rm(dataDir, { recursive: true })
    await opened(nightly, { unknownRequester: 'anyone' })
    await trained('a')
    await trained('b')
    town.setPolicy(configOf(nightly))
    await deleted('b')
    await upload(town, 'a', { rows: ['"others"'] })
    await town.until('it asks', async () => (await town.question(TRAIN)) !== null, 20)
    expect(await runs()).toHaveLength(2)
  })

  it('says so where there is none', async () => {
    await opened(nightly, { unknownRequester: 'anyone' })
    await trained('a')
    await deleted('a')
    await town.advance(2 * DAY)
    const none = (await said()).filter((text) =>
      text.includes('a/manifest.json is not there any more: upload a dataset'),
    )
    expect([await runs(), none.length]).toEqual([[['a', 'succeeded']], 2])
  })

  it('takes the place of one that is deleted while it is asked about: the time of this night is not used up', async () => {
    await opened(nightly, { unknownRequester: 'anyone' })
    await trained('a')
    town.setPolicy(asked(nightly))
    await town.until('it asks', async () => (await town.question(TRAIN)) !== null, 20)
    expect(await town.lane(TRAIN)).toMatchObject({ run: { phase: 'asked', desired: { ...at('a'), occasion: {} } } })
    await upload(town, 'b')
    await town.advance(MINUTE)
    expect(await town.lane(TRAIN)).toMatchObject({ run: { phase: 'asked', desired: at('b') } })
    await deleted('b')
    await town.advance(15 * MINUTE)
    expect(await town.lane(TRAIN)).toMatchObject({ run: { phase: 'asked', desired: { ...at('a'), occasion: {} } } })
  })
})

describe('what people have said of a dataset', () => {
  const ended = {
    rejected: async () => town.answered(TRAIN, 'deny', ANA, 'poisoned'),
    cancelled: async () => town.house.command({ kind: 'cancel', lane: TRAIN, by: BEN }),
    expired: async () => town.advance(5 * HOUR),
  }

  it.each(['rejected', 'cancelled', 'expired'] as const)(
    'stands once another came in between, and it is published once more: %s',
    async (kind) => {
      await opened({}, { autoApproveBelow: 0, unknownRequester: 'anyone' })
      await upload(town, 'a')
      await town.until('it asks', async () => (await town.question(TRAIN)) !== null)
      await ended[kind]()
      expect(await town.settled(TRAIN)).toMatchObject({ state: kind })
      town.setPolicy(unasked())
      await trained('b')
      await town.advance(HOUR)
      await upload(town, 'a')
      await town.advance(2 * HOUR)
      expect(await town.lane(TRAIN)).toMatchObject({ state: kind, generation: 3, desired: at('a'), run: null })
      expect((await town.house.why(TRAIN)).text).toContain(
        'it stays so until its source changes or a person says retry',
      )
      expect(await runs()).toEqual([
        ['a', kind],
        ['b', 'succeeded'],
      ])
      // Other bytes at the same place are another dataset; and so is what comes after it.
      await trained('c')
      await upload(town, 'a')
      await town.advance(HOUR)
      expect(await town.lane(TRAIN)).toMatchObject({ state: kind, desired: at('a'), run: null })
      await upload(town, 'a', { rows: ['"others"'] })
      expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded', desired: at('a') })
      expect(await looseEnds(town)).toEqual([])
    },
  )

  it('stands until a person tries it again, and it has ended well', async () => {
    await opened({}, { autoApproveBelow: 0, unknownRequester: 'anyone' })
    await upload(town, 'a')
    await town.answered(TRAIN, 'deny', ANA, 'poisoned')
    await town.settled(TRAIN)
    town.setPolicy(unasked())
    await trained('b')
    await upload(town, 'a')
    await town.advance(HOUR)
    await town.house.command({ kind: 'retry', lane: TRAIN, by: BEN })
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded', desired: at('a'), attempt: 2 })
    await trained('b')
    await trained('a')
  })

  it('takes the place of what is asked about where that is there no more', async () => {
    await opened({}, { autoApproveBelow: 0, unknownRequester: 'anyone' })
    await upload(town, 'a')
    await town.answered(TRAIN, 'deny', ANA, 'poisoned')
    await town.settled(TRAIN)
    await upload(town, 'a', { rows: ['"others"'] })
    await town.until('it asks', async () => (await town.question(TRAIN)) !== null)
    await upload(town, 'a')
    await town.advance(10 * MINUTE)
    expect(await town.lane(TRAIN)).toMatchObject({ state: 'rejected', generation: 3, run: null })
    expect(await runs()).toEqual([
      ['a', 'rejected'],
      ['a', 'superseded'],
    ])
    expect(await looseEnds(town)).toEqual([])
  })

  it('is remembered of what was cancelled while another waited behind it', async () => {
    await opened({}, { unknownRequester: 'anyone' })
    await upload(town, 'a', { simulation: { tasks: { 'fine-tune': { minutes: 300 } } } })
    await town.until('it trains', async () => (await town.lane(TRAIN)).run?.steps[0]?.ranFrom != null)
    await upload(town, 'b')
    await town.house.command({ kind: 'cancel', lane: TRAIN, by: BEN })
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded', desired: at('b') })
    await upload(town, 'a')
    await town.advance(HOUR)
    expect(await town.lane(TRAIN)).toMatchObject({ state: 'cancelled', desired: at('a'), run: null })
  })

  it('takes the place of nothing that is asked about or at work', async () => {
    await opened({}, { autoApproveBelow: 0, unknownRequester: 'anyone' })
    await upload(town, 'a')
    await town.answered(TRAIN, 'deny', ANA, 'poisoned')
    await town.settled(TRAIN)
    await upload(town, 'b')
    await town.until('it asks', async () => (await town.question(TRAIN)) !== null)
    await upload(town, 'a')
    await town.advance(20 * MINUTE)
    expect(await town.lane(TRAIN)).toMatchObject({ desired: at('b'), run: { phase: 'asked' } })
    expect((await town.lane(TRAIN)).rest?.text).toContain('was rejected before (denied by ana: poisoned)')
    await town.answered(TRAIN, 'approve')
    await town.until('it is over', async () => (await runs()).length === 2, 12)
    await town.advance(10 * MINUTE)
    expect(await runs()).toEqual([
      ['a', 'rejected'],
      ['b', 'succeeded'],
    ])
    expect(await town.lane(TRAIN)).toMatchObject({ state: 'rejected', desired: at('a') })
    expect(await looseEnds(town)).toEqual([])
  })
})
