import { afterEach, describe, expect, it } from 'vitest'
import { uploadDataset } from '../../local/scenario.ts'
import example from '../example.ts'
import { piped } from '../variants.ts'
import { between } from './away.ts'
import { DAY, HOUR, MINUTE, MODEL, SERVE, TRAIN, timeline } from './scenes.ts'
import { openTown, type Town } from './town.ts'

const far = between()
let town: Town
afterEach(async () => {
  far.answers('objects')
  await town.close()
})

const approvals = { ...example.approvals, autoApproveBelow: 1e9 }
/** Rules that lie within each other. */
const nested = {
  ...example,
  approvals,
  pipelines: {
    outer: piped({ prefix: 'chats/' }),
    inner: piped({ prefix: 'chats/de/' }),
    deep: piped({ prefix: 'chats/de/new/' }),
  },
}

/** The store gives every manifest of a test this second, as S3 does to what comes together. */
const inOneSecond = (at: () => number) => {
  const { objects } = town.house
  const { head, stream, list } = objects
  const round = <T extends { lastModified: number }>(found: T): T => ({
    ...found,
    lastModified: Math.floor(at() / 1000) * 1000,
  })
  objects.head = async (...where) => {
    const found = await head(...where)
    return found === null ? null : round(found)
  }
  objects.stream = async (...where) => {
    const found = await stream(...where)
    return found === null ? null : { ...found, head: round(found.head) }
  }
  objects.list = async (...where) => (await list(...where)).map(({ key, head: found }) => ({ key, head: round(found) }))
}

/** Writes a dataset; its event is lost unless it is delivered. */
const write = async (folder: string, more: Partial<Parameters<typeof uploadDataset>[1]> = {}): Promise<void> => {
  await uploadDataset(town.house, { bucket: 'acme-datasets', folder, rows: [`"${folder}"`], ...more })
  // The store's own time is that of its first look.
  await town.house.objects.list('acme-datasets', folder)
}
const deliver = (key: string) =>
  town.house.deliver({
    version: '0',
    id: `e-${key}`,
    source: 'aws.s3',
    'detail-type': 'Object Created',
    time: '2026-11-23T12:00:00Z',
    detail: { bucket: { name: 'acme-datasets' }, object: { key, size: 9 } },
  })
const keyOf = async (lane = TRAIN) => ((await town.lane(lane)).desired as { key?: string } | null)?.key ?? null
const wanted = (key: string, lane = TRAIN, hours = 0.1) =>
  town.until(`${key} is wanted`, async () => (await keyOf(lane)) === key, hours)

