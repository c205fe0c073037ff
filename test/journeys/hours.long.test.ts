import { afterEach, describe, expect, it } from 'vitest'
import type { KubeObject } from '../../core/kube.ts'
import { Unavailable } from '../../flows/ports.ts'
import example from '../example.ts'
import { HOUR, jobsOf, looseEnds, MINUTE, TRAIN, timeline, upload } from './scenes.ts'
import { openTown, START, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())

const POOL = 'pool/gpu-train'
/** 12:00 UTC on a Monday is 13:00 in Berlin: nights begin in 7 hours and end in 17. */
const NIGHTS = { zone: 'Europe/Berlin', ceilings: [{ from: '20:00', to: '06:00', maxGpus: 8 }] }
const withPool = (pool: object, approvals: object = { autoApproveBelow: 1e9 }) => ({
  ...example,
  pools: { ...example.pools, 'gpu-train': { ...example.pools['gpu-train'], ...pool } },
  approvals: { ...example.approvals, ...approvals },
})
const nodePool = async () =>
  (await town.house.cluster.get({ kind: 'NodePool', namespace: null, name: 'gpu-train' })) as KubeObject<'NodePool'>
const limit = async () => (await nodePool()).spec?.limits?.['nvidia.com/gpu']
const setByHand = async (gpus: string) => {
  const { metadata } = await nodePool()
  const ref = { kind: 'NodePool', namespace: null, name: 'gpu-train' } as const
  await town.house.cluster.patch(ref, metadata.uid ?? '', { spec: { limits: { 'nvidia.com/gpu': gpus } } })
}
const toldOf = async (lane: string) => (await timeline(town, lane)).map(({ text }) => text)

