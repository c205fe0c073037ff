import { afterEach, describe, expect, it } from 'vitest'
import { Unavailable } from '../../flows/ports.ts'
import { everyRow } from '../../flows/rows.ts'
import { uploadDataset } from '../../local/scenario.ts'
import example from '../example.ts'
import { piped } from '../variants.ts'
import {
  clockOf,
  fillPool,
  HOUR,
  holdDeletions,
  looseEnds,
  MINUTE,
  SERVE,
  say,
  served,
  TRAIN,
  timeline,
  trainedUntil,
} from './scenes.ts'
import { BEN, openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())

const ROOM = 'pool/gpu-train'
/** Datasets that need so many GPUs of one node, asking nobody. */
const configOf = (gpus: Record<string, number>) => ({
  ...example,
  pools: { ...example.pools, 'gpu-train': { ...example.pools['gpu-train'], maxGpus: 8 } },
  pipelines: Object.fromEntries(
    Object.entries(gpus).map(([name, count]) => [name, piped({ prefix: `${name}/`, train: { gpus: count } })]),
  ),
  approvals: { ...example.approvals, autoApproveBelow: 1e9 },
})
const upload = async (name: string) => {
  await uploadDataset(town.house, { bucket: 'acme-datasets', folder: `${name}/a/`, rows: ['{}'] })
  await town.house.scanUploads()
  await town.advance(0)
}
const phase = async (name: string) => (await town.lane(`pipeline/${name}`)).run?.phase
const waiting = async () => (await everyRow(town.house.ports.ledger, 'line', `${ROOM}#`)).map(({ value }) => value.lane)
const leave = async () => {
  const pods = await town.house.cluster.list('Pod')
  const other = pods.find(({ metadata }) => metadata.name === 'other')
  await town.house.cluster.delete({ kind: 'Pod', namespace: 'training', name: 'other' }, other?.metadata.uid ?? '')
}

it('its source does not answer as it is granted: it keeps what it was granted for a few looks, and nobody overtakes it', async () => {
  town = await openTown({ config: configOf({ first: 8, large: 8, small: 4 }) })
  await upload('first')
  await upload('large')
  await upload('small')
  await town.advance(MINUTE)
  expect(await waiting()).toEqual(['pipeline/large', 'pipeline/small'])
  const { objects } = town.house
  const stream = objects.stream.bind(objects)
  let refused = 0
  objects.stream = async (...given) => {
    const granted = (await town.held(ROOM)).lanes['pipeline/large'] === 8
    if (!granted || refused > 1 || !given[1].startsWith('large/')) return stream(...given)
    refused++
    throw new Unavailable('S3: 503')
  }
  await town.until('the large one begins', async () => (await phase('large')) === 'steps' && refused === 2, 48)
  expect(await phase('small')).toBe('waiting-for-room')
  expect((await town.settled('pipeline/large')).state).toBe('succeeded')
})

it('what was granted while its source was silent is planned again before it begins: who approved it may have been revoked', async () => {
  const { approvals, ...config } = configOf({ first: 8, large: 8 })
  town = await openTown({ config: { ...config, approvals: { ...approvals, autoApproveBelow: 0 } } })
  await upload('first')
  await town.answered('pipeline/first')
  await upload('large')
  await town.answered('pipeline/large')
  await town.advance(MINUTE)
  expect(await phase('large')).toBe('waiting-for-room')
  const { objects } = town.house
  const stream = objects.stream.bind(objects)
  let away = true
  objects.stream = async (...given) => {
    const granted = (await town.held(ROOM)).lanes['pipeline/large'] === 8
    if (!away || !granted || !given[1].startsWith('large/')) return stream(...given)
    throw new Unavailable('S3: 503')
  }
  await town.until('it is granted', async () => (await town.held(ROOM)).lanes['pipeline/large'] === 8)
  await town.advance(MINUTE)
  town.setPolicy({ ...config, approvals: { ...approvals, autoApproveBelow: 0, approvers: [{ id: BEN, name: 'ben' }] } })
  away = false
  await town.until('it asks anew', async () => (await town.question('pipeline/large')) !== null)
  expect((await town.held(ROOM)).lanes).not.toHaveProperty('pipeline/large')
})

