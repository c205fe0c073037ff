import { afterEach, describe, expect, it } from 'vitest'
import { type KubeObject, refOf } from '../../core/kube.ts'
import { trafficOf } from '../../core/workloads/serving.ts'
import type { SimulatedCluster } from '../../local/cluster/simulated-cluster.ts'
import { promote, registerVersion } from '../../local/scenario.ts'
import example from '../example.ts'
import { clockOf, MINUTE, MODEL, replicasOf, SERVE, served, stepIs } from './scenes.ts'
import { openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())

/** One replica of four GPUs, in a pool of as many as the policy is given. */
const opened = async (maxGpus: number): Promise<void> => {
  const { pools = {}, services = {} } = example
  town = await openTown({
    config: {
      ...example,
      pools: { ...pools, 'gpu-serve': { ...pools['gpu-serve'], maxGpus } },
      services: { [MODEL]: { ...services[MODEL], replicas: 1, maxUnavailable: 2 } },
    } as typeof example,
  })
}
const promoted = async (): Promise<void> => {
  await promote(town.house, MODEL, await registerVersion(town.house, { model: MODEL, tags: { of: 'ends' } }))
  await town.answered(SERVE)
}
const all = async <K extends KubeObject['kind']>(kind: K, generation: number) => {
  const { name } = await town.lane(SERVE)
  const found = (await town.house.cluster.list(kind)) as KubeObject[]
  return found.filter(({ metadata }) => metadata.name.startsWith(`${name}-g${generation}`))
}
const scaled = async (generation: number, replicas: number): Promise<void> => {
  const [deployment] = (await all('Deployment', generation)) as [KubeObject<'Deployment'>]
  await (town.house.cluster as SimulatedCluster).edit(refOf(deployment), 'kubectl', (live) => {
    Object.assign((live as KubeObject<'Deployment'>).spec ?? {}, { replicas })
    return live
  })
}
/** Seconds before its gate ends: no other is ready by then. */
const evicted = async (generation: number): Promise<void> => {
  await town.advance(10 * MINUTE - 10_000)
  const pods = (await all('Pod', generation)).filter(
    ({ metadata: { labels } }) => labels?.['signalbox.dev/task'] === 'serving',
  )
  for (const pod of pods) await town.house.cluster.delete(refOf(pod), pod.metadata.uid ?? '')
}
const readyIn = async (generation: number): Promise<number> => {
  const [deployment] = (await all('Deployment', generation)) as KubeObject<'Deployment'>[]
  return deployment?.status?.readyReplicas ?? 0
}

describe('a rollout whose last step leads requests ends with what it leads to ready', () => {
  const ends = async (generation: number): Promise<void> => {
    await town.settled(SERVE, 10)
    expect((await town.lane(SERVE)).outcome).toMatchObject({ kind: 'succeeded' })
    const { name } = await town.lane(SERVE)
    const services = (await town.house.cluster.list('Service')) as KubeObject<'Service'>[]
    expect(trafficOf(services.find(({ metadata }) => metadata.name === name))).toBe(generation)
    expect(await readyIn(generation)).toBe(1)
    const standing = Object.entries(await replicasOf(town)).filter(([, replicas]) => replicas > 0)
    expect(standing.map(([one, replicas]) => [Number(one), replicas])).toEqual([[generation, 1]])
  }

  it.each<[string, number, () => Promise<void>]>([
    ['its pod is taken as its gate ends', 2, () => evicted(2)],
    ['it is scaled to 0', 2, () => scaled(2, 0)],
    ['what went for it is scaled up again', 2, () => scaled(1, 2)],
  ])('on a full pool where %s', async (_, generation, done) => {
    await opened(4)
    await served(town)
    await promoted()
    await town.until('gate', stepIs(town, SERVE, 'gate', 'running'))
    await done()
    await ends(generation)
  })

  it('on a full pool where it is scaled to 0 while it waits for its room: that is set again, and costs no hour', async () => {
    await opened(4)
    await served(town)
    await promoted()
    await town.until('move', stepIs(town, SERVE, 'move-1', 'running'))
    await scaled(2, 0)
    const at = clockOf(town).now()
    await ends(2)
    expect(clockOf(town).now() - at).toBeLessThan(40 * MINUTE)
  })

  it.each<[string, () => Promise<void>]>([
    ['its pod is taken as its gate ends', () => evicted(1)],
    ['it is scaled to 0', () => scaled(1, 0)],
  ])('of a first version where %s', async (_, done) => {
    await opened(16)
    await promoted()
    await town.until('gate', stepIs(town, SERVE, 'gate', 'running'))
    await done()
    await ends(1)
  })

  it('and goes back where it is not ready in its time: what was judged before serves again', async () => {
    await opened(4)
    await served(town)
    await promoted()
    await town.until('gate', stepIs(town, SERVE, 'gate', 'running'))
    const { cluster } = town.house
    const list = cluster.list.bind(cluster)
    const isLost = ({ kind, metadata: { name } }: KubeObject): boolean => kind === 'Deployment' && name.endsWith('-g2')
    const unready = (one: KubeObject) => ({
      ...one,
      status: { ...(one as KubeObject<'Deployment'>).status, readyReplicas: 0 },
    })
    cluster.list = (async (...asked: Parameters<typeof list>) =>
      (await list(...asked)).map((one) => (isLost(one) ? unready(one) : one))) as typeof cluster.list
    await town.settled(SERVE, 10)
    expect((await town.lane(SERVE)).outcome).toMatchObject({ kind: 'failed', reason: 'not-healthy' })
    expect(await readyIn(1)).toBe(1)
    expect(await replicasOf(town)).toEqual({ 1: 1 })
  })
})
