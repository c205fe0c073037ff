import { afterEach, describe, expect, it } from 'vitest'
import { GPU, type KubeObject, NODE_POOL, refOf } from '../../core/kube.ts'
import type { Ports } from '../../flows/ports.ts'
import type { SimulatedCluster } from '../../local/cluster/simulated-cluster.ts'
import type { Simulation } from '../../local/scenario.ts'
import { promote, registerVersion } from '../../local/scenario.ts'
import example from '../example.ts'
import { clockOf, MINUTE, MODEL, replicasOf, SERVE, SLOW, served } from './scenes.ts'
import { openTown, type Town } from './town.ts'

/** One node, which one replica fills; that nobody answers for a time was agreed to. */
const POOL = 'gpu-serve'
const config = {
  ...example,
  pools: { ...example.pools, [POOL]: { ...example.pools[POOL], maxGpus: 4 } },
  services: {
    ...example.services,
    [MODEL]: { ...example.services?.[MODEL], replicas: 1, gpusPerReplica: 4, maxUnavailable: 2 },
  },
}
let town: Town
afterEach(() => town.close())

/** Of somebody else in the cluster, and as large. */
const THEIRS = 'a-job-of-theirs'
const theirs = (namespace: string): KubeObject<'Pod'> => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: THEIRS, namespace },
  spec: {
    nodeSelector: { [NODE_POOL]: POOL },
    tolerations: [{ key: GPU, operator: 'Exists', effect: 'NoSchedule' }],
    containers: [{ name: 'main', image: 'x', resources: { limits: { [GPU]: '4' } } }],
  },
})
const nodeOfTheirs = async (): Promise<string | undefined> => {
  const pods = (await town.house.cluster.list('Pod')) as KubeObject<'Pod'>[]
  return pods.find(({ metadata }) => metadata.name === THEIRS)?.spec?.nodeName
}

/** Their pod comes just before the Deployment of a generation is made or scaled for the first time: it waits for longer than ours. */
const openBeside = async (generation: number): Promise<void> => {
  const wrap = (ports: Ports): Ports => ({
    ...ports,
    cluster: {
      ...ports.cluster,
      apply: async (object, manager) => {
        const { name, namespace = '' } = object.metadata
        if (object.kind === 'Deployment' && name.endsWith(`-g${generation}`) && isComing)
          await ports.cluster.create(theirs(namespace))
        return ports.cluster.apply(object, manager)
      },
    },
  })
  town = await openTown({ config, wrap })
}
let isComing = false

/** What happens to the pods and Deployments of each generation, in order, each once. */
const watched = async (): Promise<string[]> => {
  const lines: string[] = []
  const add = (line: string): void => {
    if (!lines.includes(line)) lines.push(line)
  }
  await town.house.cluster.watch({}, ({ type, object }) => {
    const generation = /-g(\d+)/.exec(object.metadata.name)?.[1]
    if (generation === undefined) return
    if (object.kind === 'Pod') add(`a pod of g${generation} is ${type === 'DELETED' ? 'gone' : 'there'}`)
    const { replicas } = (object as KubeObject<'Deployment'>).spec ?? {}
    if (object.kind === 'Deployment' && replicas === 0) add(`g${generation} is taken away`)
  })
  return lines
}

/** Somebody scales a generation to two replicas. */
const scaledBy = async (manager: string, generation: number): Promise<void> => {
  const all = await town.house.cluster.list('Deployment')
  const found = all.find(({ metadata }) => metadata.name.endsWith(`-g${generation}`)) as KubeObject<'Deployment'>
  await (town.house.cluster as SimulatedCluster).edit(refOf(found), manager, (live) => {
    Object.assign((live as KubeObject<'Deployment'>).spec ?? {}, { replicas: 2 })
    return live
  })
}

const rolled = async (simulation?: Simulation): Promise<void> => {
  isComing = false
  await served(town)
  isComing = true
  await served(town, simulation)
}

