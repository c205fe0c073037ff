import { afterEach, expect, it } from 'vitest'
import type { KubeObject } from '../../core/kube.ts'
import { type Cluster, NotAllowed, type Ports, Unavailable } from '../../flows/ports.ts'
import example from '../example.ts'
import { everyJob, HOUR, looseEnds, MINUTE, SERVE, served, TRAIN, timeline, upload } from './scenes.ts'
import { openTown, type Town } from './town.ts'

// What is left of a gang: without the Service in which its pods find each other, or with one pod once the others are done.

let town: Town
afterEach(() => town.close())

const config = () => {
  const { pools, ...own } = structuredClone(example)
  Object.assign(own.pipelines!['support-chats']!.stages[0]!, { nodes: 4 })
  return {
    ...own,
    budget: { ...own.budget, dollars: 1e6 },
    approvals: { ...own.approvals, autoApproveBelow: 1e9 },
    pools: { ...pools, 'gpu-train': { ...pools['gpu-train']!, maxGpus: 32 } },
  }
}

const isPlace = (of: { kind: string; namespace?: string | null | undefined }): boolean =>
  of.kind === 'Service' && of.namespace === 'training'

/** A cluster that has this in the way of such Services. */
const wrapping =
  (change: (cluster: Cluster) => Partial<Cluster>) =>
  (ports: Ports): Ports => ({
    ...ports,
    cluster: Object.assign(Object.create(ports.cluster), change(ports.cluster)),
  })

/** Nobody may do anything with them while `bad`. */
const forbidden = (bad: { is: boolean }) => {
  const may = <T>(of: Parameters<typeof isPlace>[0], ask: () => T): T => {
    if (bad.is && isPlace(of)) throw new NotAllowed('services is forbidden in the namespace "training"')
    return ask()
  }
  const placed = ({ kind, metadata: { namespace } }: KubeObject) => ({ kind, namespace })
  return wrapping((cluster) => ({
    create: async (object) => may(placed(object), () => cluster.create(object)),
    tryCreate: async (object) => may(placed(object), () => cluster.tryCreate(object)),
    get: async (ref) => may(ref, () => cluster.get(ref)),
  }))
}

const trainings = (names: string[]) => names.filter((name) => name.endsWith('-train'))
const why = async () => (await town.house.why(TRAIN)).text
const running = async () =>
  ((await town.house.cluster.list('Pod', { namespace: 'training' })) as KubeObject<'Pod'>[]).filter(
    ({ status }) => status?.phase === 'Running',
  ).length
const started = (minutes = 600) => upload(town, 'a', { simulation: { tasks: { 'fine-tune': { minutes } } } })

it('a gang whose Service may not be made is not made either: nothing is paid, no other lane waits, and it begins once it may', async () => {
  const bad = { is: true }
  town = await openTown({ config: config(), wrap: forbidden(bad) })
  const names = await everyJob(town)
  await started(60)
  await town.advance(HOUR)
  expect(await why()).toContain('cluster does not let us now: services is forbidden')
  expect([trainings(names()), await running()]).toEqual([[], 0])
  await served(town)
  expect((await town.lane(SERVE)).outcome).toMatchObject({ kind: 'succeeded' })
  bad.is = false
  expect((await town.settled(TRAIN)).outcome).toMatchObject({ kind: 'succeeded' })
  expect(trainings(names())).toHaveLength(1)
})

it.each<[string, () => Error]>([
  ['is forbidden', () => new NotAllowed('services is forbidden')],
  ['cannot be made', () => new Unavailable('503')],
])(
  'where the Service %s after its Job was made the Job is ended again: nobody pays for it, and it begins once it may',
  async (_, error) => {
    const bad = { is: true }
    const create = (cluster: Cluster) => async (object: KubeObject) => {
      if (bad.is && isPlace({ kind: object.kind, namespace: object.metadata.namespace })) throw error()
      return cluster.create(object)
    }
    town = await openTown({ config: config(), wrap: wrapping((cluster) => ({ create: create(cluster) })) })
    const names = await everyJob(town)
    await started(60)
    await town.advance(9 * HOUR)
    expect([await running(), await town.past(TRAIN)]).toEqual([0, []])
    expect(JSON.stringify(await timeline(town))).toContain(error().message)
    bad.is = false
    expect((await town.settled(TRAIN)).outcome).toMatchObject({ kind: 'succeeded' })
    const [past] = await town.past(TRAIN)
    expect(past?.cost).toBeLessThan((await town.plan(TRAIN))!.plan.price.total.p95)
    expect([new Set(trainings(names())).size, await looseEnds(town)]).toEqual([1, []])
  },
)