describe('a hold', () => {
  it('falls step by step to what the remaining steps need, and to nothing at the end', async () => {
    town = await openTown()
    await trainedUntil(town, 'train', 'running')
    expect(await town.held(ROOM)).toEqual({ lanes: { [TRAIN]: 8 }, sum: 8 })
    await town.until('it is evaluated', async () =>
      ((await town.lane(TRAIN)).run?.steps ?? []).some(({ name, state }) => name === 'evaluate' && state === 'running'),
    )
    expect(await town.held(ROOM)).toEqual({ lanes: { [TRAIN]: 1 }, sum: 1 })
    await town.settled(TRAIN)
    expect(await town.held(ROOM)).toEqual({ lanes: {}, sum: 0 })
  })

  it('goes back once its pods are seen gone, though somebody’s finalizer keeps their Job for days', async () => {
    town = await openTown()
    await trainedUntil(town, 'train', 'running')
    const letGo = holdDeletions(town, 'acme.com/backup')
    await say(town, 'cancel')
    expect((await town.held(ROOM)).sum).toBe(8)
    // A Job that is being deleted makes no new pods, as the world's here would: its object is only said to be on its way.
    const { list } = town.house.cluster
    town.house.cluster.list = (kind, selection) =>
      kind === 'Pod' ? Promise.resolve([]) : list.call(town.house.cluster, kind, selection)
    await town.advance(10 * MINUTE)
    expect(await town.lane(TRAIN)).toMatchObject({ rest: { why: 'deleting' } })
    expect(await town.held(ROOM)).toEqual({ lanes: {}, sum: 0 })
    town.house.cluster.list = list
    letGo()
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'cancelled' })
    expect(await looseEnds(town)).toEqual([])
  })

  it('of a service is what stands, for as long as it stands: its run’s end promises nobody its GPUs', async () => {
    town = await openTown()
    await served(town)
    expect(await town.held('pool/gpu-serve')).toEqual({ lanes: { [SERVE]: 8 }, sum: 8 })
    expect(await town.lane(SERVE)).toMatchObject({ run: null, stands: { 'gpu-serve': 8 } })
    await served(town)
    expect(await town.held('pool/gpu-serve')).toEqual({ lanes: { [SERVE]: 8 }, sum: 8 })
    expect(await looseEnds(town)).toEqual([])
  })
})

