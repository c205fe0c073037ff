import { afterEach, describe, expect, it } from 'vitest'
import { isLeaving, type KubeObject, refOf } from '../../core/kube.ts'
import type { Config } from '../../core/policy.ts'
import { trafficOf } from '../../core/workloads/serving.ts'
import type { SimulatedCluster } from '../../local/cluster/simulated-cluster.ts'
import { promote, registerVersion, type Simulation } from '../../local/scenario.ts'
import example from '../example.ts'
import { HOUR, looseEnds, MINUTE, MODEL, replicasOf, SERVE, say, served, stepIs } from './scenes.ts'
import { openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())

const opened = async (): Promise<void> => {
  const services = { [MODEL]: { ...example.services?.[MODEL], replicas: 2 } }
  town = await openTown({ config: { ...example, pipelines: {}, services } as Config })
}
const cluster = (): SimulatedCluster => town.house.cluster as SimulatedCluster
const promoted = async (simulation?: Simulation): Promise<void> =>
  promote(
    town.house,
    MODEL,
    await registerVersion(town.house, { model: MODEL, simulation, tags: { at: String(town.house.clock.now()) } }),
  )
const deploymentOf = async (generation: number): Promise<KubeObject<'Deployment'>> => {
  const all = (await cluster().list('Deployment')) as KubeObject<'Deployment'>[]
  const found = all.find(({ metadata }) => metadata.labels?.['signalbox.dev/generation'] === String(generation))
  return found as KubeObject<'Deployment'>
}
const serviceOf = async (): Promise<KubeObject<'Service'> | undefined> => {
  const { name } = await town.lane(SERVE)
  const all = (await cluster().list('Service')) as KubeObject<'Service'>[]
  return all.find((one) => one.metadata.name === name && !isLeaving(one))
}
const deleted = (object: KubeObject | undefined): Promise<unknown> =>
  cluster().delete(refOf(object as KubeObject), object?.metadata.uid ?? '')

describe('what served is deleted and made anew, judged, and its run ends otherwise:', () => {
  const none = async () => void (await town.house.registry.deleteAlias(MODEL, 'champion'))
  const denied = async () => {
    await promoted()
    await town.answered(SERVE, 'deny')
  }
  const cancelled = () => say(town, 'cancel', { lane: SERVE })
  const overtaken = async () => {
    await promoted()
    await town.until('it asks', async () => (await town.question(SERVE)) !== null)
    await town.answered(SERVE, 'deny')
  }
  it.each([
    ['while no version is promoted, cancelled', none, cancelled],
    ['while no version is promoted, overtaken by one that is denied', none, overtaken],
    ['beside a version that was denied, cancelled', denied, cancelled],
    ['beside a version that was denied, overtaken by one that is denied', denied, overtaken],
  ] as const)('%s: it is the version that it was, and what stands beside it is set right', async (_, before, ends) => {
    await opened()
    await served(town)
    const { desired } = (await town.lane(SERVE)).baseline ?? {}
    await before()
    await town.advance(10 * MINUTE)
    await deleted(await deploymentOf(1))
    await town.answered(SERVE)
    await town.until('it is judged', stepIs(town, SERVE, 'move-2', 'running'))
    await ends()
    await town.advance(HOUR)
    expect((await town.lane(SERVE)).baseline).toMatchObject({ desired })
    const standing = await replicasOf(town)
    expect(Object.keys(standing)).toHaveLength(1)
    await deleted(await serviceOf())
    await town.advance(10 * MINUTE)
    expect(trafficOf(await serviceOf())).toBe(Number(Object.keys(standing)[0]))
    expect(await looseEnds(town)).toEqual([])
  })
})

it('a first version whose image somebody changes while its gate is at work is asked by nobody, then or later', async () => {
  await opened()
  await promoted({ tasks: { 'gate-check': { minutes: 20 } } })
  await town.answered(SERVE)
  await town.until('its gate is at work', stepIs(town, SERVE, 'gate', 'running'))
  await town.advance(MINUTE)
  await cluster().edit(refOf(await deploymentOf(1)), 'kubectl-set', (live) => {
    const { spec } = structuredClone(live) as KubeObject<'Deployment'>
    for (const container of spec?.template.spec?.containers ?? []) container.image = `vllm@sha256:${'e'.repeat(64)}`
    return { ...live, spec }
  })
  await town.advance(6 * HOUR)
  expect(await town.lane(SERVE)).toMatchObject({
    state: 'failed',
    outcome: { reason: 'edited-by-hand' },
    baseline: null,
  })
  expect([await serviceOf(), await replicasOf(town), await looseEnds(town)]).toEqual([undefined, {}, []])
})
