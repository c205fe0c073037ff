import { afterEach, expect, it } from 'vitest'
import { promote, registerVersion } from '../../local/scenario.ts'
import { edited, rangesOf, scaled, scaledOf } from './scaled.ts'
import { HOUR, MINUTE, MODEL, SERVE, SLOW, served, timeline } from './scenes.ts'
import { openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())

it('a service is scaled by what waits, within its range, and nobody takes that for a hand', async () => {
  town = await openTown({ config: scaled() })
  await served(town, {
    load: [
      [0, 2],
      [20, 40],
      [90, 0],
    ],
  })
  expect([await scaledOf(town), await rangesOf(town)]).toEqual([{ g1: 1 }, { g1: [1, 3] }])
  expect((await town.lane(SERVE)).stands).toEqual({ 'gpu-serve': 12 })
  await town.advance(HOUR)
  expect(await scaledOf(town)).toEqual({ g1: 3 })
  await town.advance(3 * HOUR)
  expect(await scaledOf(town)).toEqual({ g1: 1 })
  const lane = await town.lane(SERVE)
  expect([lane.generation, lane.run, lane.outcome?.kind, lane.beside]).toEqual([1, null, 'succeeded', undefined])
  expect(lane.stands).toEqual({ 'gpu-serve': 12 })
  const told = (await timeline(town, SERVE)).map(({ text }) => text).join('\n')
  expect(told).not.toMatch(/somebody|set right/)
})

const BUSY = { load: [[0, 40]] }

it('a version that follows takes its scaling away before anything moves, and puts it back once it answers', async () => {
  town = await openTown({ config: scaled({}, { maxUnavailable: 1 }) })
  await served(town, BUSY)
  await town.advance(HOUR)
  expect(await scaledOf(town)).toEqual({ g1: 3 })
  await promote(
    town.house,
    MODEL,
    await registerVersion(town.house, { model: MODEL, simulation: BUSY, tags: { n: '2' } }),
  )
  await town.answered(SERVE)
  await town.until('the second comes', async () => (await scaledOf(town))['g2'] !== undefined)
  expect([await rangesOf(town), await town.house.cluster.list('HorizontalPodAutoscaler', { fresh: true })]).toEqual([
    {},
    [],
  ])
  const plan = await town.plan(SERVE)
  expect(plan?.plan.title).toBe('Serve support-llama v2 with 1 to 3 replicas instead of v1 (generation 1)')
  await town.settled(SERVE)
  expect([await scaledOf(town), await rangesOf(town)]).toEqual([{ g2: 3 }, { g2: [1, 3] }])
})

it('one that fails its gate leaves what was judged with as many as it had, scaled again by itself', async () => {
  town = await openTown({ config: scaled() })
  await served(town, BUSY)
  await town.advance(HOUR)
  await promote(
    town.house,
    MODEL,
    await registerVersion(town.house, { model: MODEL, simulation: SLOW, tags: { n: '2' } }),
  )
  await town.answered(SERVE)
  expect(await town.settled(SERVE)).toMatchObject({ state: 'failed' })
  expect(await scaledOf(town)).toEqual({ g1: 3 })
  await town.advance(20 * MINUTE)
  expect([await scaledOf(town), await rangesOf(town)]).toEqual([{ g1: 3 }, { g1: [1, 3] }])
  expect(await town.lane(SERVE)).toMatchObject({ generation: 2, outcome: { kind: 'failed' }, run: null })
})

it('what somebody changes of how far it is scaled is set right, and more replicas than that go again', async () => {
  town = await openTown({ config: scaled() })
  await served(town, BUSY)
  await edited(town, 'ScaledObject', (live) => {
    ;(live.spec as { maxReplicaCount: number }).maxReplicaCount = 9
  })
  await town.until('it is set right', async () => (await rangesOf(town))['g1']?.[1] === 3)
  await town.advance(HOUR)
  expect([await scaledOf(town), await rangesOf(town)]).toEqual([{ g1: 3 }, { g1: [1, 3] }])
  const told = (await timeline(town, SERVE)).map(({ text }) => text).join('\n')
  expect(told).toContain('set right: kubectl-edit has changed .spec.maxReplicaCount of ScaledObject')
  await edited(town, 'Deployment', (live) => {
    ;(live.spec as { replicas: number }).replicas = 4
  })
  await town.advance(HOUR)
  expect([await scaledOf(town), await rangesOf(town)]).toEqual([{ g1: 3 }, { g1: [1, 3] }])
})

it('people agree to the most: another is asked about, and is not in force before', async () => {
  const asks = { approvals: { ...scaled().approvals, autoApproveBelow: 0 } }
  const upTo = (max: number) => scaled(asks, { autoscaling: { min: 1, max, on: { requests: 5 } } })
  town = await openTown({ config: upTo(2) })
  await served(town, BUSY)
  await town.advance(HOUR)
  expect([await scaledOf(town), await rangesOf(town)]).toEqual([{ g1: 2 }, { g1: [1, 2] }])
  town.setPolicy(upTo(4))
  await town.until('it asks', async () => (await town.question(SERVE)) !== null)
  const plan = (await town.plan(SERVE))?.plan
  expect(plan?.title).toBe('Scale support-llama v1 between 1 and 4 replicas')
  expect(plan?.bounds.gpus).toEqual({ 'gpu-serve': 16 })
  expect(plan?.price).toMatchObject({ perHour: { p95: 41.96 }, nowPerHour: 20.98 })
  expect(plan?.reasons.join('\n')).toContain('from $10.49 to $41.96 an hour')
  await town.advance(30 * MINUTE)
  expect([await scaledOf(town), await rangesOf(town)]).toEqual([{ g1: 2 }, { g1: [1, 2] }])
  await town.answered(SERVE)
  await town.settled(SERVE)
  await town.advance(HOUR)
  expect([await scaledOf(town), await rangesOf(town)]).toEqual([{ g1: 4 }, { g1: [1, 4] }])
})

it.each(['deny', null])(
  'while a fixed number is asked about it is scaled on, and so where the answer is %s',
  async (answer) => {
    const asks = { approvals: { ...scaled().approvals, autoApproveBelow: 0 } }
    town = await openTown({ config: scaled(asks) })
    await served(town, {
      load: [
        [0, 40],
        [240, 0],
      ],
    })
    await town.advance(HOUR)
    town.setPolicy(scaled(asks, { autoscaling: undefined, replicas: 2 }))
    await town.until('it asks', async () => (await town.question(SERVE)) !== null)
    await town.advance(20 * MINUTE)
    expect([await scaledOf(town), await rangesOf(town)]).toEqual([{ g1: 3 }, { g1: [1, 3] }])
    if (answer === 'deny') await town.answered(SERVE, 'deny')
    await town.advance(6 * HOUR)
    expect([await scaledOf(town), await rangesOf(town)]).toEqual([{ g1: 1 }, { g1: [1, 3] }])
  },
)
