import { afterEach, describe, expect, it } from 'vitest'
import { SCHEMA } from '../../core/lane/document.ts'
import { leaveVote } from '../../flows/letters.ts'
import type { Ports } from '../../flows/ports.ts'
import { reconcile } from '../../flows/reconcile.ts'
import { readRow } from '../../flows/rows.ts'
import { CATALOGUES } from '../../functions/door.ts'
import { promote, registerVersion, uploadDataset } from '../../local/scenario.ts'
import example from '../example.ts'
import { between } from '../journeys/away.ts'
import { ANA, openTown, type Town } from '../journeys/town.ts'

const TRAIN = 'pipeline/support-chats'
const SERVE = 'service/support-llama'
const HOUR = 3_600_000
let town: Town
afterEach(() => town.close())

/** Every call of a port since it was emptied, as `port.method`; `heard` is told of each. */
const counting = (heard: () => void = () => undefined) => {
  const calls: string[] = []
  const wrap = (ports: Ports): Ports =>
    Object.fromEntries(
      Object.entries(ports).map(([port, object]) => [
        port,
        port === 'clock'
          ? object
          : new Proxy(object as object, {
              get: (target, method) => {
                const member = Reflect.get(target, method) as unknown
                if (typeof member !== 'function') return member
                return (...values: unknown[]) => {
                  calls.push(`${port}.${String(method)}`)
                  heard()
                  return member.apply(target, values) as unknown
                }
              },
            }),
      ]),
    ) as unknown as Ports
  return { calls, wrap }
}
const { calls, wrap } = counting()
const open = async (config: unknown = example) => {
  town = await openTown({ config, wrap })
}
const upload = async () => {
  await uploadDataset(town.house, { bucket: 'acme-datasets', folder: 'support-chats/a/', rows: ['{}'] })
  await town.house.scanUploads()
}
const woken = (lane = TRAIN) => reconcile(town.house.ports, lane, { ...CATALOGUES, me: 'somebody', handover: 30_000 })
/** What somebody else asks when they wake the lane at odd moments, and what it writes. */
const askedWhenWoken = async (lane = TRAIN): Promise<string[]> => {
  const asked = new Set<string>()
  for (let n = 0; n < 10; n++) {
    calls.length = 0
    expect(await woken(lane)).toBe('rests')
    for (const call of calls) asked.add(call)
    await town.advance(7_001)
  }
  return [...asked].sort()
}
const autoApproved = { ...example, approvals: { ...example.approvals, autoApproveBelow: 1e9 } }
const ONE_READ = ['ledger.list', 'ledger.read', 'policies.load']

describe('the world is looked at beside what a letter points at', () => {
  it('and what was seen is planned from: each kind is listed once', async () => {
    await open()
    calls.length = 0
    await upload()
    expect(await town.question(TRAIN)).not.toBe(null)
    expect(calls.filter((call) => call === 'cluster.list')).toHaveLength(3)
    expect(calls.indexOf('cluster.list')).toBeLessThan(calls.indexOf('objects.stream'))
  })

  it('and a cluster that does not answer keeps no letter from being folded', async () => {
    const broken = between()
    town = await openTown({ wrap: broken.wrap })
    broken.fails('cluster', 'away', { name: 'list' })
    await upload()
    await town.advance(0)
    expect(await town.lane(TRAIN)).toMatchObject({ generation: 1, state: 'wanted', rest: { why: 'unavailable' } })
  })
})

describe('a lane that rests, woken by anybody at any moment: it reads once, and writes nothing', () => {
  it('while it asks, once it is done, and while it is parked', async () => {
    await open()
    await upload()
    await town.until('it asks', async () => (await town.question(TRAIN)) !== null)
    await town.advance(1000)
    expect(await askedWhenWoken()).toEqual(ONE_READ)
    await town.answered(TRAIN)
    await town.settled(TRAIN)
    expect(await askedWhenWoken()).toEqual(ONE_READ)
    await promote(town.house, 'support-llama', await registerVersion(town.house, { model: 'support-llama' }))
    await town.answered(SERVE, 'deny')
    await town.settled(SERVE)
    expect(await askedWhenWoken(SERVE)).toEqual(ONE_READ)
    calls.length = 0
    await woken()
    // One round trip: the rows in one batch, beside them the two sorts of letters.
    expect(calls.sort()).toEqual(['ledger.list', 'ledger.list', 'ledger.read', 'policies.load'])
  })

  it('while it is frozen', async () => {
    await open(autoApproved)
    await town.house.command({ kind: 'freeze', lane: '*', until: town.house.clock.now() + 12 * HOUR, by: ANA })
    await upload()
    expect((await town.lane(TRAIN)).rest?.why).toBe('frozen')
    expect(await askedWhenWoken()).toEqual(ONE_READ)
  })

  it('while its Job runs: what waits is looked at, and nothing else', async () => {
    await open(autoApproved)
    await upload()
    const runs = async () =>
      (await town.house.cluster.list('Job')).some((job) => JSON.stringify(job).includes('"ready":1'))
    await town.until('its Job runs', runs)
    await woken()
    expect(await askedWhenWoken()).toEqual([
      'cluster.get',
      'cluster.list',
      'ledger.list',
      'ledger.read',
      // Its pod may have written its result: that is read while its Job is asked.
      'objects.list',
      'objects.read',
      'policies.load',
    ])
  })

  it('that nobody has heard of, or whose kind nobody knows: nothing is made up', async () => {
    await open()
    expect(await askedWhenWoken('pipeline/unheard-of')).toEqual(expect.arrayContaining(ONE_READ))
    calls.length = 0
    expect(await woken('satellite/one')).toBe('unknown-kind')
    expect(calls).toEqual([])
  })

  it('that a newer release wrote: it is left as it is', async () => {
    await open()
    await upload()
    await town.until('it asks', async () => (await town.question(TRAIN)) !== null)
    const [stored] = await town.house.ports.ledger.read([{ kind: 'lane', id: TRAIN }])
    const newer = { ...(stored?.value ?? (await town.lane(TRAIN))), schema: SCHEMA + 1, unheardOf: { of: 1 } }
    await town.house.ports.ledger.commit([{ put: 'lane', id: TRAIN, revision: stored?.revision ?? 0, value: newer }])
    await town.answered(TRAIN).catch(() => undefined)
    expect(await woken()).toBe('newer-schema')
    await town.advance(2 * HOUR)
    expect(await town.lane(TRAIN)).toEqual({ ...newer, state: 'wanted' })
    expect(await town.house.why(TRAIN)).toMatchObject({ why: 'newer-schema' })
  })
})

