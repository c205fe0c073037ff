import { afterEach, describe, expect, it } from 'vitest'
import { nodePoolObject } from '../../core/bootstrap/node-pools.ts'
import { type KubeObject, refOf } from '../../core/kube.ts'
import { rankOf } from '../../core/pods/gang.ts'
import { type Cluster, type Ports, Unavailable } from '../../flows/ports.ts'
import example from '../example.ts'
import { clockOf, everyJob, HOUR, jobsOf, looseEnds, MINUTE, say, TRAIN, upload } from './scenes.ts'
import { openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())

const NODES = 4
/** The example whose training runs on four nodes of eight GPUs, unasked. */
const configOf = (over: { nodes?: number; maxGpus?: number; autoApproveBelow?: number } = {}) => {
  const { nodes = NODES, maxGpus = 32, autoApproveBelow = 1e9 } = over
  const config = structuredClone(example)
  const rule = config.pipelines!['support-chats']!
  Object.assign(rule.stages[0]!, { nodes })
  return {
    ...config,
    budget: { ...config.budget, dollars: 1e6 },
    approvals: { ...config.approvals, autoApproveBelow },
    pools: { ...config.pools, 'gpu-train': { ...config.pools['gpu-train']!, maxGpus } },
  }
}
const opened = async (simulation: object = {}, over: Parameters<typeof configOf>[0] = {}): Promise<void> => {
  town = await openTown({ config: configOf(over) })
  await upload(town, 'a', { simulation: { tasks: { 'fine-tune': { minutes: 60 } }, ...simulation } })
}
const limit = (maxGpus: number) => {
  const pool = { instanceType: 'p5.48xlarge', gpusPerNode: 8, capacityTypes: ['on-demand'] as 'on-demand'[] }
  return town.house.cluster.apply(nodePoolObject({ name: 'gpu-train', ...pool, maxGpus }), 'signalbox-workload')
}
const trainJobs = async () => (await jobsOf(town)).filter(({ metadata }) => metadata.name.endsWith('-train'))
const podsOf = async (job: KubeObject<'Job'>) =>
  (
    (await town.house.cluster.list('Pod', {
      labels: { 'batch.kubernetes.io/job-name': job.metadata.name },
    })) as KubeObject<'Pod'>[]
  ).toSorted((a, b) => rankOf(a) - rankOf(b))
const placesOf = () => town.house.cluster.list('Service', { namespace: 'training' })
const why = async () => (await town.house.why(TRAIN)).text
const runs = async (count = NODES) => {
  const [job] = (await trainJobs()).slice(-1)
  return job !== undefined && (job.status?.ready ?? 0) === count
}
const first = async () => (await trainJobs())[0] as KubeObject<'Job'>

/** Somebody's pod, which no other of theirs shares a node with. */
const otherPod = (name: string, gpus: number): KubeObject => {
  const limits = { 'nvidia.com/gpu': String(gpus) }
  const spec = {
    nodeSelector: { 'karpenter.sh/nodepool': 'gpu-train' },
    tolerations: [{ key: 'nvidia.com/gpu', operator: 'Exists' }],
    containers: [{ name, image: name, resources: { limits, requests: limits } }],
  }
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'training' }, spec } as KubeObject
}

