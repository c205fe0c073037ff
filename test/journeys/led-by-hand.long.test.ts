import { afterEach, describe, expect, it } from 'vitest'
import { type KubeObject, refOf } from '../../core/kube.ts'
import { trafficOf } from '../../core/workloads/serving.ts'
import type { SimulatedCluster } from '../../local/cluster/simulated-cluster.ts'
import { promote, registerVersion, type Simulation } from '../../local/scenario.ts'
import example from '../../signalbox.config.ts'
import { clockOf, MINUTE, MODEL, SERVE, served, stepIs, timeline } from './scenes.ts'
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

const texts = async () => (await timeline(town, SERVE)).filter(({ text }) => text?.includes('led elsewhere Service'))

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
      expect(await texts()).toHaveLength(1)
      expect(await town.settled(SERVE)).toMatchObject({ state: 'succeeded' })
      expect(await led()).toBe(2)
    },
  )

  const failedGate = { tasks: { 'gate-check': { metrics: { health: 1, p95_ms: 9000, error_rate: 0 } } } }
  const slowGate = { tasks: { 'gate-check': { minutes: 8 } } }
  const judgedTwo = async (): Promise<void> => {
    await open()
    await promoted({})
    await town.settled(SERVE)
  }
  const failedTwo = async (): Promise<void> => {
    await open()
    await promoted(failedGate)
    await town.settled(SERVE)
  }

  it.each([
    ['what has failed its gate and stands by hand', failedTwo, { to: '2', judged: 1 }],
    ['what was judged long before and stands by hand', judgedTwo, { to: '1', judged: 2 }],
  ])(
    '%s, while the gate of something newer is at work: they are led to what was judged last, and it goes on',
    async (_, begin, { to, judged }) => {
      await begin()
      await scaled(Number(to), 1)
      await town.advance(15 * MINUTE)
      await promoted(slowGate)
      await town.until('gate', stepIs(town, SERVE, 'gate', 'running'))
      await leads(to)
      await town.advance(5 * MINUTE)
      expect([await led(), await stepIs(town, SERVE, 'gate', 'running')()]).toEqual([judged, true])
      expect(await texts()).toHaveLength(1)
      const from = clockOf(town).now()
      expect(await town.settled(SERVE)).toMatchObject({ state: 'succeeded', generation: 3 })
      expect(clockOf(town).now() - from).toBeLessThan(20 * MINUTE)
      expect(await led()).toBe(3)
    },
  )

  it('what has failed its gate, while people are asked about something newer: its rollout begins from there', async () => {
    await failedTwo()
    await scaled(2, 1)
    await town.advance(15 * MINUTE)
    const simulation = slowGate as Simulation
    await promote(town.house, MODEL, await registerVersion(town.house, { model: MODEL, simulation }))
    await town.until('it asks', async () => (await town.question(SERVE)) !== null)
    await leads('2')
    await town.answered(SERVE)
    // It begins from elsewhere than people were told, and they are asked anew.
    await town.answered(SERVE)
    await town.until('gate', stepIs(town, SERVE, 'gate', 'running'))
    await town.advance(3 * MINUTE)
    expect([await led(), await texts()]).toEqual([2, []])
    // What was judged may be asked for as long as nothing newer is.
    await leads('1')
    await town.advance(3 * MINUTE)
    expect([await led(), await texts()]).toEqual([1, []])
    const from = clockOf(town).now()
    expect(await town.settled(SERVE)).toMatchObject({ state: 'succeeded' })
    expect(clockOf(town).now() - from).toBeLessThan(20 * MINUTE)
  })

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
