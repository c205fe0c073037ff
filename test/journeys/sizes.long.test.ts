import { afterEach, describe, expect, it } from 'vitest'
import { GPU, type KubeObject, NODE_POOL, type ObjectRef, refOf } from '../../core/kube.ts'
import { SERVING_TASK, TASK_LABEL } from '../../core/workloads/serving.ts'
import type { SimulatedCluster } from '../../local/cluster/simulated-cluster.ts'
import example from '../example.ts'
import { MODEL, replicasOf, SERVE, served } from './scenes.ts'
import { openTown, type Town } from './town.ts'

/** Two nodes of four GPUs each. */
const POOL = 'gpu-serve'
const config = (service: object, maxGpus = 8) => ({
  ...example,
  pipelines: {},
  pools: { ...example.pools, [POOL]: { ...example.pools[POOL], maxGpus } },
  services: { [MODEL]: { ...example.services?.[MODEL], replicas: 2, gpusPerReplica: 1, ...service } },
})
let town: Town
afterEach(() => town.close())

/** Of somebody else in the cluster: three of a node's four GPUs. */
const theirs = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'a-job-of-theirs', namespace: example.namespaces?.training ?? 'training' },
  spec: {
    nodeSelector: { [NODE_POOL]: POOL },
    tolerations: [{ key: GPU, operator: 'Exists', effect: 'NoSchedule' }],
    containers: [{ name: 'main', image: 'x', resources: { limits: { [GPU]: '3' } } }],
  },
} as unknown as KubeObject<'Pod'>

const podsOf = async (): Promise<KubeObject<'Pod'>[]> =>
  (await town.house.cluster.list('Pod', { labels: { [TASK_LABEL]: SERVING_TASK } })) as KubeObject<'Pod'>[]

/** One small replica on each of the two nodes, and three GPUs free beside each. */
const scattered = async (): Promise<void> => {
  town = await openTown({ config: config({}) })
  await town.house.cluster.create(theirs)
  const theirsNow = async (): Promise<KubeObject<'Pod'> | undefined> =>
    ((await town.house.cluster.list('Pod')) as KubeObject<'Pod'>[]).find(
      ({ metadata }) => metadata.name === theirs.metadata.name,
    )
  await town.until('theirs has a node', async () => (await theirsNow())?.spec?.nodeName !== undefined)
  await served(town)
  await town.house.cluster.delete(refOf(theirs), (await theirsNow())?.metadata.uid ?? '')
  const nodes = (await podsOf()).map(({ spec }) => spec?.nodeName)
  expect(new Set(nodes).size).toBe(2)
}

describe('replicas that become as large as a node', () => {
  it('come up one after the other, each on the node that an old one has left: six free GPUs are no room for one', async () => {
    await scattered()
    town.setPolicy(config({ gpusPerReplica: 4, maxUnavailable: 1 }))
    await town.until('it asks', async () => (await town.question(SERVE)) !== null)
    const { plan } = (await town.plan(SERVE)) as NonNullable<Awaited<ReturnType<Town['plan']>>>
    expect(plan.strategy).toMatchObject({ name: 'one-out-one-in', why: expect.stringContaining('all 4 on one node') })
    expect(plan.bounds.answering).toBe(1)
    await town.answered(SERVE)
    expect(await town.settled(SERVE, 3)).toMatchObject({ state: 'succeeded', attempt: 1 })
    expect(await replicasOf(town)).toEqual({ 2: 2 })
    expect(new Set((await podsOf()).map(({ spec }) => spec?.nodeName)).size).toBe(2)
  })

  it('are refused at once where none may be away, and the words say what would cure it', async () => {
    await scattered()
    town.setPolicy(config({ gpusPerReplica: 4, maxUnavailable: 0 }))
    await town.until('it is refused', async () => (await town.lane(SERVE)).outcome?.kind === 'refused')
    expect((await town.lane(SERVE)).outcome).toMatchObject({
      reason: 'would-deadlock',
      detail: expect.stringContaining('raise pools.gpu-serve.maxGpus by 4'),
    })
    expect(await replicasOf(town)).toEqual({ 1: 2 })
    // With the node more that it asks for nobody is away.
    const pool = { kind: 'NodePool', name: POOL } as ObjectRef
    await (town.house.cluster as SimulatedCluster).edit(pool, 'kubectl', (live) => ({
      ...live,
      spec: { ...(live as KubeObject<'NodePool'>).spec, limits: { [GPU]: '12' } },
    }))
    town.setPolicy(config({ gpusPerReplica: 4, maxUnavailable: 0 }, 12))
    await town.answered(SERVE)
    expect(await town.settled(SERVE, 3)).toMatchObject({ state: 'succeeded' })
    expect((await town.plan(SERVE))?.plan).toMatchObject({ strategy: { name: 'surge' }, bounds: { answering: 2 } })
    expect(await replicasOf(town)).toEqual({ 2: 2 })
  })
})
