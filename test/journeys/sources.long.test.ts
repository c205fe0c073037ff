import { afterEach, describe, expect, it } from 'vitest'
import example from '../example.ts'
import { piped } from '../variants.ts'
import { between } from './away.ts'
import { DAY, everyJob, HOUR, MINUTE, stepIs, TRAIN, trainedUntil, upload } from './scenes.ts'
import { openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())

const approvals = { ...example.approvals, autoApproveBelow: 1e9 }
const free = { ...example, approvals }
const unfinished = { rows: ['"1"', '"2"'], leaveOut: [1] }

/** The event of a manifest, delivered once more. */
const deliver = (key: string) =>
  town.house.deliver({
    version: '0',
    id: 'again',
    source: 'aws.s3',
    'detail-type': 'Object Created',
    time: '2026-11-23T12:00:00Z',
    detail: { bucket: { name: 'acme-datasets' }, object: { key, size: 9 } },
  })

describe('an upload that was given up unfinished', () => {
  it('is not all there because it is known: its event delivered again begins nothing', async () => {
    town = await openTown({ config: free })
    await upload(town, 'a', unfinished)
    await town.advance(2 * HOUR)
    expect(await deliver('support-chats/a/manifest.json')).toMatchObject({ kind: 'ignored', reason: 'missed-deadline' })
    expect(await town.lane(TRAIN)).toMatchObject({ generation: 0, run: null })
  })

  it('and its manifest written again, as it says, when all of it is there: it is trained on', async () => {
    town = await openTown({ config: free })
    await upload(town, 'a', unfinished)
    await town.advance(2 * HOUR)
    await upload(town, 'a', unfinished)
    expect((await town.lane(TRAIN)).generation).toBe(0)
    await town.house.objects.write('acme-datasets', 'support-chats/a/part-1.jsonl', Buffer.from('"2"'))
    expect((await town.settled(TRAIN)).state).toBe('succeeded')
  })

  it('beside eleven others: resync asks about none of them again', async () => {
    const far = between()
    town = await openTown({ wrap: far.wrap })
    for (let day = 0; day < 12; day++) {
      await upload(town, `day-${day}`, { ...unfinished, rows: [`"${day}"`, '"2"'] })
      await town.advance(1000)
    }
    await town.advance(3 * HOUR)
    far.calls.length = 0
    await town.advance(2 * HOUR)
    expect(far.calls.filter(({ side, name }) => side === 'objects' && name === 'head')).toEqual([])
    expect(far.calls.filter(({ side, name }) => side === 'ledger' && name === 'commit')).toEqual([])
  })
})

it('a manifest waits for its last object, and its place becomes another rule’s: that one trains on it, once', async () => {
  town = await openTown({ config: free })
  const jobs = await everyJob(town)
  await upload(town, 'de', unfinished)
  await town.advance(2 * MINUTE)
  const inner = piped({ prefix: 'support-chats/de/' })
  town.setPolicy({ ...free, pipelines: { 'support-chats': piped(), inner } })
  await town.house.objects.write('acme-datasets', 'support-chats/de/part-1.jsonl', Buffer.from('"2"'))
  await town.advance(DAY)
  expect(await town.lane('pipeline/inner')).toMatchObject({ state: 'succeeded' })
  expect(await town.lane(TRAIN)).toMatchObject({ generation: 0 })
  expect(jobs()).toEqual(['g1a1-evaluate', 'g1a1-train'])
})

describe('a dataset is written again while it is trained on, and another came in between', () => {
  const slow = { simulation: { tasks: { 'fine-tune': { minutes: 100 } } } }
  it('which would stop it, both told at once: it goes on, and nothing is paid for twice', async () => {
    const stops = piped({ onNewer: 'replace' })
    const far = between()
    town = await openTown({ config: { ...free, pipelines: { 'support-chats': stops } }, wrap: far.wrap })
    const jobs = await everyJob(town)
    await upload(town, 'a', slow)
    await town.until('it trains', stepIs(town, TRAIN, 'train', 'running'))
    far.fails('objects', 'away')
    await upload(town, 'b')
    await town.advance(10 * MINUTE)
    await upload(town, 'a', slow)
    await town.advance(10 * MINUTE)
    far.answers('objects')
    await town.advance(5 * HOUR)
    expect(await town.lane(TRAIN)).toMatchObject({ state: 'succeeded', generation: 1, run: null })
    expect(jobs()).toEqual(['g1a1-evaluate', 'g1a1-train'])
  })

  it('which waits for it to finish: its end is the end of what is wanted, and nobody is asked again', async () => {
    town = await openTown()
    await trainedUntil(town, 'train', 'running', slow)
    await upload(town, 'b')
    await town.advance(10 * MINUTE)
    await upload(town, 'a', slow)
    await town.advance(5 * HOUR)
    expect(await town.lane(TRAIN)).toMatchObject({ state: 'succeeded', generation: 1, run: null })
    expect(await town.past(TRAIN)).toHaveLength(1)
  })
})
