import { afterEach, describe, expect, it } from 'vitest'
import { type KubeObject, refOf } from '../../core/kube.ts'
import { trafficOf } from '../../core/workloads/serving.ts'
import type { SimulatedCluster } from '../../local/cluster/simulated-cluster.ts'
import { promote, registerVersion, type Simulation } from '../../local/scenario.ts'
import example from '../../signalbox.config.ts'
import { MINUTE, MODEL, SERVE, served, stepIs, timeline } from './scenes.ts'
import { openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())

const GENERATION = 'signalbox.dev/generation'

const service = async (): Promise<KubeObject<'Service'>> => {
  const { name } = await town.lane(SERVE)
  const services = (await town.house.cluster.list('Service')) as KubeObject<'Service'>[]
  return services.find(({ metadata }) => metadata.name === name) as KubeObject<'Service'>
}
const led = async () => trafficOf(await service())

/** Led by `kubectl` to one generation, or to all that stand. */
const leads = async (to: string | null): Promise<void> =>
  (town.house.cluster as SimulatedCluster).edit(refOf(await service()), 'kubectl-edit', (live) => {
    const { spec } = structuredClone(live) as KubeObject<'Service'>
    const { [GENERATION]: _, ...selector } = spec?.selector ?? {}
    return {
      ...live,
      spec: { ...spec, selector: to === null ? selector : { ...selector, [GENERATION]: to } },
    } as KubeObject
  })

const scaled = async (generation: number, replicas: number): Promise<void> => {
  const all = (await town.house.cluster.list('Deployment')) as KubeObject<'Deployment'>[]
  const one = all.find(({ metadata }) => metadata.name.endsWith(`-g${generation}`)) as KubeObject<'Deployment'>
  await (town.house.cluster as SimulatedCluster).edit(refOf(one), 'kubectl-scale', (live) => {
    const { spec } = live as KubeObject<'Deployment'>
    return { ...live, spec: { ...spec, replicas } } as KubeObject
  })
}

const open = async (more: object = {}): Promise<void> => {
  const services = { [MODEL]: { ...example.services?.[MODEL], ...more } }
  town = await openTown({ config: { ...example, services } as typeof example })
  await served(town)
}

const promoted = async (simulation: object): Promise<void> => {
  await promote(
    town.house,
    MODEL,
    await registerVersion(town.house, { model: MODEL, simulation: simulation as Simulation }),
  )
  await town.answered(SERVE)
}

const GATES: [string, string | null][] = [
  ['it alone', '2'],
  ['all that stands', null],
]

describe('whom somebody leads requests to', () => {
  it.each(GATES)(
    '%s while its gate is at work: they are led to what was judged within the next look, and it is told',
    async (_, to) => {
      await open()
      await promoted({ tasks: { 'gate-check': { minutes: 8 } } })
      await town.until('gate', stepIs(town, SERVE, 'gate', 'running'))
      await leads(to)
      await town.advance(5 * MINUTE)
      expect([await led(), await stepIs(town, SERVE, 'gate', 'running')()]).toEqual([1, true])
      const told = (await timeline(town, SERVE)).filter(({ text }) => text?.includes('led elsewhere Service'))
      expect(told).toHaveLength(1)
      expect(await town.settled(SERVE)).toMatchObject({ state: 'succeeded' })
      expect(await led()).toBe(2)
    },
  )

  it.each([
    ['', {}, 1],
    [', where all that is done by hand is told: it stays', { onEdit: 'tell' }, 'all'],
  ])('all, beside what has failed its gate%s', async (_, more, to) => {
    await open(more)
    await promoted({ tasks: { 'gate-check': { metrics: { health: 1, p95_ms: 9000, error_rate: 0 } } } })
    expect(await town.settled(SERVE)).toMatchObject({ state: 'failed' })
    await leads(null)
    await town.advance(15 * MINUTE)
    // Alone it is all that stands.
    expect(await led()).toBe('all')
    await scaled(2, 1)
    await town.advance(30 * MINUTE)
    expect(await led()).toBe(to)
    const told = (await timeline(town, SERVE)).filter(({ text }) => text?.includes('has changed .spec.selector'))
    expect(told.length).toBeGreaterThan(0)
    expect(await town.lane(SERVE)).toMatchObject({ state: 'failed', baseline: { generation: 1, replicas: 2 } })
  })

  it('all, beside what has failed its gate, while what was judged answers nobody: they are not led away from who does', async () => {
    await open()
    await promoted({ tasks: { 'gate-check': { metrics: { health: 1, p95_ms: 9000, error_rate: 0 } } } })
    await town.settled(SERVE)
    await scaled(2, 1)
    await town.advance(15 * MINUTE)
    await scaled(1, 0)
    await leads(null)
    await town.advance(15 * MINUTE)
    expect(await led()).toBe('all')
  })
})
