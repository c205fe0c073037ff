import { afterEach, describe, expect, it } from 'vitest'
import { type KubeObject, refOf } from '../../core/kube.ts'
import { promote, registerVersion, type Simulation } from '../../local/scenario.ts'
import example from '../example.ts'
import { ANA, openTown, type Town } from './town.ts'

const MODEL = 'support-llama'
const LANE = `service/${MODEL}`
const SLOW: Simulation = { metrics: { health: 1, p95_ms: 9000, error_rate: 0 } }
let town: Town

const version = (simulation?: Simulation, tags?: Record<string, string>) =>
  registerVersion(town.house, { model: MODEL, simulation, tags })
const served = async () =>
  (await town.house.cluster.list('Deployment'))
    .map((object) => {
      const { metadata, spec, status } = object as {
        metadata: { labels?: Record<string, string> }
        spec?: { replicas?: number }
        status?: { readyReplicas?: number }
      }
      return {
        generation: Number(metadata.labels?.['signalbox.dev/generation']),
        replicas: spec?.replicas ?? 0,
        ready: status?.readyReplicas ?? 0,
      }
    })
    .filter(({ replicas }) => replicas > 0)
/** GPUs of pods that have a node and have not ended: also of those that are stopping. */
const gpusOnNodes = (pods: KubeObject[]): number =>
  (pods as KubeObject<'Pod'>[])
    .filter(({ spec, status }) => spec?.nodeName !== undefined && !/^(Succeeded|Failed)$/.test(status?.phase ?? ''))
    .flatMap(({ spec }) => spec?.containers ?? [])
    .reduce((sum, { resources }) => sum + Number(resources?.limits?.['nvidia.com/gpu'] ?? 0), 0)
const rollOut = async (wanted: string) => {
  await promote(town.house, MODEL, wanted)
  await town.answered(LANE)
  return town.settled(LANE)
}
const withPolicy = (change: { maxGpus?: number; maxUnavailable?: number; replicas?: number; mode?: 'shadow' }) => {
  const model = example.services?.[MODEL]
  const pool = example.pools['gpu-serve']
  const { maxGpus = pool?.maxGpus, ...rest } = change
  return {
    ...example,
    pools: { ...example.pools, 'gpu-serve': { ...pool, maxGpus } },
    services: { ...example.services, [MODEL]: { ...model, ...rest } },
  }
}

afterEach(() => town.close())

