import { afterEach, describe, expect, it } from 'vitest'
import { type KubeObject, refOf } from '../../core/kube.ts'
import type { Config } from '../../core/policy.ts'
import { trafficOf } from '../../core/workloads/serving.ts'
import type { SimulatedCluster } from '../../local/cluster/simulated-cluster.ts'
import { promote, registerVersion, type Simulation } from '../../local/scenario.ts'
import example from '../../signalbox.config.ts'
import { HOUR, looseEnds, MINUTE, MODEL, replicasOf, SERVE, served } from './scenes.ts'
import { openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())

type Change = Partial<NonNullable<Config['services']>[string]>

/** Two replicas of four GPUs each, in a pool of so many. */
const opened = async (maxGpus: number, change: Change = {}): Promise<void> => {
  const pools = { ...example.pools, 'gpu-serve': { ...example.pools['gpu-serve'], maxGpus } }
  const service = { ...example.services?.[MODEL], replicas: 2, gpusPerReplica: 4, ...change }
  town = await openTown({ config: { ...example, pipelines: {}, pools, services: { [MODEL]: service } } })
}
const promoted = async (simulation?: Simulation): Promise<void> => {
  const tags = { at: String(town.house.clock.now()) }
  await promote(town.house, MODEL, await registerVersion(town.house, { model: MODEL, simulation, tags }))
}
const deploymentsOf = async (): Promise<KubeObject<'Deployment'>[]> =>
  (await town.house.cluster.list('Deployment')) as KubeObject<'Deployment'>[]
/** `led to 2; g1 0/0 g2 1/2`: whom requests are led to, and of each generation those that are ready of those that are asked for. */
const seen = async (): Promise<string> => {
  const services = (await town.house.cluster.list('Service')) as KubeObject<'Service'>[]
  const { name } = await town.lane(SERVE)
  const led = trafficOf(services.find(({ metadata }) => metadata.name === name))
  const stands = (await deploymentsOf()).map(({ metadata, spec, status }) => {
    const generation = metadata.labels?.['signalbox.dev/generation']
    return `g${generation} ${status?.readyReplicas ?? 0}/${spec?.replicas ?? 0}`
  })
  return `led to ${led}; ${stands.join(' ')}`
}
const until = (what: string): Promise<void> => town.until(what, async () => (await seen()) === what)
/** Whoever is asked says yes, for so long. */
const agreed = async (hours: number): Promise<void> => {
  for (let passed = 0; passed < hours * HOUR; passed += 5 * MINUTE) {
    await town.advance(5 * MINUTE)
    if ((await town.question(SERVE)) !== null) await town.answered(SERVE)
  }
}

describe('three versions are promoted in a row', () => {
  it('on a full pool: what loads goes for the last, what answers stays until that is judged', async () => {
    await opened(8, { maxUnavailable: 1 })
    await served(town)
    await promoted({ loadMinutes: 14 })
    await town.answered(SERVE)
    await until('led to 2; g1 0/0 g2 1/2')
    await promoted({ loadMinutes: 12 })
    await town.answered(SERVE)
    await until('led to 2; g1 0/0 g2 1/1 g3 0/1')
    await promoted()
    await agreed(2)
    expect(await seen()).toBe('led to 4; g1 0/0 g2 0/0 g3 0/0 g4 2/2')
    expect(await looseEnds(town)).toEqual([])
  })

  it.each(['tell', 'mend'] as const)(
    'after a repair by hand (%s): what was repaired goes, and the last stands alone',
    async (onEdit) => {
      await opened(16, { maxUnavailable: 0, onEdit })
      await served(town)
      const [first] = await deploymentsOf()
      await (town.house.cluster as SimulatedCluster).edit(refOf(first as KubeObject), 'kubectl-set', (live) => {
        const [container] = (live as KubeObject<'Deployment'>).spec?.template.spec?.containers ?? []
        if (container !== undefined) container.image = `vllm@sha256:${'e'.repeat(64)}`
        return live
      })
      await town.advance(HOUR)
      const mended = onEdit === 'mend' ? 1 : 0
      await promoted()
      await town.answered(SERVE)
      await until(`led to all; g1 1/1 g${2 + mended} 1/2`)
      await promoted()
      await agreed(3)
      expect(await replicasOf(town)).toEqual({ [3 + mended]: 2 })
      expect((await town.lane(SERVE)).state).toBe('succeeded')
      expect(await looseEnds(town)).toEqual([])
    },
  )
})