describe('a training on four nodes', () => {
  it('is priced, asked, held and told as four whole nodes, meets in one Service, and leaves the result of its first pod', async () => {
    await opened({}, { autoApproveBelow: 0 })
    await town.until('it asks', async () => (await town.question(TRAIN)) !== null)
    const { plan } = (await town.plan(TRAIN))!
    expect(plan.steps[0]).toMatchObject({
      title: expect.stringMatching(/ on 4 nodes of 8 GPUs of gpu-train$/),
      gpus: 32,
      perHour: 4 * 55.04,
    })
    expect(plan.bounds.gpus).toEqual({ 'gpu-train': 32 })
    expect(plan.reasons).toContainEqual(
      expect.stringContaining('4 nodes with all 8 GPUs of each, which begin together or not at all'),
    )
    await town.answered(TRAIN)
    await town.until('all of it runs', () => runs())
    await town.advance(MINUTE)
    expect(await town.held('pool/gpu-train')).toMatchObject({ sum: 32 })
    expect(await why()).toContain('all 4 of its pods run')
    const job = await first()
    expect((await podsOf(job)).map(({ spec }) => [spec?.hostname, spec?.subdomain])).toEqual(
      [0, 1, 2, 3].map((rank) => [`${job.metadata.name}-${rank}`, job.metadata.name]),
    )
    expect(new Set((await podsOf(job)).map(({ spec }) => spec?.nodeName)).size).toBe(4)
    const [place, ...others] = await placesOf()
    expect(others).toEqual([])
    expect(place?.metadata.ownerReferences).toMatchObject([{ kind: 'Job', uid: job.metadata.uid }])
    const { outcome } = await town.settled(TRAIN)
    expect(outcome).toMatchObject({ kind: 'succeeded' })
    expect((await town.past(TRAIN)).at(-1)?.run.steps[0]?.pod).toMatch(/-train-0-[a-z0-9]{5}$/)
    // An hour of four nodes, and what they cost beside: more than three alone, and within what was said.
    const { cost } = (await town.past(TRAIN)).at(-1)!
    expect(cost).toBeGreaterThan(4 * 55.04)
    expect(cost).toBeLessThan(plan.bounds.dollars)
    expect(await looseEnds(town)).toEqual([])
    // The Job goes by its TTL, and its Service with it.
    await town.advance(8 * 24 * HOUR)
    expect([await trainJobs(), await placesOf()]).toEqual([[], []])
  })

  it('ends as a whole when one rank fails, with what that one died of and its last lines', async () => {
    const dies = { minutes: 20, exitCode: 1, logs: ['loss 0.4', 'ValueError: rank 2 has a broken shard'] }
    await opened({ ranks: { '2': dies } })
    await town.until('all of it runs', () => runs())
    const { outcome } = await town.settled(TRAIN)
    expect(outcome).toMatchObject({ kind: 'failed', reason: 'exit-code' })
    expect(outcome?.detail).toMatch(/^.*rank 2 of 4 failed first: train ended with exit 1.*broken shard/)
    expect((await first()).status?.conditions?.map(({ type }) => type)).toContain('Failed')
    expect((await podsOf(await first())).filter(({ status }) => status?.phase === 'Running')).toEqual([])
    expect((await town.past(TRAIN)).at(-1)?.cost).toBeLessThan(configOf().budget.dollars)
    expect(await looseEnds(town)).toEqual([])
  })

  it('that loses a node ends as a whole and is tried again as a whole, in a Job and a Service of its own', async () => {
    const names = { now: (): string[] => [] }
    town = await openTown({ config: configOf() })
    names.now = await everyJob(town)
    await upload(town, 'a', { simulation: { tasks: { 'fine-tune': { minutes: 60 } }, ranks: {} } })
    await town.until('all of it runs', () => runs())
    await town.advance(10 * MINUTE)
    const lost = (await podsOf(await first()))[3]?.spec?.nodeName ?? ''
    const node = await town.house.cluster.get({ kind: 'Node', namespace: null, name: lost })
    await town.house.cluster.delete(refOf(node!), node?.metadata.uid ?? '')
    await town.until('it is tried again', async () => (await town.lane(TRAIN)).attempt === 2)
    const [past] = await town.past(TRAIN)
    expect(past?.outcome).toMatchObject({ kind: 'failed', reason: 'node-lost' })
    expect(past?.outcome.detail).toMatch(/its gang has lost a pod: rank 3 of 4: its node is gone/)
    expect((await town.settled(TRAIN)).outcome).toMatchObject({ kind: 'succeeded' })
    expect(names.now()).toEqual(['g1a1-train', 'g1a2-evaluate', 'g1a2-train'])
  })
})