it('what needs no answer is planned, held and marked in one commit; then its Job is made, and one more commit says so', async () => {
  await open(autoApproved)
  await uploadDataset(town.house, { bucket: 'acme-datasets', folder: 'support-chats/a/', rows: ['{}'] })
  calls.length = 0
  await town.house.scanUploads()
  const touching = calls.filter((call) => call === 'ledger.commit' || call === 'cluster.create')
  // The first is the door's letter.
  expect(touching).toEqual(['ledger.commit', 'ledger.commit', 'cluster.create', 'ledger.commit'])
})

it('stops between two acts when its time is up, wherever that is: nothing is done twice, and the next one need not wait', async () => {
  const stops: number[] = []
  for (let [at, went] = [1, 'time-up']; went === 'time-up'; at += 2) {
    const timeUp = new AbortController()
    let left = Number.POSITIVE_INFINITY
    const abortAt = counting(() => {
      if (--left === 0) timeUp.abort()
    })
    const queue = { wake: async () => undefined }
    town = await openTown({ config: autoApproved, wrap: (ports) => abortAt.wrap({ ...ports, queue }) })
    await upload()
    left = at
    const known = { ...CATALOGUES, handover: 30_000 }
    went = await reconcile(town.house.ports, TRAIN, { ...known, me: 'first', timeUp: timeUp.signal })
    if (went === 'time-up') stops.push(at)
    expect(await reconcile(town.house.ports, TRAIN, { ...known, me: 'second' })).toBe('rests')
    expect((await town.lane(TRAIN)).rest?.why).not.toBe('marked-by-another')
    expect(await town.house.cluster.list('Job')).toHaveLength(1)
    await town.close()
  }
  expect(stops.length).toBeGreaterThan(3)
  await open()
})

it('whose time is up once its source was read again begins all the same: the next one would have to read it as long', async () => {
  const timeUp = new AbortController()
  let isLong = false
  const slow = counting(() => {
    if (isLong && slow.calls.at(-1) === 'objects.stream') timeUp.abort()
  })
  const queue = { wake: async () => undefined }
  town = await openTown({ wrap: (ports) => slow.wrap({ ...ports, queue }) })
  await upload()
  await woken()
  const question = (await town.question(TRAIN))?.id ?? ''
  const said = { type: 'approval-answered', id: 'v', at: 0, question, verdict: 'approve', by: ANA } as const
  const vote = { ...said, byName: 'ana', workspace: null, reason: null, replyTo: null } as never
  await leaveVote(town.house.ports, vote, 'v')
  isLong = true
  const went = await reconcile(town.house.ports, TRAIN, {
    ...CATALOGUES,
    me: 'it',
    handover: 30_000,
    timeUp: timeUp.signal,
  })
  expect([went, (await town.house.cluster.list('Job')).length]).toEqual(['rests', 1])
})

it('what a clock ahead of ours has written is not undone by ours: for a lane it is never earlier again', async () => {
  let ahead = 600_000
  const skewed = (ports: Ports): Ports => ({
    ...ports,
    clock: { ...ports.clock, now: () => ports.clock.now() + ahead },
  })
  town = await openTown({ wrap: skewed })
  const document = async () => (await readRow(town.house.ports.ledger, 'lane', TRAIN))?.value
  await upload()
  const written = (await document())?.writtenAt as number
  ahead = 0
  expect(written - town.house.ports.clock.now()).toBeGreaterThan(500_000)
  await town.answered(TRAIN)
  await town.until('its Job is made', async () => (await document())?.run?.steps[0]?.touched === true)
  const doc = await document()
  expect(doc?.writtenAt).toBeGreaterThanOrEqual(written)
  expect(doc?.run?.steps[0]?.markedAt).toBeGreaterThanOrEqual(written)
})
