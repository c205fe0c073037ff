import { afterEach, describe, expect, it } from 'vitest'
import { type KubeObject, type ObjectRef, refOf } from '../../core/kube.ts'
import type { Config } from '../../core/policy.ts'
import { trafficOf } from '../../core/workloads/serving.ts'
import type { SimulatedCluster } from '../../local/cluster/simulated-cluster.ts'
import { promote, registerVersion, type Simulation } from '../../local/scenario.ts'
import example from '../example.ts'
import { HOUR, looseEnds, MINUTE, MODEL, replicasOf, SERVE, say, served, stepIs } from './scenes.ts'
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

describe('a first version that answers alone, judged, while its second replica loads,', () => {
  const judged = async (maxGpus = 8): Promise<void> => {
    await opened(maxGpus, { maxUnavailable: 0 })
    await promoted({ loadMinutes: 30 })
    await town.answered(SERVE)
    await until('led to 1; g1 1/2')
  }
  /** It answers still, whatever else. */
  const stays = async (): Promise<void> => {
    await town.advance(5 * MINUTE)
    expect(await seen()).toBe('led to 1; g1 1/2')
    await town.advance(24 * HOUR)
    expect(await seen()).toBe('led to 1; g1 2/2')
    expect(await looseEnds(town)).toEqual([])
  }
  const newer: [string, string, () => Promise<unknown>][] = [
    ['denied', 'rejected', () => town.answered(SERVE, 'deny')],
    ['never answered', 'expired', () => town.advance(6 * HOUR)],
    ['cancelled', 'cancelled', () => say(town, 'cancel', { lane: SERVE })],
  ]
  it.each(newer)('stays where a newer one is %s, and is what is returned to from then on', async (_, ended, end) => {
    await judged(16)
    await promoted()
    await town.until('it asks', async () => (await town.question(SERVE)) !== null)
    await end()
    expect((await town.settled(SERVE)).outcome).toMatchObject({
      kind: ended,
      detail: expect.stringMatching(/; v1 \(generation 1\) with 2 replicas was judged, and stays$/),
    })
    await town.advance(24 * HOUR)
    expect(await seen()).toBe('led to 1; g1 2/2')
    expect((await town.lane(SERVE)).baseline).toMatchObject({ generation: 1, replicas: 2 })
    // It is what the next one is measured by, and returned to.
    await promoted()
    await town.until('it asks', async () => (await town.question(SERVE)) !== null)
    const plan = (await town.plan(SERVE))?.plan
    expect(plan === undefined || plan.undo).toMatch(/^Walk back to v1/)
  })

  it('stays where a newer one is refused', async () => {
    await judged()
    const pools = { ...example.pools, 'gpu-serve': { ...example.pools['gpu-serve'], maxGpus: 8 } }
    const services = { [MODEL]: { ...example.services?.[MODEL], replicas: 2, gpusPerReplica: 4 } }
    const budget = { ...example.budget, dollars: 5 }
    town.setPolicy({ ...example, pipelines: {}, pools, services, budget } as Config)
    await promoted()
    expect((await town.settled(SERVE)).state).toBe('refused')
    await stays()
  })

  it('stays where no version is promoted any more, and nobody is asked to take it away', async () => {
    await judged()
    await town.house.registry.deleteAlias(MODEL, 'champion')
    await town.advance(MINUTE)
    expect(await town.question(SERVE)).toBeNull()
    await stays()
    expect(await town.lane(SERVE)).toMatchObject({ state: 'succeeded', baseline: { generation: 1, replicas: 2 } })
  })

  it('is asked about where its rule leaves the policy, and stays when that is denied', async () => {
    await judged()
    town.setPolicy({ ...example, pipelines: {}, services: {} })
    await town.answered(SERVE, 'deny')
    await stays()
    expect((await town.lane(SERVE)).state).toBe('rejected')
  })

  it('stays where its rule goes to shadow', async () => {
    await judged()
    const service = { ...example.services?.[MODEL], replicas: 2, gpusPerReplica: 4, mode: 'shadow' }
    town.setPolicy({ ...example, pipelines: {}, services: { [MODEL]: service } } as Config)
    await town.advance(10 * MINUTE)
    await stays()
  })

  it('goes where a person cancels it: its card says so', async () => {
    await judged()
    expect((await town.plan(SERVE))?.plan.undo).toMatch(/^Take v1 away, where a person cancels this/)
    await say(town, 'cancel', { lane: SERVE })
    expect((await town.settled(SERVE)).state).toBe('cancelled')
    expect(await replicasOf(town)).toEqual({})
  })

  it('stays where its second replica never comes, and the outcome says so', async () => {
    await opened(8, { maxUnavailable: 0 })
    await promoted()
    await town.answered(SERVE)
    await town.until('it is judged', stepIs(town, SERVE, 'gate', 'running'))
    await (town.house.cluster as SimulatedCluster).edit(
      { kind: 'NodePool', name: 'gpu-serve' } as ObjectRef,
      'kubectl',
      (live) => ({
        ...live,
        spec: { ...(live as KubeObject<'NodePool'>).spec, limits: { 'nvidia.com/gpu': '4' } },
      }),
    )
    expect((await town.settled(SERVE)).outcome).toMatchObject({
      kind: 'failed',
      reason: 'not-healthy',
      detail: expect.stringMatching(/; v1 \(generation 1\) with 2 replicas was judged, and stays$/),
    })
    expect(await seen()).toBe('led to 1; g1 1/2')
    expect(await looseEnds(town)).toEqual([])
  })
})