describe('a gang begins whole or not at all', () => {
  it('waits in line, without a Job, while there is room for three of its four nodes', async () => {
    town = await openTown({ config: configOf() })
    const other = otherPod('other', 1)
    await town.house.cluster.create(other)
    await upload(town, 'a')
    await town.until('it waits for room', async () => (await town.lane(TRAIN)).run?.phase === 'waiting-for-room')
    await town.advance(2 * HOUR)
    expect([await trainJobs(), await placesOf()]).toEqual([[], []])
    const found = await town.house.cluster.get(refOf(other))
    await town.house.cluster.delete(refOf(other), found?.metadata.uid ?? '')
    expect((await town.settled(TRAIN)).outcome).toMatchObject({ kind: 'succeeded' })
  })

  it('waits, too, where GPUs enough are free and whole nodes are not: others have a part of each of three', async () => {
    town = await openTown({ config: configOf({ maxGpus: 48 }) })
    const pods = ['a', 'b', 'c'].map((name) => otherPod(name, 5))
    for (const pod of pods) await town.house.cluster.create(pod)
    await town.advance(10 * MINUTE)
    const places = (await town.house.cluster.list('Pod', { namespace: 'training' })) as KubeObject<'Pod'>[]
    expect(new Set(places.map(({ spec }) => spec?.nodeName)).size).toBe(3)
    await upload(town, 'a')
    await town.until('it waits for room', async () => (await town.lane(TRAIN)).run?.phase === 'waiting-for-room')
    expect(await why()).toContain('gpu-train has 3 whole nodes of 8 GPUs free for it, and it needs 4 at once')
    await town.advance(2 * HOUR)
    expect(await trainJobs()).toEqual([])
    const found = await town.house.cluster.get(refOf(pods[0]!))
    await town.house.cluster.delete(refOf(found!), found?.metadata.uid ?? '')
    expect((await town.settled(TRAIN)).outcome).toMatchObject({ kind: 'succeeded' })
  })

  it('lets three nodes go after half an hour that wait for a fourth which does not come, and says so', async () => {
    town = await openTown({ config: configOf() })
    const { cluster } = town.house
    const create = cluster.create.bind(cluster)
    cluster.create = async (object) => {
      if (object.kind === 'Job') await limit(24)
      return create(object)
    }
    await upload(town, 'a', { simulation: { tasks: { 'fine-tune': { minutes: 300 } } } })
    await town.until('three run', () => runs(3))
    const since = clockOf(town).now()
    await town.until('it says so', async () =>
      /3 of its 4 pods run; rank \d of 4: waiting for a node/.test(await why()),
    )
    const { outcome } = await town.settled(TRAIN)
    expect(outcome).toMatchObject({
      kind: 'failed',
      reason: 'no-node',
      detail: expect.stringMatching(
        /^.*3 of 4 of its pods had their nodes and waited 30 min for the rest, so all of it was let go/,
      ),
    })
    expect(clockOf(town).now() - since).toBeLessThan(40 * MINUTE)
    // What three nodes cost meanwhile was paid, and is booked.
    expect((await town.past(TRAIN)).at(-1)?.cost).toBeGreaterThan(20)
    expect(await town.held('pool/gpu-train')).toEqual({ lanes: {}, sum: 0 })
    expect([await trainJobs(), await placesOf()]).toEqual([[], []])
    expect(await looseEnds(town)).toEqual([])
  })
})

it('a gang that is cancelled goes with all its pods, its Job and its Service', async () => {
  await opened()
  await town.until('all of it runs', () => runs())
  await say(town, 'cancel')
  expect((await town.settled(TRAIN)).outcome).toMatchObject({ kind: 'cancelled' })
  await town.advance(5 * MINUTE)
  expect([await trainJobs(), await placesOf()]).toEqual([[], []])
  expect(await town.held('pool/gpu-train')).toEqual({ lanes: {}, sum: 0 })
  expect((await town.house.cluster.list('Pod', { namespace: 'training' })).length).toBe(0)
})

describe('the Service of a gang', () => {
  it('is made again where somebody deletes it while its Job runs', async () => {
    await opened({ tasks: { 'fine-tune': { minutes: 300 } } })
    await town.until('all of it runs', () => runs())
    const [place] = await placesOf()
    await town.house.cluster.delete(refOf(place!), place?.metadata.uid ?? '')
    await town.advance(65 * MINUTE)
    const [again] = await placesOf()
    expect(again?.metadata).toMatchObject({
      name: place?.metadata.name,
      ownerReferences: place?.metadata.ownerReferences,
    })
    expect(again?.metadata.uid).not.toBe(place?.metadata.uid)
  })

  it('is made once, as its Job is, whoever dies between the two', async () => {
    const made: string[] = []
    const dies = { at: 'Service', is: false }
    const alive = <T>(then: T): T => {
      if (dies.is) throw new Unavailable('it is dying')
      return then
    }
    const wrap = (ports: Ports): Ports => {
      const { cluster } = ports
      const create: Cluster['create'] = async (object) => {
        dies.is ||= object.kind === dies.at
        alive(null)
        const answer = await cluster.create(object)
        if (answer.kind === 'created') made.push(object.kind)
        return answer
      }
      const end: Cluster['delete'] = async (...of) => alive(cluster.delete.bind(cluster))(...of)
      return { ...ports, cluster: Object.assign(Object.create(cluster), { create, delete: end }) }
    }
    town = await openTown({ config: configOf(), wrap })
    await upload(town, 'a')
    await town.until('its Job is there', async () => (await trainJobs()).length === 1)
    Object.assign(dies, { at: '', is: false })
    await town.reopen(wrap)
    await town.until('all of it runs', () => runs())
    expect(made).toEqual(['Job', 'Service'])
    expect((await town.settled(TRAIN)).outcome).toMatchObject({ kind: 'succeeded' })
  })

  it('is nobody else’s: where one is there, nothing begins, and it says what to do', async () => {
    await opened({}, { autoApproveBelow: 0 })
    await town.until('it asks', async () => (await town.question(TRAIN)) !== null)
    const { name } = (await town.plan(TRAIN))!.plan.steps.flatMap((step) =>
      step.kind === 'launch-job' ? [step.job.metadata] : [],
    )[0]!
    const metadata = { name, namespace: 'training' }
    const spec = { clusterIP: 'None', selector: { app: 'theirs' } }
    await town.house.cluster.create({ apiVersion: 'v1', kind: 'Service', metadata, spec } as KubeObject)
    await town.answered(TRAIN)
    expect((await town.settled(TRAIN)).outcome).toMatchObject({
      kind: 'failed',
      reason: 'name-taken',
      detail: expect.stringContaining(`a Service named ${name} is there`),
    })
    await town.advance(5 * MINUTE)
    expect([await trainJobs(), (await placesOf()).length]).toEqual([[], 1])
    expect(await looseEnds(town)).toEqual([])
  })
})