describe('on a full pool where somebody else waits for a GPU, too', () => {
  it('the new replica is there before the old one goes, and gets its GPUs', async () => {
    await openBeside(2)
    const lines = await watched()
    await rolled()
    expect(await town.lane(SERVE)).toMatchObject({ state: 'succeeded', generation: 2 })
    expect(await replicasOf(town)).toEqual({ 2: 1 })
    expect(await nodeOfTheirs()).toBeUndefined()
    expect(lines.filter((line) => line !== 'g2 is taken away')).toEqual([
      'a pod of g1 is there',
      'a pod of g2 is there',
      'g1 is taken away',
      'a pod of g1 is gone',
    ])
  })

  it('the old one comes back where the new one is judged too slow', async () => {
    await openBeside(1)
    await rolled(SLOW)
    expect((await town.lane(SERVE)).outcome).toMatchObject({ kind: 'failed', reason: 'gate' })
    expect(await replicasOf(town)).toEqual({ 1: 1 })
    expect(await nodeOfTheirs()).toBeUndefined()
  })

  it('whoever scales the new one up meanwhile makes no outage longer: nobody waits for a node that does not come', async () => {
    town = await openTown({ config })
    await served(town)
    await promote(town.house, MODEL, await registerVersion(town.house, { model: MODEL }))
    await town.answered(SERVE)
    await town.until('the old one is gone', async () => (await replicasOf(town))[1] === undefined)
    const gone = clockOf(town).now()
    await town.advance(MINUTE)
    await scaledBy('kubectl', 2)
    expect((await town.settled(SERVE)).outcome).toMatchObject({ kind: 'succeeded' })
    expect(clockOf(town).now() - gone).toBeLessThan(16 * MINUTE)
    expect(await replicasOf(town)).toEqual({ 2: 1 })
  })

  it('whoever has scaled the old one beyond it makes no outage longer: what failed its gate goes before that comes back', async () => {
    town = await openTown({ config })
    await served(town)
    await scaledBy('kubectl', 1)
    await town.advance(2 * MINUTE)
    await promote(town.house, MODEL, await registerVersion(town.house, { model: MODEL, simulation: SLOW }))
    await town.answered(SERVE)
    await town.until('the old one is gone', async () => (await replicasOf(town))[1] === undefined)
    const gone = clockOf(town).now()
    expect((await town.settled(SERVE)).outcome).toMatchObject({ kind: 'failed', reason: 'gate' })
    expect(clockOf(town).now() - gone).toBeLessThan(30 * MINUTE)
    expect(await replicasOf(town)).toEqual({ 1: 1 })
  })

  it('is patient with the new one from when its GPUs are free', async () => {
    await openBeside(2)
    await rolled({ healthy: false })
    const run = await town.run(SERVE, 2, 1)
    const [leaves, comes] = run?.steps.filter(({ kind, way }) => kind === 'roll-out-model' && way === 'forth') ?? []
    expect(comes?.startedAt).toBeGreaterThanOrEqual(leaves?.endedAt ?? Number.POSITIVE_INFINITY)
    expect(comes).toMatchObject({ state: 'failed', note: expect.stringMatching(/^not ready after 65 minutes/) })
  })

  it('ends it as soon as ever where it cannot start, though its pod was made while the old one stood', async () => {
    await openBeside(2)
    await rolled({ imagePull: 'fail' })
    const comes = (await town.run(SERVE, 2, 1))?.steps.find(({ name }) => name === 'move-2')
    expect((await town.lane(SERVE)).outcome).toMatchObject({ kind: 'failed', reason: 'image-pull' })
    expect((comes?.endedAt ?? 0) - (comes?.startedAt ?? 0)).toBeLessThan(20 * MINUTE)
    expect(await replicasOf(town)).toEqual({ 1: 1 })
    expect(await nodeOfTheirs()).toBeUndefined()
  })
})

