import { afterEach, describe, expect, it } from 'vitest'
import type { KubeObject } from '../../core/kube.ts'
import { poolsNow } from '../../flows/leases.ts'
import { uploadDataset } from '../../local/scenario.ts'
import example from '../example.ts'
import { piped } from '../variants.ts'
import { BUDGET, laddered, laddersOf } from './ladder.ts'
import { HOUR, looseEnds, MINUTE, timeline } from './scenes.ts'
import { BEN, openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())

const POOL = 'pool/gpu-train'
/** Two hours and a half before the month turns. */
const LATE = Date.UTC(2026, 10, 30, 21, 30)
const train = { ...example.pools['gpu-train'], leases: { maxGpus: 16, maxHours: 12 } }
/** $20 of nodes cap the pools. */
const config = laddered(1000, [{ at: 0.02, do: 'cap-pools' }], {
  pools: { ...example.pools, 'gpu-train': train },
  pipelines: Object.fromEntries(['a', 'b'].map((name) => [name, piped({ prefix: `${name}/`, train: { gpus: 8 } })])),
  approvals: { ...example.approvals, autoApproveBelow: 1e9 },
})
const upload = async (name: string, minutes: number) => {
  const simulation = { tasks: { 'fine-tune': { minutes } } }
  await uploadDataset(town.house, { bucket: 'acme-datasets', folder: `${name}/a/`, rows: ['{}'], simulation })
  await town.house.scanUploads()
  await town.advance(0)
}
const limit = async () => {
  const found = await town.house.cluster.get({ kind: 'NodePool', namespace: null, name: 'gpu-train' })
  return (found as KubeObject<'NodePool'>).spec?.limits?.['nvidia.com/gpu']
}
const lease = () =>
  town.house.command({
    ...{ kind: 'lease', lane: POOL, by: BEN, does: 'take', gpus: 8, until: town.house.clock.now() + 6 * HOUR },
  })
const pool = async () =>
  (await poolsNow(town.house.ports.ledger, { policy: town.policy, now: town.house.clock.now() }))[0]

describe('cap-pools', () => {
  it('lets pools have no more nodes than they have, leases nothing, stops nothing, and is over when the month turns', async () => {
    town = await openTown({ at: LATE, config })
    await upload('a', 170)
    await town.until('it is crossed', async () => (await laddersOf(town).rungs()).length > 0)
    await town.advance(MINUTE)
    expect([await limit(), (await town.lane('pipeline/a')).run?.phase]).toEqual(['8', 'steps'])
    expect(await pool()).toMatchObject({
      ceiling: 8,
      own: 16,
      capped: expect.stringMatching(/^cap-pools of ml-monthly/),
    })
    expect((await timeline(town, POOL)).map(({ text }) => text)).toContainEqual(
      'its ceiling is 8 GPUs, and was 16 GPUs: `maxGpus` of the policy say 16; cap-pools of ml-monthly lets it have 8 at most'.replace(
        '`maxGpus`',
        '`maxGpus`',
      ),
    )
    expect(await lease()).toMatchObject({
      ok: false,
      detail: expect.stringMatching(/cap-pools of ml-monthly lets it have 8 at most until 2026-12-01 00:00 UTC/),
    })
    await upload('b', 60)
    await town.advance(HOUR)
    expect((await town.lane('pipeline/b')).run?.phase).toBe('waiting-for-room')
    await town.advance(Date.UTC(2026, 11, 1) - town.house.clock.now() - MINUTE)
    expect(await limit()).toBe('8')
    await town.advance(6 * MINUTE)
    expect(await limit()).toBe('16')
    expect(await pool()).not.toHaveProperty('capped')
    expect(await lease()).toMatchObject({ ok: true })
    expect(await town.settled('pipeline/b')).toMatchObject({ state: 'succeeded' })
    expect(await town.settled('pipeline/a')).toMatchObject({ state: 'succeeded' })
    expect(await looseEnds(town)).toEqual([])
  })
})

describe('a rung that leaves the policy', () => {
  const C = [{ at: 0.02, do: 'cap-pools' }]
  const policyOf = (ladder: typeof C | undefined) => ({ ...config, budget: { ...config.budget, ladder } })

  it.each<[string, typeof C | undefined]>([
    ['with its ladder', undefined],
    ['alone', [{ at: 0.9, do: 'notify' }]],
  ])(
    '%s is forgotten, and is crossed anew where it is written again: no pool is capped below what it has by then',
    async (_, without) => {
      town = await openTown({ at: LATE - 6 * HOUR, config })
      await upload('a', 170)
      await town.until('it is crossed', async () => (await laddersOf(town).rungs()).length > 0)
      await town.advance(MINUTE)
      expect(await limit()).toBe('8')
      town.setPolicy(policyOf(without))
      await upload('b', 170)
      await town.advance(20 * MINUTE)
      expect([await limit(), (await town.held(POOL)).sum]).toEqual(['16', 16])
      expect(await town.house.ports.ledger.list('rung', { prefix: `${BUDGET}#`, limit: 10 })).toEqual([])
      town.setPolicy(config)
      await town.advance(10 * MINUTE)
      expect([await laddersOf(town).rungs(), await limit()]).toEqual([['cap-pools'], '16'])
      expect(await looseEnds(town)).toEqual([])
    },
  )

  it('and comes again with another share is in force again, as the card of its lift says', async () => {
    town = await openTown({ at: LATE - 6 * HOUR, config })
    await upload('a', 170)
    await town.until('it is crossed', async () => (await laddersOf(town).rungs()).length > 0)
    await town.house.command({ kind: 'lift', rung: 'cap-pools', by: BEN, why: 'a demonstration' })
    await town.answered(BUDGET)
    await town.advance(5 * MINUTE)
    expect(await limit()).toBe('16')
    town.setPolicy(policyOf([{ at: 0.03, do: 'cap-pools' }]))
    await town.until('it is in force again', async () => (await limit()) === '8', 2)
  })
})

it('a pool that is added while pools are capped has no node before that is over', async () => {
  town = await openTown({ at: LATE - 2 * HOUR, config })
  await upload('a', 170)
  await town.until('it is crossed', async () => (await laddersOf(town).rungs()).length > 0)
  town.setPolicy({ ...config, pools: { ...config.pools, 'gpu-new': { ...train, maxGpus: 64 } } })
  await town.advance(10 * MINUTE)
  const all = await poolsNow(town.house.ports.ledger, {
    policy: await town.house.ports.policies.load(),
    now: town.house.clock.now(),
  })
  expect(all.find(({ pool: name }) => name === 'gpu-new')).toMatchObject({ ceiling: 0, own: 64 })
})