describe('a pool that grows at night', () => {
  it('lets begin at night what has no room by day, and finishes in the morning what runs', async () => {
    town = await openTown({ config: withPool({ maxGpus: 0, hours: NIGHTS }) })
    await upload(town, 'a', { simulation: { tasks: { 'fine-tune': { minutes: 150 } } } })
    expect(await town.settled(TRAIN)).toMatchObject({
      state: 'refused',
      outcome: {
        reason: 'pool-too-small',
        detail: expect.stringMatching(/its hours make it 8 at 2026-11-23 19:00 UTC/),
      },
    })
    expect(await limit()).toBe('0')
    await town.until('it runs', async () => (await jobsOf(town)).length > 0)
    expect(town.house.clock.now()).toBeGreaterThanOrEqual(START + 7 * HOUR)
    expect(town.house.clock.now()).toBeLessThan(START + 7 * HOUR + 11 * MINUTE)
    expect([await limit(), (await town.house.why(POOL)).text]).toEqual(['8', expect.stringContaining('its line')])
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded' })
    expect(await looseEnds(town)).toEqual([])
  })

  it('is small again to the minute, and what began before goes on', async () => {
    town = await openTown({ config: withPool({ maxGpus: 0, hours: NIGHTS }), at: START + 15.5 * HOUR })
    await town.advance(6 * MINUTE)
    await upload(town, 'a', { simulation: { tasks: { 'fine-tune': { minutes: 150 } } } })
    await town.until('it runs', async () => (await jobsOf(town)).length > 0)
    await town.advance(START + 17 * HOUR - town.house.clock.now() - MINUTE)
    expect(await limit()).toBe('8')
    await town.advance(2 * MINUTE)
    expect([await limit(), (await town.lane(TRAIN)).run?.phase]).toEqual(['0', 'steps'])
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded' })
    expect(await toldOf(POOL)).toContain(
      'its ceiling is 0 GPUs, and was 8 GPUs: `hours` and `maxGpus` of the policy say 0',
    )
  })

  it('stays so through a restart, and through a clock that is set back', async () => {
    // At 00:30 UTC on 25 October the clocks of Berlin show 02:30, and again an hour later.
    const at = Date.UTC(2026, 9, 24, 22)
    const hours = { zone: 'Europe/Berlin', ceilings: [{ from: '22:00', to: '02:30', maxGpus: 8 }] }
    town = await openTown({ config: withPool({ maxGpus: 16, hours }), at })
    await town.advance(6 * MINUTE)
    expect(await limit()).toBe('8')
    await town.reopen()
    expect(await limit()).toBe('8')
    await town.advance(Date.UTC(2026, 9, 25, 0, 31) - town.house.clock.now())
    expect(await limit()).toBe('16')
    await town.advance(HOUR)
    await town.reopen()
    expect(await limit()).toBe('16')
    const told = (await toldOf(POOL)).filter((text) => text.includes('its ceiling is'))
    expect(told.map((text) => text.split(':')[0])).toEqual([
      'its ceiling is 8 GPUs, and was 16 GPUs',
      'its ceiling is 16 GPUs, and was 8 GPUs',
    ])
  })

  it('is set once the API server is back that was away when it was to be', async () => {
    town = await openTown({ config: withPool({ maxGpus: 16, hours: NIGHTS }) })
    await town.advance(6 * HOUR)
    const { get, apply } = town.house.cluster
    const away = () => Promise.reject(new Unavailable('the API server is away'))
    Object.assign(town.house.cluster, { get: away, apply: away })
    await town.advance(4 * HOUR)
    expect(await town.lane(POOL)).toMatchObject({ rest: { why: 'unavailable', side: 'cluster' } })
    Object.assign(town.house.cluster, { get, apply })
    await town.advance(6 * MINUTE)
    expect(await limit()).toBe('8')
    expect(await town.lane(POOL)).toMatchObject({ rest: { why: 'done' } })
  })

  it('is mended where somebody sets its limit by hand, and that is told', async () => {
    town = await openTown({ config: withPool({ maxGpus: 16, hours: NIGHTS }) })
    await town.advance(6 * MINUTE)
    await setByHand('64')
    await town.advance(6 * MINUTE)
    expect(await limit()).toBe('16')
    expect(await toldOf(POOL)).toContain(
      'its ceiling is 16 GPUs, and was 64 GPUs: `hours` and `maxGpus` of the policy say 16',
    )
  })

  it('follows its policy without a bootstrap, and goes on to when its hours are taken away', async () => {
    town = await openTown({ config: withPool({ maxGpus: 16, hours: NIGHTS }), at: START + 8 * HOUR })
    await town.advance(6 * MINUTE)
    expect(await limit()).toBe('8')
    town.setPolicy(withPool({ maxGpus: 24 }))
    await town.advance(6 * MINUTE)
    expect(await limit()).toBe('24')
  })

  it('says why it is not set where its NodePool is another tool’s, and touches nothing of it', async () => {
    town = await openTown({ config: withPool({ maxGpus: 16 }) })
    const { metadata } = await nodePool()
    await town.house.cluster.patch({ kind: 'NodePool', namespace: null, name: 'gpu-train' }, metadata.uid ?? '', {
      metadata: { labels: { 'argocd.argoproj.io/instance': 'platform' } },
    })
    town.setPolicy(withPool({ maxGpus: 16, hours: NIGHTS }))
    await town.advance(8 * HOUR)
    expect(await limit()).toBe('16')
    expect(await toldOf(POOL)).toEqual([expect.stringMatching(/would be 16 GPUs and is not set: .*Argo CD/)])
    expect((await town.house.why(POOL)).text).toMatch(/would be 8 GPUs and is not set: .*Argo CD/)
  })
})

it('a pool in shadow keeps to its own ceiling, says which it would have, and lends nothing', async () => {
  const leases = { maxGpus: 8, maxHours: 12 }
  const shadow = { maxGpus: 16, hours: { zone: 'UTC', ceilings: [{ from: '00:00', to: '24:00', maxGpus: 0 }] }, leases }
  town = await openTown({ config: withPool({ ...shadow, mode: 'shadow' }) })
  await town.advance(6 * MINUTE)
  await upload(town)
  expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded' })
  expect([await limit(), (await town.house.why(POOL)).text]).toEqual([
    '16',
    expect.stringMatching(/its ceiling would be 0 GPUs and is not set: pools\.gpu-train is in shadow/),
  ])
  const until = town.house.clock.now() + HOUR
  const asked = await town.house.command({ kind: 'lease', lane: POOL, by: 'ben', does: 'take', gpus: 8, until })
  expect(asked).toEqual({ ok: false, detail: expect.stringMatching(/in shadow and nothing of it is touched/) })
  town.setPolicy(withPool({ ...shadow, mode: 'act' }))
  await town.advance(20 * MINUTE)
  expect(await limit()).toBe('0')
})

it('a pool whose policy moves nothing is left as it was bootstrapped, and as somebody has lowered it', async () => {
  town = await openTown({ config: withPool({ maxGpus: 16 }) })
  await setByHand('8')
  await town.advance(2 * HOUR)
  expect([await limit(), (await timeline(town, POOL)).length]).toEqual(['8', 0])
})