it('a gang that Kueue lends to holds dollars alone, is admitted with all of its pods, and is taken back with all of them', async () => {
  const config = configOf()
  const pools = { ...config.pools, 'gpu-train': { ...config.pools['gpu-train'], queue: 'gpu' } }
  town = await openTown({ config: { ...config, pools } })
  const { cluster } = town.house
  const create = cluster.create.bind(cluster)
  cluster.create = async (object) => {
    if (object.kind === 'Job') await limit(24)
    return create(object)
  }
  await upload(town, 'a', { simulation: { tasks: { 'fine-tune': { minutes: 60 } } } })
  await town.advance(HOUR)
  cluster.create = create
  expect(await town.held('pool/gpu-train')).toEqual({ lanes: {}, sum: 0 })
  expect(await why()).toContain('Kueue has not admitted it yet: it waits in the LocalQueue gpu')
  expect([(await first()).spec?.suspend, await podsOf(await first())]).toEqual([true, []])
  await limit(32)
  await town.until('all of it runs', () => runs())
  const job = await first()
  await town.house.cluster.patch(refOf(job), job.metadata.uid ?? '', { spec: { suspend: true } })
  await town.advance(1000)
  await town.until('all of it runs again', () => runs())
  expect(await placesOf()).toHaveLength(1)
  expect((await town.settled(TRAIN)).outcome).toMatchObject({ kind: 'succeeded' })
  expect(await looseEnds(town)).toEqual([])
})

it('a gang that a rung suspends stops as a whole, and goes on as a whole, in the same Job and Service', async () => {
  const turn = Date.UTC(2026, 11, 1)
  const config = configOf()
  Object.assign(config.pipelines!['support-chats']!.stages[0]!, { preemptible: true })
  const budget = { ...config.budget, dollars: 20_000, ladder: [{ at: 0.005, do: 'suspend-preemptible' }] }
  town = await openTown({ at: turn - 6 * HOUR, config: { ...config, budget } })
  await upload(town, 'a', { simulation: { tasks: { 'fine-tune': { minutes: 150 } } } })
  await town.until('all of it runs', () => runs())
  const before = await first()
  await town.until('it is suspended', async () => (await first()).spec?.suspend === true)
  await town.advance(10 * MINUTE)
  expect(await podsOf(before)).toEqual([])
  const cost = (await town.lane(TRAIN)).run?.steps[0]?.ran ?? 0
  await town.advance(turn - clockOf(town).now() + 5 * MINUTE)
  expect((await town.lane(TRAIN)).run?.steps[0]?.ran).toBe(cost)
  // The new month would be crossed as well.
  town.setPolicy({ ...config, budget: { ...budget, dollars: 1e6 } })
  await town.until('all of it runs again', () => runs())
  expect((await first()).metadata.uid).toBe(before.metadata.uid)
  expect(await placesOf()).toHaveLength(1)
  expect((await town.settled(TRAIN)).outcome).toMatchObject({ kind: 'succeeded' })
  expect(await looseEnds(town)).toEqual([])
})
