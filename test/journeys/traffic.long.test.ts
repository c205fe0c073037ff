import { afterEach, describe, expect, it } from 'vitest'
import type { KubeObject } from '../../core/kube.ts'
import { label } from '../../core/names.ts'
import type { RollOutModelStep } from '../../core/plan.ts'
import { trafficOf } from '../../core/workloads/serving.ts'
import type { Traffic } from '../../core/world.ts'
import type { Ports } from '../../flows/ports.ts'
import { promote, registerVersion } from '../../local/scenario.ts'
import example from '../example.ts'
import { between } from './away.ts'
import { HOUR, looseEnds, MINUTE, MODEL, replicasOf, SERVE, SLOW, say, served, stepIs } from './scenes.ts'
import { ANA, openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())

describe('whom the Service of a lane leads to', () => {
  let far = between()
  /** What it led to, change by change, and each selector that it ever had. */
  let led: Traffic[] = []
  let selectors: unknown[] = []
  /** What happens at that moment. */
  let onLed = async (_: Traffic): Promise<void> => undefined
  const wrap = (ports: Ports): Ports => {
    const { cluster } = ports
    const apply = cluster.apply.bind(cluster)
    cluster.apply = async (object, manager) => {
      const applied = await apply(object, manager)
      if (applied.kind === 'applied' && isLanes(applied.object)) {
        selectors.push(applied.object.spec?.selector)
        const now = trafficOf(applied.object)
        if (led.at(-1) !== now) led.push(now)
        await onLed(now)
      }
      return applied
    }
    return far.wrap(ports)
  }
  const isLanes = (object: KubeObject): object is KubeObject<'Service'> =>
    object.kind === 'Service' && object.metadata.labels?.[label('generation')] === undefined
  const serviceOf = async (): Promise<KubeObject<'Service'>> =>
    (await town.house.cluster.list('Service')).find(isLanes) as KubeObject<'Service'>

  const opened = async (gpus: number): Promise<void> => {
    led = []
    selectors = []
    onLed = async () => undefined
    far = between()
    const config = structuredClone(example)
    Object.assign(config.pools['gpu-serve'] ?? {}, { maxGpus: gpus })
    town = await openTown({ wrap, config })
  }
  const open = async (gpus: number): Promise<void> => {
    await opened(gpus)
    await served(town)
  }
  const promoted = async (simulation?: typeof SLOW): Promise<void> => {
    await promote(town.house, MODEL, await registerVersion(town.house, { model: MODEL, simulation }))
    await town.answered(SERVE)
  }
  /** For three days; answers until when. */
  const frozen = async (): Promise<number> => {
    const until = town.house.clock.now() + 72 * HOUR
    await town.house.command({ kind: 'freeze', lane: SERVE, until, by: ANA })
    return until
  }
  const boundOf = async (generation: number): Promise<number | undefined> =>
    (await town.past(SERVE)).find(({ run }) => run.generation === generation)?.plan?.bounds.dollars
  const ends = async (expected: Record<string, number>, kind = 'succeeded'): Promise<void> => {
    expect((await town.settled(SERVE)).outcome).toMatchObject({ kind })
    expect(await replicasOf(town)).toEqual(expected)
    expect(await looseEnds(town)).toEqual([])
    for (const selector of selectors) expect(Object.keys(selector as object).length).toBeGreaterThan(1)
  }

  it.each([16, 8])('with %d GPUs: what was judged, then both, then what is wanted', async (gpus) => {
    await open(gpus)
    // Nobody asks the first one before it is judged either.
    expect(led).toEqual([1])
    await promoted()
    await town.until('it is judged', stepIs(town, SERVE, 'gate', 'running'))
    expect(led).toEqual([1])
    await ends({ 2: 2 })
    expect(led).toEqual([1, 'all', 2])
  })

  it('never what fails its gate', async () => {
    await open(16)
    await promoted(SLOW)
    await ends({ 1: 2 }, 'failed')
    expect(led).toEqual([1])
  })

  it('back to what was judged before, before what answers beside it goes', async () => {
    await open(16)
    await promoted()
    await town.until('both answer', stepIs(town, SERVE, 'move-2', 'running'))
    await say(town, 'cancel', { lane: SERVE })
    await ends({ 1: 2 }, 'cancelled')
    expect(led).toEqual([1, 'all', 1])
  })

  it('anew where somebody has deleted it', async () => {
    await open(16)
    await promoted()
    await town.until('it is judged', stepIs(town, SERVE, 'gate', 'running'))
    const { metadata } = await serviceOf()
    const { namespace = null, name, uid = '' } = metadata
    await town.house.cluster.delete({ kind: 'Service', namespace, name }, uid)
    await ends({ 2: 2 })
    expect(trafficOf(await serviceOf())).toBe(2)
  })

  it('of one that an earlier release made, which leads to all and is its manager’s: it is taken over, and never without a selector', async () => {
    await open(16)
    const { apiVersion, kind, metadata, spec } = await serviceOf()
    const { namespace = null, name, uid = '', labels } = metadata
    await town.house.cluster.delete({ kind: 'Service', namespace, name }, uid)
    const { [label('generation')]: _, ...selector } = spec?.selector ?? {}
    const earlier = { type: 'ClusterIP', selector, ports: spec?.ports }
    const before = { apiVersion, kind, metadata: { name, namespace, labels }, spec: earlier } as KubeObject
    expect((await town.house.cluster.apply(before, 'signalbox-workload')).kind).toBe('applied')
    led = []
    await promoted()
    await ends({ 2: 2 })
    expect(led).toEqual(['all', 1, 'all', 2])
    await promoted()
    await ends({ 3: 2 })
    expect(led).toEqual(['all', 1, 'all', 2, 'all', 3])
  })

  it('where somebody leads it elsewhere on the way, that is said, and what they lead to stands in the end', async () => {
    await open(16)
    await promoted()
    await town.until('both answer', stepIs(town, SERVE, 'move-2', 'running'))
    const { metadata, spec } = await serviceOf()
    const { namespace = null, name, uid = '' } = metadata
    const selector = { ...spec?.selector, [label('generation')]: '1' }
    await town.house.cluster.patch({ kind: 'Service', namespace, name }, uid, { spec: { selector } })
    await ends({ 1: 2 }, 'failed')
    expect((await town.lane(SERVE)).outcome).toMatchObject({
      reason: 'conflict',
      detail: expect.stringContaining('also sets .spec.selector of Service'),
    })
    expect(trafficOf(await serviceOf())).toBe(1)
  })

  it('a rollout that is frozen halfway costs on, and is taken back before that is more than it may', async () => {
    await open(16)
    await promoted()
    await town.until('it is judged', stepIs(town, SERVE, 'gate', 'running'))
    const until = await frozen()
    await town.until('it goes back', async () => (await town.lane(SERVE)).run === null)
    expect(town.house.clock.now()).toBeLessThan(until)
    await ends({ 1: 2 }, 'failed')
    const [past] = (await town.past(SERVE)).slice(-1)
    expect(past?.outcome.reason).toBe('bound-reached')
    expect(past?.cost).toBeGreaterThan(9)
    expect(past?.cost).toBeLessThanOrEqual((await boundOf(2))!)
    expect(led).toEqual([1])
  })

  describe('what stands halfway when something newer takes its place', () => {
    /** Version 2 is at its gate when version 3 is promoted; dollars that its pods may cost at most, its node's begin and end left out. */
    const overtaken = async (meanwhile: () => Promise<unknown>): Promise<number> => {
      await open(16)
      await promoted()
      await town.until('it is judged', stepIs(town, SERVE, 'gate', 'running'))
      const plan = (await town.plan(SERVE))?.plan
      const beside = plan?.steps.find((step): step is RollOutModelStep => step.kind === 'roll-out-model')?.beside ?? 0
      expect(beside).toBe(5.59)
      const most = (plan?.bounds.dollars ?? 0) - beside
      await meanwhile()
      await promote(town.house, MODEL, await registerVersion(town.house, { model: MODEL, tags: { n: '3' } }))
      await town.until('it gives way', async () => (await town.past(SERVE)).some(({ run }) => run.generation === 2))
      return most
    }
    const costs = async (): Promise<number[]> => (await town.past(SERVE)).slice(1).map(({ cost }) => cost)

    it.each([
      ['is frozen', frozen, null],
      ['is asked about, and nobody answers', async () => undefined, { approvals: { expiry: '96h' } }],
    ])('goes back before it costs more than was approved of it, where that %s', async (_, meanwhile, rule) => {
      const most = await overtaken(async () => {
        if (rule !== null) town.setPolicy({ ...example, approvals: { ...example.approvals, ...rule.approvals } })
        await meanwhile()
      })
      const from = town.house.clock.now()
      const [before = 0] = await costs()
      // What is left for it stays held.
      const { sum } = await town.held('budget/ml-monthly')
      expect(before + sum / 100).toBeCloseTo(most, 1)
      await town.until('it goes back', async () => (await costs()).length === 2, 72)
      expect(town.house.clock.now() - from).toBeLessThan(2 * HOUR)
      expect(await town.run(SERVE, 3, 1)).toMatchObject({ outcome: { kind: 'failed', reason: 'halfway-bound' } })
      const [second = 0, third = 0] = await costs()
      expect(third).toBeGreaterThan(0)
      expect(second + third).toBeGreaterThan(0.9 * most - 4)
      expect(second + third).toBeLessThanOrEqual(most)
      expect(await replicasOf(town)).toEqual({ 1: 2 })
      // And whoever was in its place is no worse off: what is wanted is asked about from there, for as long as any.
      expect(await town.lane(SERVE)).not.toHaveProperty('halfwayCosts')
      await town.until('it is asked about', async () => (await town.question(SERVE)) !== null, 96)
      await town.answered(SERVE)
      await town.house.command({ kind: 'thaw', lane: SERVE, by: ANA })
      await ends({ 3: 2 })
    })

    it('and the card says no other time, though its pod has no node yet when it is overtaken', async () => {
      await open(16)
      await promoted()
      const most = (await town.plan(SERVE))?.plan.bounds.dollars ?? 0
      await town.until('it is brought up', stepIs(town, SERVE, 'move-1', 'running'))
      await promote(town.house, MODEL, await registerVersion(town.house, { model: MODEL, tags: { n: '3' } }))
      await town.until('it is asked about', async () => (await town.lane(SERVE)).run?.question?.state === 'open')
      const { run, halfwayCosts } = await town.lane(SERVE)
      expect(halfwayCosts?.left).toBeCloseTo(most, 1)
      expect(run?.question?.until).toBe((halfwayCosts?.until ?? 0) - 5 * MINUTE)
      await town.until('it goes back', async () => (await costs()).length === 2, 72)
      expect((await costs())[1]).toBeLessThanOrEqual(most)
      expect(await replicasOf(town)).toEqual({ 1: 2 })
    })

    it('though another lane asks the registry that it waits for, too', async () => {
      const most = await overtaken(async () => undefined)
      await town.until('it is asked about', async () => (await town.question(SERVE)) !== null)
      const other = 'code-llama'
      await promote(town.house, other, await registerVersion(town.house, { model: other }))
      await town.until('that is, too', async () => (await town.question(`service/${other}`)) !== null)
      far.fails('registry', 'away')
      await town.answered(`service/${other}`)
      await town.advance(30_000)
      await town.answered(SERVE)
      await town.until('it goes back', async () => (await costs()).length === 2, 72)
      const [second = 0, third = 0] = await costs()
      expect(second + third).toBeLessThanOrEqual(most)
      expect(await replicasOf(town)).toMatchObject({ 1: 2 })
      far.answers('registry')
      await town.until('it begins anew', async () => (await town.lane(SERVE)).attempt === 2)
      await town.answered(SERVE)
      await ends({ 1: 1, 3: 2 })
    })
  })

  it('and what was judged and stands as it is wanted is not taken back for a word that is not told yet', async () => {
    await opened(16)
    await promoted()
    await town.until('its last move is made', stepIs(town, SERVE, 'move-2', 'running'))
    await frozen()
    await town.advance(71 * HOUR)
    expect((await town.lane(SERVE)).run?.steps.at(-1)).toMatchObject({ name: 'notify', state: 'pending' })
    expect(await replicasOf(town)).toEqual({ 1: 2 })
    await ends({ 1: 2 })
    expect((await town.past(SERVE)).at(-1)?.cost).toBeLessThan(20)
  })

  it('what lost its pods once it was led to is not what is left: what was judged before it stays until it is ready', async () => {
    await open(16)
    const { cluster, clock } = town.house
    const list = cluster.list.bind(cluster)
    let until = 0
    const lost = (one: KubeObject): KubeObject =>
      clock.now() < until && one.kind === 'Deployment' && one.metadata.name.endsWith('-g2')
        ? ({ ...one, status: { replicas: 2, readyReplicas: 0 } } as KubeObject)
        : one
    cluster.list = async (kind, where) =>
      (await list(kind, where)).map(lost as (one: KubeObject<typeof kind>) => KubeObject<typeof kind>)
    onLed = async (to) => {
      if (to === 2) until = clock.now() + MINUTE
    }
    await promoted()
    await town.until('it is led to', async () => led.at(-1) === 2)
    await town.advance(10_000)
    expect((await replicasOf(town))['1']).toBe(1)
    expect((await town.house.why(SERVE)).text).toContain('generation 1 stays as it is')
    await ends({ 2: 2 })
  })
})