describe('a model is promoted', () => {
  it('approved: rolled out behind its gate, and the world stays true without another plan', async () => {
    town = await openTown()
    expect(await rollOut(await version())).toMatchObject({
      state: 'succeeded',
      generation: 1,
      baseline: { generation: 1 },
    })
    expect(await served()).toEqual([{ generation: 1, replicas: 2, ready: 2 }])
    await town.advance(3_600_000)
    expect(await town.lane(LANE)).toMatchObject({ generation: 1, attempt: 1, run: null })
  })

  it('the next one replaces it, and only it serves afterwards', async () => {
    town = await openTown()
    await rollOut(await version())
    expect(await rollOut(await version())).toMatchObject({
      state: 'succeeded',
      generation: 2,
      baseline: { generation: 2 },
    })
    expect(await served()).toEqual([{ generation: 2, replicas: 2, ready: 2 }])
  })

  it('its gate fails: it walks back to the baseline, and promoting the same again is held', async () => {
    town = await openTown()
    const good = await version()
    await rollOut(good)
    const bad = await version(SLOW)
    expect((await rollOut(bad)).outcome).toMatchObject({
      kind: 'failed',
      reason: 'gate',
      detail: expect.stringContaining('p95_ms 9000'),
    })
    expect(await served()).toEqual([{ generation: 1, replicas: 2, ready: 2 }])
    await promote(town.house, MODEL, bad)
    await town.advance(600_000)
    expect(await town.lane(LANE)).toMatchObject({ state: 'failed', attempt: 1 })
    await promote(town.house, MODEL, good)
    await town.until('the good one is wanted again', async () => (await town.lane(LANE)).generation === 3)
    expect(await town.settled(LANE)).toMatchObject({ state: 'succeeded', generation: 3 })
  })

  it('beside an autoscaler it is refused, and starts by itself once the autoscaler is gone', async () => {
    town = await openTown()
    await rollOut(await version())
    const [old] = await town.house.ports.cluster.list('Deployment')
    const made = await town.house.ports.cluster.create({
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: { name: 'by-requests', namespace: old!.metadata.namespace! },
      spec: { maxReplicas: 4, scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: old!.metadata.name } },
    })
    const autoscaler = (made as { object: KubeObject }).object
    await promote(town.house, MODEL, await version())
    await town.until('it is refused', async () => (await town.lane(LANE)).state === 'refused')
    expect((await town.lane(LANE)).outcome).toMatchObject({
      reason: 'autoscaler-cannot-pause',
      detail: expect.stringContaining('by-requests'),
    })
    expect(await served()).toEqual([{ generation: 1, replicas: 2, ready: 2 }])
    await town.house.ports.cluster.delete(refOf(autoscaler), autoscaler.metadata.uid!)
    await town.answered(LANE)
    expect(await town.settled(LANE)).toMatchObject({ state: 'succeeded', generation: 2, attempt: 2 })
  })

  it('replicas never get ready: not healthy, walked back, and what they cost is booked', async () => {
    town = await openTown()
    await rollOut(await version())
    const { outcome } = await rollOut(await version({ healthy: false }))
    expect(outcome).toMatchObject({ kind: 'failed', reason: 'not-healthy' })
    const [past] = (await town.past(LANE)).slice(-1)
    expect(past?.cost).toBeGreaterThan(9)
    expect(past?.cost).toBeLessThan(13)
    expect(await served()).toEqual([{ generation: 1, replicas: 2, ready: 2 }])
  })

  it('and on a full pool the same', async () => {
    const config = structuredClone(example)
    Object.assign(config.pools['gpu-serve'] ?? {}, { maxGpus: 8 })
    town = await openTown({ config })
    await rollOut(await version())
    const { outcome } = await rollOut(await version({ healthy: false }))
    expect(outcome).toMatchObject({ kind: 'failed', reason: 'not-healthy' })
    expect(await served()).toEqual([{ generation: 1, replicas: 2, ready: 2 }])
  })

  it('an image that cannot be pulled fails at once, not after the deadline', async () => {
    town = await openTown()
    await rollOut(await version())
    const begun = town.house.clock.now()
    expect((await rollOut(await version({ imagePull: 'fail' }))).outcome).toMatchObject({
      kind: 'failed',
      reason: 'image-pull',
    })
    expect(town.house.clock.now() - begun).toBeLessThan(30 * 60_000)
  })

  it.each<[string, Simulation, string, string]>([
    ['a program that crashes', { exitCode: 1, loadMinutes: 0.2, logs: ['KeyError: rope'] }, 'exit-code', 'restarted'],
    ['memory that is not enough', { reason: 'OOMKilled', loadMinutes: 0.2 }, 'out-of-memory', 'OOMKilled'],
    ['a Secret that is not there', { secretMissing: 'hf-token' }, 'configuration', 'secret "hf-token" not found'],
  ])('%s fails within minutes, says why, and is walked back', async (_, simulation, reason, detail) => {
    town = await openTown()
    await rollOut(await version())
    const begun = town.house.clock.now()
    expect((await rollOut(await version(simulation))).outcome).toMatchObject({
      kind: 'failed',
      reason,
      detail: expect.stringContaining(detail),
    })
    expect(town.house.clock.now() - begun).toBeLessThan(30 * 60_000)
    expect(await served()).toEqual([{ generation: 1, replicas: 2, ready: 2 }])
  })

  it('7 → 8 → 7, each a new generation; a late retry of the delivery of 8 reads 7 and adds nothing', async () => {
    town = await openTown()
    const [seven, eight] = [await version(), await version({ loadMinutes: 1 })]
    await rollOut(seven)
    await promote(town.house, MODEL, eight)
    await town.until('8 asks', async () => (await town.question(LANE)) !== null)
    await promote(town.house, MODEL, seven)
    const row = await town.settled(LANE)
    expect(row).toMatchObject({ state: 'succeeded', generation: 3, desired: { version: seven } })
    expect((await town.run(LANE, 2, 1))?.outcome?.kind).toBe('superseded')
    await town.house.ports.bus.publish([
      {
        source: 'signalbox.registry',
        detailType: 'Model Promotion Changed',
        detail: {
          deliveryId: 'late',
          entity: 'model_version_alias',
          action: 'created',
          timestamp: '2026-11-23T12:00:00+00:00',
          data: { name: MODEL, alias: 'champion', version: eight },
        },
      },
    ])
    await town.advance(600_000)
    expect(await town.lane(LANE)).toMatchObject({ generation: 3, desired: { version: seven } })
    expect(await served()).toEqual([{ generation: 1, replicas: 2, ready: 2 }])
  })

  it('superseded in mid-rollout: the successor plans from where it stands', async () => {
    town = await openTown()
    await rollOut(await version())
    await promote(town.house, MODEL, await version({ loadMinutes: 2 }))
    await town.answered(LANE)
    await town.until('the rollout moves', async () => (await served()).length === 2)
    expect(await rollOut(await version({ loadMinutes: 1 }))).toMatchObject({ state: 'succeeded', generation: 3 })
    expect((await town.run(LANE, 2, 1))?.outcome?.kind).toBe('superseded')
    expect(await served()).toEqual([{ generation: 3, replicas: 2, ready: 2 }])
  })

  it('cancelled in mid-rollout: back to the baseline', async () => {
    town = await openTown()
    await rollOut(await version())
    await promote(town.house, MODEL, await version({ loadMinutes: 2 }))
    await town.answered(LANE)
    await town.until('the rollout moves', async () => (await served()).length === 2)
    await town.house.command({ kind: 'cancel', lane: LANE, by: ANA })
    expect((await town.settled(LANE)).state).toBe('cancelled')
    expect(await served()).toEqual([{ generation: 1, replicas: 2, ready: 2 }])
  })

  it('the alias is deleted: what serves goes on serving, and somebody is told', async () => {
    town = await openTown()
    await rollOut(await version())
    await town.house.registry.deleteAlias(MODEL, 'champion')
    await town.until('a new generation', async () => (await town.lane(LANE)).generation === 2)
    expect((await town.settled(LANE)).state).toBe('succeeded')
    expect(await served()).toEqual([{ generation: 1, replicas: 2, ready: 2 }])
  })

  it('a lost webhook is found by resync', async () => {
    town = await openTown()
    const wanted = await version()
    const { webhook } = town.house
    town.house.webhook = async () => ({ status: 500, body: {} })
    await promote(town.house, MODEL, wanted)
    town.house.webhook = webhook
    expect((await town.lane(LANE)).generation).toBe(0)
    await town.answered(LANE)
    expect((await town.settled(LANE)).state).toBe('succeeded')
  })

  it.each([
    ['surge', { maxGpus: 16 }],
    ['one-out-one-in', { maxGpus: 8 }],
  ])('on a pool with this much room it goes by %s and never over the ceiling', async (strategy, change) => {
    town = await openTown({ config: withPolicy(change) })
    await rollOut(await version())
    await promote(town.house, MODEL, await version({ loadMinutes: 1 }))
    await town.answered(LANE)
    const seen = { held: 0, used: 0 }
    await town.until('it is over', async () => {
      const [{ lanes, sum }, budget, pods] = await Promise.all([
        town.held('pool/gpu-serve'),
        town.held('budget/ml-monthly'),
        town.house.cluster.list('Pod'),
      ])
      expect(sum).toBe(lanes[LANE] ?? 0)
      // What stands holds no dollars.
      for (const lane of Object.keys(budget.lanes)) expect(lanes).toHaveProperty([lane])
      seen.held = Math.max(seen.held, sum)
      seen.used = Math.max(seen.used, gpusOnNodes(pods))
      return (await town.lane(LANE)).state === 'succeeded' && (await town.run(LANE, 2, 1))?.outcome != null
    })
    const past = (await town.past(LANE)).at(-1)
    expect(past?.plan?.strategy?.name).toBe(strategy)
    expect(seen.held).toBe(past?.plan?.bounds.gpus['gpu-serve'])
    expect(seen.used).toBe(seen.held)
    expect(seen.held).toBeLessThanOrEqual(change.maxGpus)
    expect(await town.held('budget/ml-monthly')).toEqual({ lanes: {}, sum: 0 })
    expect(await town.held('pool/gpu-serve')).toEqual({ lanes: { [LANE]: 8 }, sum: 8 })
    expect(await served()).toEqual([{ generation: 2, replicas: 2, ready: 2 }])
  })

  it('a full pool that may lose no replica: the deadlock is found on paper, with the numbers', async () => {
    town = await openTown({ config: withPolicy({ maxGpus: 8, maxUnavailable: 0 }) })
    await rollOut(await version())
    await promote(town.house, MODEL, await version({ loadMinutes: 1 }))
    await town.until('a new generation', async () => (await town.lane(LANE)).generation === 2)
    expect((await town.settled(LANE)).outcome).toMatchObject({
      kind: 'refused',
      reason: 'would-deadlock',
      detail: expect.stringContaining('8'),
    })
    town.setPolicy(withPolicy({ maxGpus: 8, maxUnavailable: 1 }))
    await town.answered(LANE)
    expect(await town.settled(LANE)).toMatchObject({ state: 'succeeded', generation: 2, attempt: 2 })
  })
})
