import { afterEach, describe, expect, it } from 'vitest'
import type { KubeObject } from '../../core/kube.ts'
import { whyOf } from '../../flows/why.ts'
import { CATALOGUES } from '../../functions/door.ts'
import { promote, registerVersion } from '../../local/scenario.ts'
import { between } from './away.ts'
import { laddersOf } from './ladder.ts'
import { edited, rangesOf, scaled, scaledOf } from './scaled.ts'
import { HOUR, looseEnds, MINUTE, MODEL, SERVE, served, timeline } from './scenes.ts'
import { openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())
const BUSY = { load: [[0, 40]] }
const asIs = async () => [await scaledOf(town), await rangesOf(town)]
const why = async () => (await whyOf(town.house.ports, SERVE, CATALOGUES)).text
const fixed = (replicas: number, more: object = {}) => scaled(more, { autoscaling: undefined, replicas })

describe('a rung that sets the floor', () => {
  const ladder = [{ at: 0.02, do: 'cap-pools', serving: 'floor' }]
  const floors = (dollars: number, floor: number) => {
    const given = scaled({}, { floor })
    return { ...given, budget: { ...given.budget, dollars, ladder } }
  }

  it.each([
    ['no more than that, and unscaled', 1, [{ g1: 1 }, {}]],
    ['up to that', 2, [{ g1: 2 }, { g1: [1, 2] }]],
  ])('caps it: %s, and all of its range is its again afterwards', async (_, floor, capped) => {
    town = await openTown({ config: floors(100_000, floor) })
    await served(town, BUSY)
    await town.advance(HOUR)
    expect(await asIs()).toEqual([{ g1: 3 }, { g1: [1, 3] }])
    town.setPolicy(floors(1000, floor))
    await town.until('it is crossed', async () => (await laddersOf(town).rungs()).length > 0)
    await town.advance(2 * HOUR)
    expect(await asIs()).toEqual(capped)
    expect(await why()).toContain('makes do with its `floor`')
    town.setPolicy(floors(100_000, floor))
    await town.advance(2 * HOUR)
    expect(await asIs()).toEqual([{ g1: 3 }, { g1: [1, 3] }])
    expect(await looseEnds(town)).toEqual([])
  })
})

