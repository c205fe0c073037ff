import { afterEach, expect, it } from 'vitest'
import { refOf } from '../../core/kube.ts'
import { promote, registerVersion } from '../../local/scenario.ts'
import example from '../example.ts'
import { edited, rangesOf, scaled, scaledOf } from './scaled.ts'
import { HOUR, MINUTE, MODEL, SERVE, SLOW, served, timeline } from './scenes.ts'
import { openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())

const BUSY = { load: [[0, 40]] }
const CALM = { load: [[0, 2]] }
const OTHER = 'service/other'
const upTo = (max: number) => ({ autoscaling: { min: 1, max, on: { requests: 5 } } })
const asks = (dollars: number) => ({ approvals: { ...scaled().approvals, autoApproveBelow: dollars } })

const promoted = async (simulation: object, model = MODEL) =>
  promote(
    town.house,
    model,
    await registerVersion(town.house, { model, simulation: simulation as never, tags: { n: String(simulation) } }),
  )
const second = async (simulation: object) => {
  await promoted(simulation)
  await town.answered(SERVE)
}
const failedSecond = async () => {
  await second(SLOW)
  expect(await town.settled(SERVE)).toMatchObject({ state: 'failed' })
  await town.advance(30 * MINUTE)
}
const heldOf = async (lane: string) => (await town.held('pool/gpu-serve')).lanes[lane] ?? 0

/** Beside the scaled one another, of so many replicas. */
const beside = (replicas: number, service: object = {}, other: object = {}) => {
  const policy = scaled({}, service)
  const rule = { ...example.services?.[MODEL], model: 'other', replicas, ...other }
  return { ...policy, services: { ...policy.services, other: rule } }
}
/** The other one wants more than is left beside what is agreed to. */
const otherRefused = async () => {
  await promoted(CALM, 'other')
  await town.until('it is refused', async () => (await town.lane(OTHER)).outcome?.kind === 'refused')
}

it('what was agreed to stays held while nothing scales it, as one that follows fails its gate', async () => {
  town = await openTown({ config: beside(2) })
  await served(town, { load: [[0, 2], [200, 40]] }) // biome-ignore format: one load
  await otherRefused()
  await second(SLOW)
  await town.until('nothing scales it', async () => Object.keys(await rangesOf(town)).length === 0)
  await town.settled(SERVE)
  const held: number[] = []
  await town.until('it is scaled again', async () => {
    held.push(await heldOf(SERVE))
    return Object.keys(await rangesOf(town)).length > 0
  })
  expect([...new Set(held)]).toEqual([12])
  await town.advance(5 * HOUR)
  expect([await heldOf(SERVE), await heldOf(OTHER), await scaledOf(town)]).toEqual([12, 0, { g1: 3 }])
})

it('so it does where somebody deletes what scales it, which is told as it may be', async () => {
  town = await openTown({ config: beside(2) })
  await served(town, CALM)
  await otherRefused()
  const [scaler] = await town.house.cluster.list('ScaledObject', { fresh: true })
  if (scaler === undefined) throw new Error('nothing scales it')
  await town.house.cluster.delete(refOf(scaler), scaler.metadata.uid ?? '')
  await town.until('it is there again', async () => Object.keys(await rangesOf(town)).length === 1)
  expect([await heldOf(SERVE), await heldOf(OTHER)]).toEqual([12, 0])
  const plan = (await town.past(SERVE)).map((run) => run.plan?.reasons.join() ?? '')
  expect(plan.join()).toContain('its ScaledObject is gone, by a way that has ended or because somebody has deleted it')
})

it('another most is asked about though the version that is wanted has failed, and holds no more before', async () => {
  town = await openTown({ config: scaled(asks(0)) })
  await served(town, BUSY)
  await town.advance(HOUR)
  await failedSecond()
  town.setPolicy(scaled(asks(0), upTo(4)))
  await town.until('it asks', async () => (await town.question(SERVE)) !== null)
  const plan = (await town.plan(SERVE))?.plan
  expect(plan?.title).toContain('between 1 and 4 replicas')
  expect(plan?.price).toMatchObject({ perHour: { p95: 41.96 }, nowPerHour: 31.47 })
  expect(await rangesOf(town)).toEqual({ g1: [1, 3] })
  await town.answered(SERVE)
  await town.until('it is so', async () => (await rangesOf(town))['g1']?.[1] === 4)
  await town.advance(HOUR)
  const lane = await town.lane(SERVE)
  expect([lane.state, lane.baseline, lane.stands]).toMatchObject(['failed', { upTo: 4 }, { 'gpu-serve': 16 }])
})

it('a most that people have denied is not asked about again, and what was agreed to stays', async () => {
  town = await openTown({ config: scaled(asks(0)) })
  await served(town, BUSY)
  await town.advance(HOUR)
  await failedSecond()
  town.setPolicy(scaled(asks(0), upTo(4)))
  await town.until('it asks', async () => (await town.question(SERVE)) !== null)
  await town.answered(SERVE, 'deny')
  await town.advance(6 * HOUR)
  expect([await town.question(SERVE), await rangesOf(town), await heldOf(SERVE)]).toEqual([null, { g1: [1, 3] }, 12])
})

it('one that was lowered gives back what is beyond it, and has it again only where there is room', async () => {
  town = await openTown({ config: beside(2, upTo(3)) })
  await served(town, BUSY)
  await town.advance(HOUR)
  await failedSecond()
  town.setPolicy(beside(2, upTo(2)))
  await town.until('it is lowered', async () => (await rangesOf(town))['g1']?.[1] === 2)
  await promoted(CALM, 'other')
  await town.answered(OTHER)
  await town.settled(OTHER)
  expect([await heldOf(SERVE), await heldOf(OTHER)]).toEqual([8, 8])
  town.setPolicy(beside(2, upTo(3)))
  await town.advance(2 * HOUR)
  expect([await heldOf(SERVE), await heldOf(OTHER), await rangesOf(town)]).toEqual([8, 8, { g1: [1, 2] }])
  const told = (await timeline(town, SERVE)).map(({ text }) => text).join('\n')
  expect(told).toContain('may be scaled to 3 × 4 GPUs, which are held for it; gpu-serve has 0 free of 16')
})

