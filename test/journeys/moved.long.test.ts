import { readFileSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { openStores } from '../../local/stores.ts'
import example from '../example.ts'
import { piped } from '../variants.ts'
import { everyJob, HOUR, looseEnds, MINUTE, say, stepIs, TRAIN, upload } from './scenes.ts'
import { ANA, openTown, type Town } from './town.ts'

let town: Town
let jobs: () => string[]
let bucket: string
afterEach(() => town.close())

const unasked = { ...example, approvals: { ...example.approvals, autoApproveBelow: 1000 } }

const opened = async (config: unknown = example): Promise<void> => {
  const stores = openStores(null)
  bucket = join(stores.buckets, 'acme-datasets')
  town = await openTown({ config, stores })
  jobs = await everyJob(town)
}

const manifest = (folder: string): string => `support-chats/${folder}/manifest.json`
const write = (folder: string, bytes: Buffer): Promise<unknown> =>
  town.house.objects.write('acme-datasets', manifest(folder), bytes)
/** The same bytes under another key. */
const copy = async (from: string, to: string): Promise<void> => {
  await write(to, readFileSync(join(bucket, manifest(from))))
  await town.house.scanUploads()
}
const remove = (folder: string): void => rmSync(join(bucket, manifest(folder)))
const move = async (from: string, to: string): Promise<void> => {
  const bytes = readFileSync(join(bucket, manifest(from)))
  rmSync(dirname(join(bucket, manifest(from))), { recursive: true, force: true })
  await write(to, bytes)
  await town.house.objects.write('acme-datasets', `support-chats/${from}/part-0.jsonl`, Buffer.from(`"${from}"`))
  await town.house.scanUploads()
}

/** The event of what stands there, delivered once more. */
const tell = async (folder: string): Promise<unknown> =>
  town.house.deliver({
    version: '0',
    id: `e-${folder}-${town.house.clock.now()}`,
    source: 'aws.s3',
    'detail-type': 'Object Created',
    time: '2026-11-23T12:00:00Z',
    detail: { bucket: { name: 'acme-datasets' }, object: { key: manifest(folder), size: 9 } },
  })

const asks = async (): Promise<boolean> => (await town.question(TRAIN)) !== null
const keyOf = async () => ((await town.lane(TRAIN)).desired as { key?: string } | null)?.key
/** Says yes to whatever is asked, for so long; how often that was. */
const approves = async (hours: number): Promise<number> => {
  let asked = 0
  for (let n = 0; n < hours * 4; n++) {
    const question = await town.question(TRAIN)
    if (question !== null) asked++
    if (question !== null) await town.house.answer(question.id, { by: ANA, verdict: 'approve', reason: null })
    await town.advance(15 * MINUTE)
  }
  return asked
}
const TRAINED = (attempt: string) => [`${attempt}-evaluate`, `${attempt}-train`]

describe('the same manifest at another key: the run goes on from where its source lies now', () => {
  it('moved while people are asked, and approved at once: they are asked about where it lies, and it runs from there', async () => {
    await opened()
    await upload(town)
    await town.until('it asks', asks)
    await town.advance(MINUTE)
    await move('a', 'b')
    await town.answered(TRAIN)
    expect(await approves(12)).toBe(1)
    expect(jobs()).toEqual(TRAINED('g1a2'))
    expect(await town.lane(TRAIN)).toMatchObject({ state: 'succeeded', generation: 1, attempt: 2 })
    expect(await keyOf()).toBe(manifest('b'))
    expect(await looseEnds(town)).toEqual([])
  })

  it('moved while people are asked: soon nobody is asked any more about where it was', async () => {
    await opened()
    await upload(town)
    await town.until('it asks', asks)
    await move('a', 'b')
    await town.advance(11 * MINUTE)
    expect([await keyOf(), (await town.lane(TRAIN)).attempt]).toEqual([manifest('b'), 2])
    expect(await approves(2)).toBe(1)
    expect(jobs()).toEqual(TRAINED('g1a2'))
  })

  it('copied while people are asked: what they approve begins, and nobody is asked twice', async () => {
    await opened()
    await upload(town)
    await town.until('it asks', asks)
    await town.advance(MINUTE)
    await copy('a', 'b')
    expect(await approves(4)).toBe(1)
    expect(jobs()).toEqual(TRAINED('g1a1'))
  })

  it('moved in a freeze, where nobody need be asked: one attempt more, and no other', async () => {
    await opened(unasked)
    await town.house.command({ kind: 'freeze', lane: TRAIN, until: town.house.clock.now() + HOUR, by: ANA })
    await upload(town)
    await town.advance(5 * MINUTE)
    await move('a', 'b')
    await town.advance(6 * HOUR)
    expect(jobs()).toEqual(TRAINED('g1a2'))
    expect(await town.past(TRAIN)).toHaveLength(2)
  })

  it.each([
    ['older', ['dated', 'latest']],
    ['newer', ['latest', 'dated']],
  ])(
    '`latest/` and a dated copy that is %s, then `latest/` is not whole yet: it goes on from the copy',
    async (_, both) => {
      await opened()
      const part = { key: 'support-chats/parts/0.jsonl', size: 3 }
      await town.house.objects.write('acme-datasets', part.key, Buffer.from('"a"'))
      for (const folder of both) {
        await write(folder, Buffer.from(JSON.stringify({ version: 1, objects: [part] })))
        await town.advance(1000)
      }
      await tell('latest')
      await town.until('it asks', asks)
      expect(await keyOf()).toBe(manifest('latest'))
      const half = { version: 1, objects: [part, { key: 'support-chats/parts/1.jsonl', size: 3 }] }
      await write('latest', Buffer.from(JSON.stringify(half)))
      await tell('latest')
      await town.advance(11 * MINUTE)
      expect([await keyOf(), (await town.lane(TRAIN)).attempt]).toEqual([manifest('dated'), 2])
      expect(await approves(3)).toBe(1)
      expect(jobs()).toEqual(TRAINED('g1a2'))
    },
  )

  it('moved while an attempt that failed in passing pauses: the next one ends before it begins, and one more runs', async () => {
    await opened(unasked)
    await upload(town, 'a', { simulation: { tasks: { 'fine-tune': { imagePull: 'fail' } } } })
    await town.until('it is to be repeated', async () => (await town.past(TRAIN)).length === 1)
    await move('a', 'b')
    await town.advance(4 * HOUR)
    expect(jobs()).toEqual(['g1a1-train', ...TRAINED('g1a3')])
    expect(await keyOf()).toBe(manifest('b'))
  })

  it('moved while it is refused, or while no rule acts for it: the next attempt begins where it lies', async () => {
    const poor = { ...unasked, budget: { ...example.budget, dollars: 1 } }
    await opened(poor)
    await upload(town)
    await town.until('it is refused', async () => (await town.lane(TRAIN)).state === 'refused')
    await town.advance(MINUTE)
    await move('a', 'b')
    town.setPolicy({ ...example, pipelines: { 'support-chats': piped() } })
    await town.until('it asks', asks)
    expect([await keyOf(), (await town.lane(TRAIN)).attempt]).toEqual([manifest('b'), 2])
    town.setPolicy({ ...example, pipelines: {} })
    await town.until('its rule is gone', async () => (await town.lane(TRAIN)).outcome?.reason === 'not-configured')
    await move('b', 'c')
    town.setPolicy(example)
    await town.until('it asks', asks)
    expect([await keyOf(), (await town.lane(TRAIN)).attempt]).toEqual([manifest('c'), 3])
  })

  it('a newer copy of what was trained on: what came before that copy and was told late moves nothing', async () => {
    await opened(unasked)
    await upload(town)
    await town.settled(TRAIN)
    await town.house.objects.write('acme-datasets', 'support-chats/late/part-0.jsonl', Buffer.from('"late"'))
    const late = { version: 1, objects: [{ key: 'support-chats/late/part-0.jsonl', size: 6 }] }
    await write('late', Buffer.from(JSON.stringify(late)))
    await town.advance(1000)
    await write('b', readFileSync(join(bucket, manifest('a'))))
    await tell('b')
    await town.house.scanUploads()
    await town.advance(2 * HOUR)
    expect(jobs()).toEqual(TRAINED('g1a1'))
    expect((await town.lane(TRAIN)).generation).toBe(1)
  })
})

describe('a dataset whose manifest is gone before anything of it began', () => {
  it('leaves the lane to the one before it, which its source names now, answered or not', async () => {
    await opened()
    await upload(town, 'a')
    await town.until('it asks', asks)
    await town.advance(5 * MINUTE)
    await upload(town, 'b')
    await town.until('it asks about b', async () => (await asks()) && (await town.lane(TRAIN)).generation === 2)
    remove('b')
    await town.advance(11 * MINUTE)
    expect([await keyOf(), await asks(), (await town.lane(TRAIN)).generation]).toEqual([manifest('a'), true, 3])
    expect(await approves(2)).toBe(1)
    expect(jobs()).toEqual(TRAINED('g3a1'))
  })

  it('is not what a lane begins again that has finished the one before, also when that is told once more', async () => {
    await opened()
    await upload(town, 'a')
    await town.answered(TRAIN)
    await town.settled(TRAIN)
    await upload(town, 'b')
    await town.until('it asks', asks)
    remove('b')
    await town.answered(TRAIN)
    await town.advance(20 * MINUTE)
    await tell('a')
    await town.advance(2 * HOUR)
    expect(await town.lane(TRAIN)).toMatchObject({ generation: 2, state: 'superseded' })
    expect(jobs()).toEqual(TRAINED('g1a1'))
    expect((await town.house.why(TRAIN)).text).toContain('b/manifest.json is not there any more')
  })

  it('a retry of it is refused with what to do, and a cancel says what it reaches: nobody is asked', async () => {
    await opened()
    await upload(town, 'a')
    await town.until('it asks', asks)
    remove('a')
    await town.answered(TRAIN)
    await town.advance(11 * MINUTE)
    expect(await say(town, 'retry')).toEqual({
      ok: false,
      detail: expect.stringMatching(
        /a\/manifest\.json is not there any more\. Upload it there again, its manifest last/,
      ),
    })
    expect(await say(town, 'cancel')).toEqual({
      ok: false,
      detail: expect.stringMatching(
        /nothing in progress \(superseded: .*; what its source names next begins by itself/,
      ),
    })
    await town.advance(HOUR)
    expect(await asks()).toBe(false)
    // The same at the same place is what was approved.
    await upload(town, 'a')
    expect(await approves(2)).toBe(0)
    expect(jobs()).toEqual(TRAINED('g1a2'))
  })

  it('a retry of what was denied and has moved since is refused, and begins by itself where it lies', async () => {
    await opened()
    await upload(town, 'a')
    await town.answered(TRAIN, 'deny')
    await town.settled(TRAIN)
    await move('a', 'b')
    await town.advance(11 * MINUTE)
    expect((await town.lane(TRAIN)).state).toBe('rejected')
    expect(await say(town, 'retry')).toMatchObject({ ok: false, detail: expect.stringContaining('begins by itself') })
    await town.until('it asks', asks, 0.2)
    expect(await keyOf()).toBe(manifest('b'))
  })

  it('a retry of what has succeeded and is gone is refused, and it stays so; what was made of it can be judged anew', async () => {
    await opened(unasked)
    await upload(town, 'a')
    await town.settled(TRAIN)
    remove('a')
    expect(await say(town, 'retry')).toMatchObject({ ok: false })
    await town.advance(20 * MINUTE)
    expect(await town.lane(TRAIN)).toMatchObject({ state: 'succeeded', attempt: 1 })
    expect(await say(town, 'retry', { from: 'evaluate' })).toMatchObject({ ok: true })
    await town.settled(TRAIN)
    expect(jobs()).toEqual([...TRAINED('g1a1'), 'g1a2-evaluate'].sort())
  })
})

it('a dataset that was given up, then completed and its manifest written again: found though nobody tells', async () => {
  await opened()
  await upload(town, 'a', { rows: ['"x"', '"y"'], leaveOut: [1] })
  await town.advance(90 * MINUTE)
  expect((await town.house.why(TRAIN)).text).toContain('write the manifest again')
  await town.house.objects.write('acme-datasets', 'support-chats/a/part-1.jsonl', Buffer.from('"y"'))
  await town.advance(30 * MINUTE)
  expect(await asks()).toBe(false)
  await write('a', readFileSync(join(bucket, manifest('a'))))
  await town.until('it asks', asks, 0.2)
})

describe('what was paid for stays where it was read', () => {
  it('an attempt that was refused goes on there, though a copy was found since: nothing is trained twice', async () => {
    const config = structuredClone(unasked) as { budget: { dollars: number } }
    await opened(config)
    const simulation = { tasks: { 'fine-tune': { minutes: 30 }, evaluate: { imagePull: 'fail' as const } } }
    await upload(town, 'a', { simulation })
    await town.advance(2000)
    await copy('a', 'latest')
    await town.until('it has failed once', async () => (await town.past(TRAIN)).length === 1, 5)
    config.budget.dollars = 40
    town.setPolicy(config as never)
    await town.advance(20 * MINUTE)
    expect(await town.lane(TRAIN)).toMatchObject({ outcome: { kind: 'refused', reason: 'budget-exceeded' } })
    config.budget.dollars = 20_000
    town.setPolicy(config as never)
    await town.advance(HOUR)
    expect(jobs().filter((name) => name.endsWith('-train'))).toEqual(['g1a1-train'])
    expect(await keyOf()).toBe(manifest('a'))
  })

  it('a retry that is refused loses nothing of it, and begins nothing that came before', async () => {
    const config = structuredClone(example) as { approvals: { autoApproveBelow?: number } }
    await opened(config)
    await upload(town, 'x')
    await town.advance(2 * MINUTE)
    await upload(town, 'a', { simulation: { tasks: { evaluate: { exitCode: 1, minutes: 5 } } } })
    await town.answered(TRAIN)
    expect((await town.settled(TRAIN)).state).toBe('failed')
    config.approvals.autoApproveBelow = 1000
    town.setPolicy(config as never)
    remove('a')
    await town.advance(11 * MINUTE)
    expect(await say(town, 'retry', { from: 'train' })).toMatchObject({ ok: false })
    await town.advance(HOUR)
    expect(await town.lane(TRAIN)).toMatchObject({ state: 'failed', generation: 2 })
    expect(jobs().filter((name) => name.endsWith('-train'))).toEqual(['g2a1-train'])
  })

  /** The first dataset trains, its evaluation takes so long and ends so, and a second waits behind it, which may begin unasked. */
  const twoOf = async (evaluate: object): Promise<void> => {
    const pipelines = { 'support-chats': piped({ onNewer: 'finish' }) }
    await opened({ ...unasked, pipelines })
    await upload(town, 'a', { simulation: { tasks: { evaluate: { minutes: 20, ...evaluate } } } })
    await town.until('it evaluates', stepIs(town, TRAIN, 'evaluate', 'running'))
    await upload(town, 'b')
    await town.until('b is wanted', async () => (await town.lane(TRAIN)).generation === 2)
  }
  const freeze = () =>
    town.house.command({ kind: 'freeze', lane: TRAIN, until: town.house.clock.now() + HOUR, by: ANA } as never)
  const OF_B = { saw: { generation: 2, attempt: 1 } }
  const trained = () => jobs().filter((name) => name.endsWith('-train'))

  it('what failed for good is not begun again by what was cancelled behind it, is tried again, and is gone', async () => {
    await twoOf({ exitCode: 1 })
    await say(town, 'cancel', { wanted: true })
    expect((await town.settled(TRAIN)).state).toBe('failed')
    await freeze()
    expect(await say(town, 'retry', OF_B)).toMatchObject({ ok: true })
    await town.advance(2 * MINUTE)
    remove('b')
    await town.advance(3 * HOUR)
    expect(await town.lane(TRAIN)).toMatchObject({ state: 'superseded', generation: 2 })
    expect(trained()).toEqual(['g1a1-train'])
  })

  it('what a person would not have repeated is not begun again once what waited behind it is gone', async () => {
    await twoOf({ imagePull: 'fail' })
    await town.until('it failed', async () => (await town.past(TRAIN)).length === 1)
    await freeze()
    expect(await say(town, 'cancel')).toMatchObject({ detail: expect.stringContaining('is not repeated') })
    await town.advance(MINUTE)
    remove('b')
    await town.advance(4 * HOUR)
    expect(trained()).toEqual(['g1a1-train'])
  })

  it('a retry of what was cancelled behind it and is gone is refused, and loses nothing of what was finished', async () => {
    await twoOf({ exitCode: 1 })
    await say(town, 'cancel', { wanted: true })
    await town.settled(TRAIN)
    remove('b')
    expect(await say(town, 'retry', OF_B)).toMatchObject({
      ok: false,
      detail: expect.stringContaining('not there any more'),
    })
    expect(await town.lane(TRAIN)).toMatchObject({ state: 'failed', generation: 1, kept: [{ step: 'train' }] })
    expect(await say(town, 'retry')).toMatchObject({ ok: true, detail: expect.stringContaining('keeping train') })
  })

  it('what was given up unfinished and is told of once it is whole stays wanted, whoever looks there again', async () => {
    await opened()
    const parts = ['0', '1'].map((n) => ({ key: `support-chats/a/part-${n}.jsonl`, size: 3 }))
    const part = (n: number) => town.house.objects.write('acme-datasets', parts[n]?.key ?? '', Buffer.from(`"${n}"`))
    await part(0)
    await write('a', Buffer.from(JSON.stringify({ version: 1, objects: parts })))
    await town.advance(100 * MINUTE)
    expect((await town.lane(TRAIN)).passed).toHaveLength(1)
    await part(1)
    await tell('a')
    await town.until('it asks', asks, 1)
    await town.advance(HOUR)
    expect([await asks(), (await town.lane(TRAIN)).passed]).toEqual([true, []])
  })

  it('what was over is wanted anew once it is written anew with other bytes, though what came since is gone', async () => {
    await opened()
    await upload(town, 'b')
    await town.answered(TRAIN, 'deny')
    await town.advance(2 * MINUTE)
    await upload(town, 'c')
    await town.advance(2 * MINUTE)
    remove('c')
    await town.advance(11 * MINUTE)
    await upload(town, 'b')
    await town.advance(11 * MINUTE)
    expect(await town.lane(TRAIN)).toMatchObject({ outcome: { kind: 'rejected' } })
    await upload(town, 'b', { rows: ['"other"'] })
    await town.until('it is asked about', asks, 2)
    expect(await keyOf()).toBe(manifest('b'))
  })
})