describe('where the policy lets it have none', () => {
  const none = (more: object = {}) =>
    scaled(more, { autoscaling: { min: 0, max: 2, on: { query: { promql: 'sum(waiting)', perReplica: 5 } } } })

  it('it has none while nobody asks, which is nobody’s lack, and comes back by itself', async () => {
    town = await openTown({ config: none() })
    await served(town, {
      load: [
        [0, 0],
        [120, 8],
      ],
    })
    await town.advance(HOUR)
    expect(await asIs()).toEqual([{}, { g1: [0, 2] }])
    expect(await why()).not.toMatch(/nobody answers|no replicas/)
    expect((await town.lane(SERVE)).stands).toEqual({ 'gpu-serve': 8 })
    await town.advance(2 * HOUR)
    expect(await asIs()).toEqual([{ g1: 2 }, { g1: [0, 2] }])
    const told = (await timeline(town, SERVE)).map(({ text }) => text).join('\n')
    expect(told).not.toMatch(/nobody answers:|lacks|set right/)
    expect(await looseEnds(town)).toEqual([])
  })

  it('a version that follows comes with one, which is judged', async () => {
    town = await openTown({ config: none() })
    await served(town, { load: [[0, 0]] })
    await town.advance(HOUR)
    await served(town, { load: [[0, 1]] })
    // What nobody runs now costs something while it is judged; what may run afterwards was agreed to.
    const { price, bounds, boundOf } = (await town.plan(SERVE))!.plan
    expect(price).toMatchObject({ nowPerHour: 0, agreedPerHour: 20.98, perHour: { p95: 20.98 } })
    expect([price.total.p95 > 0, bounds.dollars > price.total.p95, boundOf?.firstDay]).toEqual([true, true, 0])
    expect(await asIs()).toEqual([{ g2: 1 }, { g2: [0, 2] }])
    await town.advance(HOUR)
    expect(await asIs()).toEqual([{ g2: 1 }, { g2: [0, 2] }])
  })

  it('what scales it anew takes none away before nobody has asked for a while, and then all at once', async () => {
    town = await openTown({ config: none() })
    await served(town, { load: [[0, 0]] })
    await town.advance(10 * MINUTE)
    expect(await asIs()).toEqual([{ g1: 1 }, { g1: [0, 2] }])
    await town.advance(10 * MINUTE)
    expect(await asIs()).toEqual([{}, { g1: [0, 2] }])
  })

  it('nobody is told that it has none while another is judged, nor while it comes again', async () => {
    town = await openTown({ config: none() })
    const load = [
      [0, 0],
      [120, 8],
    ]
    await served(town, { load, loadMinutes: 14 })
    await town.advance(HOUR)
    await served(town, { load, loadMinutes: 14 })
    await town.advance(4 * HOUR)
    expect(await asIs()).toEqual([{ g2: 2 }, { g2: [0, 2] }])
    expect((await timeline(town, SERVE)).map(({ text }) => text).join('\n')).not.toMatch(/ready \(for|no replicas/)
  })

  it('retired while it has none, nothing scales it any more', async () => {
    town = await openTown({ config: none() })
    await served(town, { load: [[0, 0]] })
    await town.advance(HOUR)
    expect(await asIs()).toEqual([{}, { g1: [0, 2] }])
    town.setPolicy({ ...none(), services: {} })
    await town.answered(SERVE)
    await town.settled(SERVE)
    expect(await asIs()).toEqual([{}, {}])
  })
})

it('where KEDA scales nothing, as paused by hand, `why` says so, and people are told after half an hour', async () => {
  town = await openTown({ config: scaled() })
  await served(town, BUSY)
  await edited(town, 'ScaledObject', ({ metadata }) => {
    metadata.annotations = { ...metadata.annotations, 'autoscaling.keda.sh/paused': 'true' }
  })
  await town.advance(20 * MINUTE)
  const text = /nothing scales v1 \(generation 1\): ScaledObject \S+ is paused: ScaledObjectPaused/
  const told = async () => (await timeline(town, SERVE)).filter((one) => text.test(one.text)).length
  expect([await why(), await told()]).toEqual([expect.stringMatching(text), 0])
  await town.advance(20 * MINUTE)
  expect(await told()).toBe(1)
  await edited(town, 'ScaledObject', ({ metadata }) => {
    metadata.annotations = { ...metadata.annotations, 'autoscaling.keda.sh/paused': 'false' }
  })
  await town.advance(HOUR)
  expect([await why(), await asIs()]).toEqual([expect.not.stringMatching(text), [{ g1: 3 }, { g1: [1, 3] }]])
})

it('in a pool that is full of others’ pods it stays as it is, and says so', async () => {
  town = await openTown({ config: scaled() })
  const pod = (name: string) =>
    ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: 'default' },
      spec: {
        nodeSelector: { 'karpenter.sh/nodepool': 'gpu-serve' },
        tolerations: [{ operator: 'Exists' }],
        containers: [{ name: 'c', image: 'c', resources: { limits: { 'nvidia.com/gpu': '4' } } }],
      },
    }) as KubeObject<'Pod'>
  await served(town)
  ;(town.house.cluster as { addNamespace?(name: string): void }).addNamespace?.('default')
  for (const name of ['a', 'b', 'c']) await town.house.cluster.create(pod(name))
  await town.advance(10 * MINUTE)
  await edited(town, 'Deployment', (live) => {
    ;(live.spec as { replicas: number }).replicas = 2
  })
  await town.advance(10 * MINUTE)
  expect(await why()).toMatch(/1 of 2 ready/)
  expect(await rangesOf(town)).toEqual({ g1: [1, 3] })
  expect((await town.lane(SERVE)).run).toBeNull()
})