describe('what was judged before is not what it was, and a newer one is denied:', () => {
  const second = async (maxGpus: number, change: Change): Promise<void> => {
    await opened(maxGpus, change)
    await served(town)
  }
  const overtaken = async (): Promise<void> => {
    await promoted()
    await town.answered(SERVE, 'deny')
    expect((await town.settled(SERVE)).state).toBe('rejected')
    await town.advance(HOUR)
    expect(await looseEnds(town)).toEqual([])
  }

  it('somebody has deleted it, and what was judged since stays', async () => {
    // So long a bad case that there is time to ask, the way back's own left out.
    await second(16, { maxUnavailable: 0, loadMinutes: { p50: 5, p95: 30 } })
    await promoted({ loadMinutes: 30 })
    await town.answered(SERVE)
    await until('led to all; g1 1/1 g2 1/2')
    await promoted()
    await town.until('it asks', async () => (await town.question(SERVE)) !== null)
    const [first] = await deploymentsOf()
    await town.house.cluster.delete(refOf(first as KubeObject), first?.metadata.uid ?? '')
    await town.answered(SERVE, 'deny')
    expect((await town.settled(SERVE)).outcome?.detail).toContain(
      'v2 (generation 2) with 2 replicas was judged, and stays',
    )
    await town.advance(HOUR)
    expect(await seen()).toBe('led to all; g2 2/2')
  })

  it('somebody has changed it, and requests are not led back to it from what was judged since', async () => {
    await second(8, { maxUnavailable: 1, onEdit: 'tell' })
    const [first] = await deploymentsOf()
    await (town.house.cluster as SimulatedCluster).edit(refOf(first as KubeObject), 'kubectl-set', (live) => {
      const [container] = (live as KubeObject<'Deployment'>).spec?.template.spec?.containers ?? []
      if (container !== undefined) container.image = `vllm@sha256:${'e'.repeat(64)}`
      return live
    })
    await town.advance(HOUR)
    await promoted({ loadMinutes: 14 })
    await town.answered(SERVE)
    await until('led to 2; g1 0/0 g2 1/2')
    await overtaken()
    expect(await seen()).toBe('led to 2; g1 0/0 g2 2/2')
  })
})