describe('whichever upload was lost is found within five minutes (J)', () => {
  it.each([
    ['the first', ['b']],
    ['the second', ['a']],
    ['none', ['a', 'b']],
    ['none, told the other way round', ['b', 'a']],
    ['both', []],
  ])(
    'two manifests in one second, the event of %s lost: the greater key is what is trained on in the end',
    async (_, told) => {
      town = await openTown({ config: { ...example, approvals } })
      const start = town.house.clock.now()
      inOneSecond(() => start)
      await write('support-chats/a/')
      await write('support-chats/b/')
      for (const folder of told) await deliver(`support-chats/${folder}/manifest.json`)
      await wanted('support-chats/b/manifest.json')
      await town.settled(TRAIN)
      await town.advance(HOUR)
      expect(await keyOf()).toBe('support-chats/b/manifest.json')
    },
  )

  it('a manifest that is written again in the same second: what it says now is trained on, told or not', async () => {
    town = await openTown({ config: { ...example, approvals } })
    const start = town.house.clock.now()
    inOneSecond(() => start)
    await write('support-chats/a/', { rows: ['"first"'] })
    await deliver('support-chats/a/manifest.json')
    const versionNow = async () => ((await town.lane(TRAIN)).desired as unknown as { version: string }).version
    const first = await versionNow()
    await write('support-chats/a/', { rows: ['"a second one"'] })
    await town.until('the second is wanted', async () => (await versionNow()) !== first, 0.1)
    expect((await town.lane(TRAIN)).generation).toBe(2)
    await town.settled(TRAIN)
    await town.advance(HOUR)
    expect((await town.lane(TRAIN)).generation).toBe(2)
  })

  it('rules within each other, all events lost: each is found by its own lane, and by no other', async () => {
    town = await openTown({ config: nested })
    for (const folder of ['chats/x/', 'chats/de/x/', 'chats/de/new/x/']) await write(folder)
    await wanted('chats/x/manifest.json', 'pipeline/outer')
    expect(await keyOf('pipeline/inner')).toBe('chats/de/x/manifest.json')
    expect(await keyOf('pipeline/deep')).toBe('chats/de/new/x/manifest.json')
    await town.advance(10 * MINUTE)
    expect(
      await Promise.all(
        ['outer', 'inner', 'deep'].map(async (name) => (await town.lane(`pipeline/${name}`)).generation),
      ),
    ).toEqual([1, 1, 1])
  })

  it.each(['outer', 'inner', 'deep'])(
    'rules within each other in one second, only the event of %s lost: found',
    async (lost) => {
      town = await openTown({ config: nested })
      const start = town.house.clock.now()
      inOneSecond(() => start)
      const folders = { outer: 'chats/x/', inner: 'chats/de/x/', deep: 'chats/de/new/x/' }
      for (const folder of Object.values(folders)) await write(folder)
      for (const [name, folder] of Object.entries(folders)) if (name !== lost) await deliver(`${folder}manifest.json`)
      for (const [name, folder] of Object.entries(folders)) await wanted(`${folder}manifest.json`, `pipeline/${name}`)
    },
  )

  it('a rule that is added within another: what lies there already is the new one’s, and the old one wants nothing new', async () => {
    town = await openTown({ config: { ...nested, pipelines: { outer: nested.pipelines.outer } } })
    await write('chats/de/x/')
    await wanted('chats/de/x/manifest.json', 'pipeline/outer')
    await town.settled('pipeline/outer')
    town.setPolicy(nested)
    await wanted('chats/de/x/manifest.json', 'pipeline/inner')
    expect(await town.lane('pipeline/outer')).toMatchObject({ generation: 1, state: 'succeeded' })
  })

  it('the newest is no manifest, the one before lacks an object, and the event of a good one before was lost: it is found', async () => {
    town = await openTown({ config: { ...example, approvals } })
    await write('support-chats/a/')
    await town.advance(1000)
    await write('support-chats/b/', { rows: ['"1"', '"2"'], leaveOut: [1] })
    await town.advance(1000)
    await town.house.objects.write('acme-datasets', 'support-chats/c/manifest.json', Buffer.from('{"version":'))
    for (const folder of ['b', 'c']) await deliver(`support-chats/${folder}/manifest.json`)
    await wanted('support-chats/a/manifest.json')
    await town.advance(MINUTE)
    await town.house.objects.write('acme-datasets', 'support-chats/b/part-1.jsonl', Buffer.from('"2"'))
    await wanted('support-chats/b/manifest.json')
    expect((await timeline(town)).filter(({ data }) => data?.['reason'] === 'bad-manifest')).toHaveLength(1)
  })

  it('a manifest that is asked about is written over with none: nobody approves what is not there, and the same again is asked anew', async () => {
    town = await openTown()
    await write('support-chats/a/')
    await deliver('support-chats/a/manifest.json')
    await town.until('it asks', async () => (await town.question(TRAIN)) !== null)
    await town.house.objects.write('acme-datasets', 'support-chats/a/manifest.json', Buffer.from('{"version":'))
    await deliver('support-chats/a/manifest.json')
    await town.until('it is over', async () => (await town.lane(TRAIN)).run === null)
    expect(await town.lane(TRAIN)).toMatchObject({ state: 'superseded', generation: 1 })
    expect((await town.house.why(TRAIN)).text).toContain('the manifest is not JSON')
    await town.advance(HOUR)
    expect(await town.question(TRAIN)).toBeNull()
    await write('support-chats/a/')
    await deliver('support-chats/a/manifest.json')
    await town.answered(TRAIN)
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded', generation: 1, attempt: 2 })
  })

  it('fifteen bad manifests after a good one whose event was lost: it is found all the same', async () => {
    town = await openTown({ config: { ...example, approvals } })
    await write('support-chats/a/')
    for (let n = 10; n < 25; n++) {
      await town.advance(1000)
      await town.house.objects.write('acme-datasets', `support-chats/b${n}/manifest.json`, Buffer.from('{"version":'))
    }
    await wanted('support-chats/a/manifest.json')
  })

  it('several good ones, all lost: the newest is trained on, and none before it costs anything', async () => {
    town = await openTown({ config: { ...example, approvals } })
    for (const folder of ['a', 'b', 'c', 'd']) {
      await write(`support-chats/${folder}/`)
      await town.advance(1000)
    }
    await wanted('support-chats/d/manifest.json')
    await town.settled(TRAIN)
    await town.advance(HOUR)
    expect((await town.lane(TRAIN)).desired).toMatchObject({ key: 'support-chats/d/manifest.json' })
    expect((await town.house.cluster.list('Job')).length).toBe(2)
  })

  it('several under a rule in shadow: the newest has a plan on record, once, however often resync looks', async () => {
    town = await openTown({ config: { ...example, pipelines: { 'support-chats': piped({ mode: 'shadow' }) } } })
    for (const folder of ['a', 'b', 'c']) {
      await write(`support-chats/${folder}/`)
      await town.advance(1000)
    }
    await town.advance(2 * HOUR)
    const shadows = await town.house.ports.ledger.list('shadow', { prefix: `${TRAIN}#` })
    expect(shadows.map(({ value }) => (value.desired as { key?: string }).key)).toEqual([
      'support-chats/c/manifest.json',
    ])
    await write('support-chats/d/')
    await town.advance(HOUR)
    expect(await town.house.ports.ledger.list('shadow', { prefix: `${TRAIN}#` })).toHaveLength(2)
    town.setPolicy({ ...example, approvals })
    await wanted('support-chats/d/manifest.json')
  })

  it('an older one that is completed after a newer one was trained on stays what it is', async () => {
    town = await openTown({ config: { ...example, approvals } })
    await write('support-chats/a/', { rows: ['"1"', '"2"'], leaveOut: [1] })
    await deliver('support-chats/a/manifest.json')
    await town.advance(1000)
    await write('support-chats/b/')
    await deliver('support-chats/b/manifest.json')
    await town.settled(TRAIN)
    await town.house.objects.write('acme-datasets', 'support-chats/a/part-1.jsonl', Buffer.from('"2"'))
    await town.advance(HOUR)
    expect(await town.lane(TRAIN)).toMatchObject({ generation: 1, desired: { key: 'support-chats/b/manifest.json' } })
    expect((await timeline(town)).filter(({ data }) => data?.['reason'] === 'older-than-current')).toHaveLength(1)
  })

  it('while the bucket does not answer for a day: found when it does, and what an event told is not forgotten', async () => {
    town = await openTown({
      config: { ...nested, pipelines: { ...nested.pipelines, 'support-chats': piped() } },
      wrap: far.wrap,
    })
    far.fails('objects', 'away')
    await write('chats/x/')
    await write('support-chats/a/')
    await deliver('support-chats/a/manifest.json')
    await town.advance(DAY)
    expect(await town.house.why(TRAIN)).toMatchObject({ why: 'source-unreadable', side: 'objects' })
    far.answers('objects')
    await wanted('support-chats/a/manifest.json')
    await wanted('chats/x/manifest.json', 'pipeline/outer')
  })

  it('a stream that breaks in the middle says nothing of what is there: looked at again, visibly, with growing pauses', async () => {
    town = await openTown({ config: { ...example, approvals }, wrap: far.wrap })
    const { Unavailable } = await import('../../flows/ports.ts')
    const { stream } = town.house.objects
    let looks = 0
    town.house.objects.stream = async (...where) => {
      const found = await stream(...where)
      if (found === null) return null
      looks++
      return {
        ...found,
        pieces: (async function* () {
          yield Buffer.from('{"version"')
          throw new Unavailable('the connection was reset')
        })(),
      }
    }
    await write('support-chats/a/')
    await deliver('support-chats/a/manifest.json')
    await town.advance(HOUR)
    expect(await town.house.why(TRAIN)).toMatchObject({
      why: 'source-unreadable',
      text: expect.stringContaining('connection was reset'),
    })
    // Its own looks, and those of resync.
    expect(looks).toBeLessThan(50)
    town.house.objects.stream = stream
    await wanted('support-chats/a/manifest.json')
  })

  it('an alias that was moved, moved back and moved again, every webhook lost: what it says now is asked about, once', async () => {
    town = await openTown()
    const { registerVersion, promote } = await import('../../local/scenario.ts')
    const { webhook } = town.house
    town.house.webhook = async () => ({ status: 500, body: {} })
    const [one, two] = [
      await registerVersion(town.house, { model: MODEL }),
      await registerVersion(town.house, { model: MODEL, tags: { n: '2' } }),
    ]
    for (const version of [one, two, one, two]) await promote(town.house, MODEL, version)
    town.house.webhook = webhook
    await town.until('it asks', async () => (await town.question(SERVE)) !== null, 0.1)
    expect(await town.lane(SERVE)).toMatchObject({ generation: 1, desired: { version: two } })
  })
})