it('a service is scaled from one day on, and no more from another on', async () => {
  town = await openTown({ config: fixed(2) })
  await served(town, BUSY)
  expect(await asIs()).toEqual([{ g1: 2 }, {}])
  town.setPolicy(scaled())
  await town.advance(HOUR)
  expect(await asIs()).toEqual([{ g1: 3 }, { g1: [1, 3] }])
  for (const replicas of [3, 1]) {
    town.setPolicy(fixed(replicas))
    await town.advance(HOUR)
    expect(await asIs()).toEqual([{ g1: replicas }, {}])
    town.setPolicy(scaled())
    await town.advance(HOUR)
    expect(await asIs()).toEqual([{ g1: 3 }, { g1: [1, 3] }])
  }
  town.setPolicy({ ...scaled(), services: {} })
  await town.answered(SERVE)
  await town.settled(SERVE)
  expect(await asIs()).toEqual([{}, {}])
  expect(await looseEnds(town)).toEqual([])
})

it('where no version is promoted any more it is scaled on, whatever of it is not ready', async () => {
  town = await openTown({ config: scaled() })
  await served(town, { ...BUSY, loadMinutes: 14 })
  await town.until('one more comes', async () => (await scaledOf(town))['g1'] === 2)
  await town.house.registry.rest('DELETE', 'registered-models/alias', { name: 'support-llama', alias: 'champion' })
  await town.until('none is wanted', async () => (await town.lane(SERVE)).desired?.kind === 'none')
  expect(await town.settled(SERVE)).toMatchObject({ state: 'succeeded', generation: 2 })
  expect(await rangesOf(town)).toEqual({ g1: [1, 3] })
  await town.advance(HOUR)
  expect(await asIs()).toEqual([{ g1: 3 }, { g1: [1, 3] }])
})

it('scaled while people are asked, what they agree to then is what they were asked about', async () => {
  town = await openTown({ config: scaled() })
  const load = [
    [0, 2],
    [20, 40],
  ]
  await served(town, { load })
  await promote(town.house, MODEL, await registerVersion(town.house, { model: MODEL, simulation: BUSY }))
  await town.until('it asks', async () => (await town.question(SERVE)) !== null)
  const asked = (await town.question(SERVE))?.id
  await town.advance(HOUR)
  expect([await scaledOf(town), (await town.question(SERVE))?.id]).toEqual([{ g1: 3 }, asked])
  await town.answered(SERVE)
  expect(await town.settled(SERVE)).toMatchObject({ state: 'succeeded', generation: 2, attempt: 1 })
  expect(await asIs()).toEqual([{ g2: 3 }, { g2: [1, 3] }])
})

it('`keda` of a policy before its right is there is said with what gives that', async () => {
  const far = between()
  town = await openTown({ config: fixed(2, { keda: undefined }), wrap: far.wrap })
  await served(town)
  far.fails('cluster', 'not-allowed', { name: 'list', when: (values) => values.includes('ScaledObject') })
  town.setPolicy(fixed(2))
  await promote(town.house, MODEL, await registerVersion(town.house, { model: MODEL, tags: { n: '2' } }))
  await town.advance(20 * MINUTE)
  expect(await why()).toContain('`signalbox bootstrap --apply` gives doors the right on ScaledObjects')
})

it('another share of requests is set right unasked, and said as what it is', async () => {
  const asks = { approvals: { ...scaled().approvals, autoApproveBelow: 0 } }
  town = await openTown({ config: scaled(asks) })
  await served(town, { load: [[0, 9]] })
  await town.advance(HOUR)
  town.setPolicy(scaled(asks, { autoscaling: { min: 1, max: 3, on: { requests: 2 } } }))
  await town.until('it is set right', async () => (await town.past(SERVE)).length > 1)
  const { approval } = (await town.plan(SERVE))!.plan
  expect([approval.required, approval.why]).toEqual([
    false,
    expect.stringContaining('no pod starts or ends by it: it is scaled as the policy says'),
  ])
})
