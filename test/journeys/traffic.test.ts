import { afterEach, describe, expect, it } from 'vitest'
import type { KubeObject } from '../../core/kube.ts'
import { label } from '../../core/names.ts'
import { trafficOf } from '../../core/workloads/serving.ts'
import type { Traffic } from '../../core/world.ts'
import type { Ports } from '../../flows/ports.ts'
import { promote, registerVersion } from '../../local/scenario.ts'
import example from '../../signalbox.config.ts'
import { looseEnds, MODEL, replicasOf, SERVE, SLOW, say, served, stepIs } from './scenes.ts'
import { openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())

describe('whom the Service of a lane leads to', () => {
  /** What it led to, change by change, and each selector that it ever had. */
  let led: Traffic[] = []
  let selectors: unknown[] = []
  const wrap = (ports: Ports): Ports => {
    const { cluster } = ports
    const apply = cluster.apply.bind(cluster)
    cluster.apply = async (object, manager) => {
      const applied = await apply(object, manager)
      if (applied.kind === 'applied' && isLanes(applied.object)) {
        selectors.push(applied.object.spec?.selector)
        const now = trafficOf(applied.object)
        if (led.at(-1) !== now) led.push(now)
      }
      return applied
    }
    return ports
  }
  const isLanes = (object: KubeObject): object is KubeObject<'Service'> =>
    object.kind === 'Service' && object.metadata.labels?.[label('generation')] === undefined
  const serviceOf = async (): Promise<KubeObject<'Service'>> =>
    (await town.house.cluster.list('Service')).find(isLanes) as KubeObject<'Service'>

  const open = async (gpus: number): Promise<void> => {
    led = []
    selectors = []
    const config = structuredClone(example)
    Object.assign(config.pools['gpu-serve'] ?? {}, { maxGpus: gpus })
    town = await openTown({ wrap, config })
    await served(town)
  }
  const promoted = async (simulation?: typeof SLOW): Promise<void> => {
    await promote(town.house, MODEL, await registerVersion(town.house, { model: MODEL, simulation }))
    await town.answered(SERVE)
  }
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
})