describe('on a full pool a rollout is no reason to refuse another', () => {
  it('for somebody else’s pod that waits already when it is planned: that has no GPU, and goes after it', async () => {
    town = await openTown({ config })
    await served(town)
    await town.house.cluster.create(theirs('training'))
    await served(town)
    expect(await town.lane(SERVE)).toMatchObject({ state: 'succeeded', generation: 2, attempt: 1 })
    expect(await replicasOf(town)).toEqual({ 2: 1 })
    expect(await nodeOfTheirs()).toBeUndefined()
  })

  it('and takes no room that somebody else’s pods have nodes coming for: what leaves makes it', async () => {
    const services = { [MODEL]: { ...config.services?.[MODEL], replicas: 2, maxUnavailable: 1 } }
    const pools = { ...config.pools, [POOL]: { ...config.pools[POOL], maxGpus: 16 } }
    town = await openTown({ config: { ...config, pools, services } as never })
    await served(town)
    for (const name of ['a', 'b']) {
      const pod = theirs('training')
      await town.house.cluster.create({
        ...pod,
        metadata: { ...pod.metadata, name: `${THEIRS}-${name}` },
      } as KubeObject)
    }
    await served(town)
    expect(await town.lane(SERVE)).toMatchObject({ state: 'succeeded', generation: 2, attempt: 1 })
    expect((await town.past(SERVE)).at(-1)?.plan?.strategy?.name).toBe('one-out-one-in')
    expect(await replicasOf(town)).toEqual({ 2: 2 })
  })

  it('for one of another service of ours, whose new replica waits for what its old one leaves', async () => {
    const two = { ...config.services?.[MODEL], replicas: 1, maxUnavailable: 2 }
    const services = { [MODEL]: two, 'code-llama': { ...two, ...example.services?.['code-llama'], maxUnavailable: 2 } }
    const pools = { ...config.pools, [POOL]: { ...config.pools[POOL], maxGpus: 8 } }
    town = await openTown({ config: { ...config, pools, services } as never })
    const lane = 'service/code-llama'
    const code = async () => {
      await promote(town.house, 'code-llama', await registerVersion(town.house, { model: 'code-llama' }))
      await town.answered(lane)
    }
    await served(town)
    await code()
    await town.settled(lane)
    await promote(town.house, MODEL, await registerVersion(town.house, { model: MODEL }))
    await town.answered(SERVE)
    await town.until('a new replica waits', async () => (await replicasOf(town))[2] === 1)
    await code()
    await Promise.all([town.settled(SERVE), town.settled(lane)])
    for (const one of [SERVE, lane])
      expect(await town.lane(one)).toMatchObject({ state: 'succeeded', generation: 2, attempt: 1 })
  })
})

describe('where no pod of what comes would be made', () => {
  it('what serves stays, it is said what to do, and it goes on once that is done', async () => {
    town = await openTown({ config })
    await served(town)
    const [made] = await town.house.cluster.list('PriorityClass')
    await town.house.cluster.delete(refOf(made!), made!.metadata.uid!)
    await promote(town.house, MODEL, await registerVersion(town.house, { model: MODEL }))
    await town.answered(SERVE)
    await town.advance(10 * MINUTE)
    expect(await replicasOf(town)).toEqual({ 1: 1 })
    expect((await town.lane(SERVE)).rest?.text).toContain(
      'there is no PriorityClass signalbox-signalbox-serving, so that its pods would not be made: `signalbox bootstrap --apply` makes it',
    )
    const { apiVersion, kind, metadata, ...rest } = made as KubeObject<'PriorityClass'>
    await town.house.cluster.create({ ...rest, apiVersion, kind, metadata: { name: metadata.name } })
    expect((await town.settled(SERVE)).state).toBe('succeeded')
    expect(await replicasOf(town)).toEqual({ 2: 1 })
  })
})

it('a newer version that comes while one waits takes its place, and needs no more room than there is', async () => {
  let newest = ''
  const wrap = (ports: Ports): Ports => ({
    ...ports,
    cluster: {
      ...ports.cluster,
      apply: async (object, manager) => {
        const answer = await ports.cluster.apply(object, manager)
        const isWaiting = manager === 'signalbox-scale' && object.metadata.name.endsWith('-g2')
        if (isWaiting && newest === '') {
          newest = await registerVersion(town.house, { model: MODEL, tags: { newest: 'yes' } })
          await promote(town.house, MODEL, newest)
        }
        return answer
      },
    },
  })
  town = await openTown({ config, wrap })
  await served(town)
  await promote(town.house, MODEL, await registerVersion(town.house, { model: MODEL }))
  await town.answered(SERVE)
  await town.until('the newest is asked about', async () => (await town.lane(SERVE)).run?.generation === 3)
  expect(await replicasOf(town)).toEqual({ 1: 1, 2: 1 })
  await town.answered(SERVE)
  expect((await town.settled(SERVE)).state).toBe('succeeded')
  expect(await replicasOf(town)).toEqual({ 3: 1 })
  expect(await town.held(`pool/${POOL}`)).toEqual({ lanes: { [SERVE]: 4 }, sum: 4 })
})