it('scaling is put in and taken out though the version that is wanted has failed', async () => {
  const fixed = scaled({}, { autoscaling: undefined, replicas: 1 })
  town = await openTown({ config: fixed })
  await served(town, { load: [[0, 2], [300, 40]] }) // biome-ignore format: one load
  await failedSecond()
  town.setPolicy(scaled())
  await town.until('it is scaled', async () => (await rangesOf(town))['g1']?.[1] === 3)
  expect(await scaledOf(town)).toEqual({ g1: 1 })
  await town.advance(20 * MINUTE)
  expect(await heldOf(SERVE)).toBe(12)
  town.setPolicy(fixed)
  await town.until('nothing scales it', async () => Object.keys(await rangesOf(town)).length === 0)
  await town.advance(12 * HOUR)
  expect([await scaledOf(town), await rangesOf(town), await heldOf(SERVE)]).toEqual([{ g1: 1 }, {}, 4])
})

it('what somebody has set beyond what was agreed to is asked about as what it adds, and set right meanwhile', async () => {
  town = await openTown({ config: scaled(asks(5), upTo(2)) })
  await served(town, BUSY)
  await town.advance(HOUR)
  await edited(town, 'ScaledObject', (live) => {
    ;(live.spec as { maxReplicaCount: number }).maxReplicaCount = 4
  })
  town.setPolicy(scaled(asks(5), upTo(4)))
  await town.until('it asks', async () => (await town.question(SERVE)) !== null)
  expect((await town.plan(SERVE))?.plan.price).toMatchObject({ perHour: { p95: 41.96 }, nowPerHour: 20.98 })
  await town.advance(30 * MINUTE)
  expect(await rangesOf(town)).toEqual({ g1: [1, 2] })
})

it.each([
  [3, 30],
  [2, 4],
])('an answer about %i that stood counts though one stands by then', async (from, minutes) => {
  town = await openTown({ config: scaled() })
  await served(town, { load: [[0, 40], [45, 0]] }) // biome-ignore format: one load
  await town.advance(minutes * MINUTE)
  await promoted(CALM)
  await town.until('it asks', async () => (await town.question(SERVE)) !== null)
  expect(await scaledOf(town)).toEqual({ g1: from })
  await town.advance(2.5 * HOUR)
  expect(await scaledOf(town)).toEqual({ g1: 1 })
  await town.answered(SERVE)
  await town.settled(SERVE)
  expect([(await town.lane(SERVE)).state, await scaledOf(town)]).toEqual(['succeeded', { g2: 1 }])
})

it('one whose most never fits is refused as one of as many would be, and keeps nobody waiting', async () => {
  town = await openTown({ config: beside(3, {}, { replicas: undefined, ...upTo(3) }) })
  await served(town, CALM)
  await otherRefused()
  expect((await town.lane(OTHER)).outcome).toMatchObject({
    reason: 'would-deadlock',
    detail: expect.stringContaining('To cure it, lower autoscaling.max to 1, or raise pools.gpu-serve.maxGpus by 8'),
  })
})

it('as many come back as somebody has deleted with their Deployment', async () => {
  town = await openTown({ config: scaled() })
  await served(town, BUSY)
  await town.advance(HOUR)
  const [deployment] = await town.house.cluster.list('Deployment', { fresh: true })
  if (deployment === undefined) throw new Error('nothing serves')
  await town.house.cluster.delete(refOf(deployment), deployment.metadata.uid ?? '')
  await town.until('it is gone', async () => Object.keys(await scaledOf(town)).length === 0)
  await town.until('it is planned', async () => (await town.lane(SERVE)).run !== null)
  await town.settled(SERVE)
  expect([await scaledOf(town), await rangesOf(town)]).toEqual([{ g1: 3 }, { g1: [1, 3] }])
})

it('where KEDA does not let go a rollout waits for as long as it takes, and goes on once it has', async () => {
  town = await openTown({ config: scaled() })
  await served(town, BUSY)
  await town.advance(HOUR)
  const { cluster } = town.house
  const { list, delete: remove } = cluster
  const left = new Map<string, Parameters<typeof remove>>()
  cluster.delete = (ref, uid, ...more) => {
    if (ref.kind !== 'ScaledObject') return remove.call(cluster, ref, uid, ...more)
    left.set(uid, [ref, uid, ...more])
    return Promise.resolve('deleted' as never)
  }
  cluster.list = (async (...asked: Parameters<typeof list>) =>
    (await list.apply(cluster, asked)).map((one) =>
      left.has(one.metadata.uid ?? '')
        ? { ...one, metadata: { ...one.metadata, deletionTimestamp: new Date(0), finalizers: ['finalizer.keda.sh'] } }
        : one,
    )) as typeof list
  await second(BUSY)
  await town.advance(5 * HOUR)
  expect((await town.lane(SERVE)).rest).toMatchObject({ why: 'unavailable', side: 'keda' })
  expect(await scaledOf(town)).toEqual({ g1: 3 })
  cluster.delete = remove
  for (const asked of left.values()) await remove.apply(cluster, asked)
  await town.settled(SERVE)
  expect([(await town.lane(SERVE)).state, await scaledOf(town)]).toEqual(['succeeded', { g2: 3 }])
})