describe('the line of a pool', () => {
  it('is granted in order: a small one that would fit does not overtake a large one', async () => {
    town = await openTown({ config: configOf({ first: 4, large: 8, small: 4 }) })
    await upload('first')
    await town.until('the first runs', async () => (await phase('first')) === 'steps')
    for (const name of ['large', 'small']) {
      await upload(name)
      clockOf(town).set(town.house.clock.now() + 1000)
    }
    expect([await phase('large'), await phase('small')]).toEqual(['waiting-for-room', 'waiting-for-room'])
    expect(await waiting()).toEqual(['pipeline/large', 'pipeline/small'])
    await town.advance(2 * MINUTE)
    expect((await town.lane(ROOM)).rest).toMatchObject({
      why: 'no-room',
      text: expect.stringContaining('2 wait in its line; the first, pipeline/large'),
    })
    await town.until('the large one runs', async () => (await phase('large')) === 'steps')
    expect(await phase('small')).toBe('waiting-for-room')
    await town.until('the small one is done', async () => (await town.lane('pipeline/small')).state === 'succeeded')
    expect(await looseEnds(town)).toEqual([])
  })

  it('passes over who is frozen, cancelled or too late; each leaves it, and nobody behind waits for them', async () => {
    town = await openTown({ config: configOf({ frozen: 8, cancelled: 8, last: 8 }) })
    await fillPool(town)
    for (const name of ['frozen', 'cancelled', 'last']) {
      await upload(name)
      clockOf(town).set(town.house.clock.now() + 1000)
    }
    expect(await waiting()).toHaveLength(3)
    await town.house.command({
      kind: 'freeze',
      lane: 'pipeline/frozen',
      until: town.house.clock.now() + 9 * HOUR,
      by: 'ana',
    })
    await town.house.command({ kind: 'cancel', lane: 'pipeline/cancelled', by: 'ana' })
    await town.advance(2 * MINUTE)
    expect(await waiting()).toEqual(['pipeline/last'])
    expect(await phase('frozen')).toBe('planned')
    await leave()
    const free = town.house.clock.now()
    await town.until('the last runs', async () => (await phase('last')) === 'steps')
    expect(town.house.clock.now() - free).toBeLessThanOrEqual(MINUTE)
    expect(await looseEnds(town)).toEqual([])
  })

  it('expires by its own time, and is left', async () => {
    const config = configOf({ a: 8 })
    town = await openTown({ config: { ...config, approvals: { ...config.approvals, expiry: '20m' } } })
    await fillPool(town)
    await upload('a')
    expect(await town.settled('pipeline/a')).toMatchObject({ state: 'expired' })
    expect(await waiting()).toEqual([])
    await town.advance(5 * MINUTE)
    expect((await town.lane(ROOM)).rest).toMatchObject({ why: 'done', until: null })
    expect(await looseEnds(town)).toEqual([])
  })

  it('what was granted to somebody who is frozen before the first effect goes back', async () => {
    town = await openTown({ config: configOf({ a: 8 }) })
    await fillPool(town)
    await upload('a')
    await leave()
    let granted = false
    const { commit } = town.house.ports.ledger
    town.house.ports.ledger.commit = async (writes) => {
      const done = await commit(writes)
      const grants = writes.some((write) => 'remove' in write && write.remove === 'line')
      if (grants && done.ok && !granted) {
        granted = true
        const value = { lane: 'pipeline/a', by: 'ana', at: 0, until: town.house.clock.now() + HOUR }
        await commit([{ put: 'freeze', id: 'pipeline/a', revision: 0, value }])
      }
      return done
    }
    await town.advance(10 * MINUTE)
    expect([granted, await phase('a')]).toEqual([true, 'planned'])
    expect(await town.held(ROOM)).toEqual({ lanes: {}, sum: 0 })
    expect(await looseEnds(town)).toEqual([])
    await town.until('it runs after the thaw', async () => (await phase('a')) === 'steps')
    expect((await timeline(town, ROOM)).map(({ text }) => text)).toContainEqual(
      expect.stringContaining('grants pipeline/a'),
    )
  })
})

describe('who needs two pools', () => {
  const SERVING = 'pool/gpu-serve'
  const pools = {
    'gpu-train': { ...example.pools['gpu-train'], maxGpus: 8 },
    'gpu-serve': { ...example.pools['gpu-serve'], gpusPerNode: 8, maxGpus: 8 },
  }
  const across = (name: string, [first, then]: readonly [string, string]) =>
    piped({ prefix: `${name}/`, train: { pool: first, gpus: 8 }, evaluate: { pool: then, gpus: 8 } })

  it('holds none of them while it waits for the other, is granted both at once, and two of them never cross', {
    timeout: 60_000,
  }, async () => {
    const config = {
      ...configOf({ first: 8 }),
      pools,
      pipelines: {
        first: piped({ prefix: 'first/', train: { gpus: 8 } }),
        there: across('there', ['gpu-train', 'gpu-serve']),
        back: across('back', ['gpu-serve', 'gpu-train']),
      },
    }
    town = await openTown({ config })
    await upload('first')
    await town.until('the first runs', async () => (await phase('first')) === 'steps')
    for (const name of ['there', 'back']) {
      await upload(name)
      clockOf(town).set(town.house.clock.now() + 1000)
    }
    expect([await phase('there'), await phase('back')]).toEqual(['waiting-for-room', 'waiting-for-room'])
    expect((await town.lane('pipeline/there')).run?.line?.rooms).toEqual([SERVING, ROOM])
    expect(await town.held(SERVING)).toEqual({ lanes: {}, sum: 0 })
    expect(Object.keys((await town.held('budget/ml-monthly')).lanes)).toEqual(['pipeline/first'])
    await town.until('who came first has both', async () => (await phase('there')) === 'steps')
    expect([await town.held(ROOM), await town.held(SERVING)]).toEqual([
      { lanes: { 'pipeline/there': 8 }, sum: 8 },
      { lanes: { 'pipeline/there': 8 }, sum: 8 },
    ])
    for (const name of ['there', 'back'])
      await town.until(`${name} is done`, async () => (await town.lane(`pipeline/${name}`)).state === 'succeeded')
    expect(await looseEnds(town)).toEqual([])
  })
})