it('where the cluster refuses that Service after its Job was made the stage fails, and nothing of it runs on', async () => {
  const create = (cluster: Cluster) => async (object: KubeObject) =>
    isPlace({ kind: object.kind, namespace: object.metadata.namespace })
      ? ({ kind: 'denied', status: 403, message: 'exceeded quota: services=5' } as const)
      : cluster.create(object)
  town = await openTown({ config: config(), wrap: wrapping((cluster) => ({ create: create(cluster) })) })
  await started()
  await town.until('it has ended', async () => (await town.past(TRAIN)).length === 1)
  const [past] = await town.past(TRAIN)
  expect(past).toMatchObject({ cost: 0, outcome: { kind: 'failed', reason: 'denied' } })
  await town.advance(HOUR)
  expect([await running(), await looseEnds(town)]).toEqual([0, []])
})

it('a gang whose first pod uploads longer than empty nodes stay goes on, and its result is read', async () => {
  town = await openTown({ config: config() })
  const simulation = { tasks: { 'fine-tune': { minutes: 60 } }, ranks: { '0': { minutes: 90 } } }
  await upload(town, 'a', { simulation })
  await town.advance(80 * MINUTE)
  expect([await running(), (await town.house.cluster.list('Pod', { namespace: 'training' })).length]).toEqual([1, 1])
  expect((await town.settled(TRAIN)).outcome).toMatchObject({ kind: 'succeeded' })
  expect(await looseEnds(town)).toEqual([])
})

it('a gang that a rung suspends while its first pod uploads begins anew as a whole once that is over', async () => {
  const own = config()
  Object.assign(own.pipelines!['support-chats']!.stages[0]!, { preemptible: true })
  const budget = { ...own.budget, dollars: 20_000, ladder: [{ at: 0.005, do: 'suspend-preemptible' }] }
  town = await openTown({ at: Date.UTC(2026, 11, 1) - 6 * HOUR, config: { ...own, budget } })
  const names = await everyJob(town)
  const simulation = { tasks: { 'fine-tune': { minutes: 12 } }, ranks: { '0': { minutes: 120 } } }
  await upload(town, 'a', { simulation })
  await town.until('one is left', async () => (await running()) === 1)
  await town.until('it has ended', async () => (await town.past(TRAIN)).length === 1)
  expect((await town.past(TRAIN))[0]?.outcome).toMatchObject({
    ...{ kind: 'failed', reason: 'preempted' },
    detail: expect.stringContaining('once 3 of 4 of its pods had ended well'),
  })
  await town.advance(HOUR)
  expect([trainings(names()).length, await running()]).toEqual([1, 0])
  await town.until('all of it runs anew', async () => (await running()) === 4)
  expect(trainings(names())).toHaveLength(2)
})

it('where the answer that it was made is lost, or who made it dies, it is found, and the result of its Job is read', async () => {
  const made = { times: 0 }
  const create = (cluster: Cluster) => async (object: KubeObject) => {
    const answer = await cluster.create(object)
    const isOne = isPlace({ kind: object.kind, namespace: object.metadata.namespace })
    if (isOne && made.times++ === 0) throw new Unavailable('the connection was closed')
    return answer
  }
  const get = (cluster: Cluster) => async (ref: Parameters<Cluster['get']>[0]) =>
    // A look that is a moment old does not know of it.
    isPlace(ref) && made.times < 2 ? null : cluster.get(ref)
  town = await openTown({
    config: config(),
    wrap: wrapping((cluster) => ({ create: create(cluster), get: get(cluster) })),
  })
  await started(60)
  expect((await town.settled(TRAIN)).outcome).toMatchObject({ kind: 'succeeded' })
  expect([made.times, await looseEnds(town)]).toEqual([2, []])
})
