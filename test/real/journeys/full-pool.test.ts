import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { GPU, type KubeObject, NODE_POOL } from '../../../core/kube.ts'
import { trafficOf } from '../../../core/workloads/serving.ts'
import { objectPath } from '../../../effects/cluster/paths.ts'
import type { Ports } from '../../../flows/ports.ts'
import { promote, registerVersion, type Simulation } from '../../../local/scenario.ts'
import { openRealTown, ownPolicy, type RealTown } from '../real-town.ts'

const LANE = 'service/support-llama'
const MODEL = 'support-llama'
const SLOW = { tasks: { 'gate-check': { metrics: { health: 1, p95_ms: 9000, error_rate: 0 } } } }
const MERGE = 'application/merge-patch+json'

let count = 0
/** A pool of so many nodes, each of which one replica fills. */
const policyWith = (nodes: number, maxUnavailable: number) => {
  const policy = ownPolicy(`full-${process.pid}-${++count}`)
  const service = policy.services[MODEL]!
  Object.assign(policy.pools[service.pool]!, { maxGpus: 4 * nodes })
  Object.assign(service, { replicas: 1, gpusPerReplica: 4, maxUnavailable })
  return { policy, pool: service.pool }
}

/** Of somebody else, in a namespace of theirs, as large as a replica: by an affinity and a toleration, it names no pool as ours do. */
const theirs = (pool: string): KubeObject<'Pod'> => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: `theirs-${pool}`, namespace: 'default' },
  spec: {
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [{ matchExpressions: [{ key: NODE_POOL, operator: 'In', values: [pool] }] }],
        },
      },
    },
    tolerations: [{ operator: 'Exists' }],
    containers: [{ name: 'main', image: 'x', resources: { limits: { [GPU]: '4' } } }],
  },
})
const pathOfTheirs = (pool: string): string => objectPath({ kind: 'Pod', namespace: 'default', name: `theirs-${pool}` })
const seenOfTheirs = async ({ requests }: RealTown, pool: string): Promise<KubeObject<'Pod'>> =>
  (await requests.send({ method: 'GET', path: pathOfTheirs(pool) })).body as KubeObject<'Pod'>
/** It is there, and the scheduler has found no room for it. */
const comes = async (town: RealTown, pool: string): Promise<void> => {
  const answer = await town.requests.send({
    method: 'POST',
    path: '/api/v1/namespaces/default/pods',
    body: theirs(pool),
  })
  expect([201, 409], JSON.stringify(answer.body)).toContain(answer.status)
}
const waits = async (town: RealTown, pool: string): Promise<void> => {
  await comes(town, pool)
  await town.until('theirs waits', async () =>
    ((await seenOfTheirs(town, pool)).status?.conditions ?? []).some(({ reason }) => reason === 'Unschedulable'),
  )
}
const goes = ({ requests }: RealTown, pool: string) =>
  requests.send({ method: 'DELETE', path: pathOfTheirs(pool), query: { gracePeriodSeconds: '0' } })

const podsOf = async ({ house, policy }: RealTown, generation: number): Promise<KubeObject<'Pod'>[]> =>
  (await house.cluster.list('Pod', {
    namespace: policy.namespaces.serving,
    labels: { 'signalbox.dev/generation': String(generation), 'signalbox.dev/task': 'serving' },
  })) as KubeObject<'Pod'>[]

/** As a server that answers what it was asked before: its pod has its GPUs for seconds after it was told to end. */
const drains = async (town: RealTown, generation: number): Promise<() => Promise<void>> => {
  const [pod] = await podsOf(town, generation)
  const { namespace = null, name } = pod!.metadata
  const path = objectPath({ kind: 'Pod', namespace, name })
  const finalizers = (names: string[] | null) =>
    town.requests.send({ method: 'PATCH', path, type: MERGE, body: { metadata: { finalizers: names } } })
  expect((await finalizers(['example.com/answers'])).status).toBe(200)
  return async () => {
    await town.until(`g${generation} is told to end`, async () =>
      (await podsOf(town, generation)).some(({ metadata }) => metadata.deletionTimestamp !== undefined),
    )
    await pause(4000)
    expect((await finalizers(null)).status).toBe(200)
  }
}

const rolled = async (town: RealTown, more: { simulation?: Simulation; tags?: Record<string, string> } = {}) => {
  await promote(town.house, MODEL, await registerVersion(town.house, { model: MODEL, ...more }))
  await town.answered(LANE)
}
const standing = async ({ house, policy }: RealTown): Promise<Record<string, number>> => {
  const all = (await house.cluster.list('Deployment', {
    namespace: policy.namespaces.serving,
  })) as KubeObject<'Deployment'>[]
  const up = all.filter(({ spec }) => (spec?.replicas ?? 0) > 0)
  return Object.fromEntries(
    up.map(({ metadata, status }) => [/-g(\d+)$/.exec(metadata.name)?.[1], status?.readyReplicas ?? 0]),
  )
}

/** Theirs waits for a GPU since before a Deployment of this generation is first made or scaled; what stood when one was taken away is noted. */
const openBeside = async (generation: number) => {
  const { policy, pool } = policyWith(1, 2)
  const seen: string[] = []
  let isRival = false
  const wrap = (ports: Ports): Ports => ({
    ...ports,
    cluster: {
      ...ports.cluster,
      apply: async (object, manager) => {
        const of = Number(/-g(\d+)$/.exec(object.metadata.name)?.[1])
        if (isRival && object.kind === 'Deployment' && of === generation) await waits(town, pool)
        if (manager === 'signalbox-scale' && (object as KubeObject<'Deployment'>).spec?.replicas === 0)
          seen.push(`g${of} goes, with pods of g${3 - of}: ${(await podsOf(town, 3 - of)).length}`)
        return ports.cluster.apply(object, manager)
      },
    },
  })
  const town = await openRealTown({ policy, wrap })
  await rolled(town)
  expect((await town.settled(LANE)).state).toBe('succeeded')
  seen.length = 0
  isRival = true
  return { town, pool, seen }
}

describe('on a full pool, where somebody else waits for a GPU for longer', () => {
  it('the new replica is there before the old one goes, and gets its GPUs', async () => {
    const { town, pool, seen } = await openBeside(2)
    const ended = await drains(town, 1)
    await rolled(town, { tags: { a: '1' } })
    await ended()
    expect((await town.settled(LANE)).state).toBe('succeeded')
    expect(seen[0]).toBe('g1 goes, with pods of g2: 1')
    expect(await standing(town)).toEqual({ 2: 1 })
    expect((await seenOfTheirs(town, pool)).spec?.nodeName).toBeUndefined()
    await goes(town, pool)
    await town.close()
  })

  it('the old one comes back where the new one is judged too slow', async () => {
    const { town, pool, seen } = await openBeside(1)
    await rolled(town, { simulation: SLOW, tags: { a: '1' } })
    await town.until('the new one is ready', async () => (await standing(town))['2'] === 1)
    const ended = await drains(town, 2)
    await ended()
    expect((await town.settled(LANE)).outcome).toMatchObject({ kind: 'failed', reason: 'gate' })
    expect([...new Set(seen)]).toEqual(['g1 goes, with pods of g2: 1', 'g2 goes, with pods of g1: 1'])
    expect(await standing(town)).toEqual({ 1: 1 })
    expect((await seenOfTheirs(town, pool)).spec?.nodeName).toBeUndefined()
    await goes(town, pool)
    await town.close()
  })
})

it('what others have of a pool by affinity and toleration is taken: a rollout that has no room is refused, and begins once there is', async () => {
  const { policy, pool } = policyWith(2, 0)
  const town = await openRealTown({ policy })
  await rolled(town)
  expect((await town.settled(LANE)).state).toBe('succeeded')
  await comes(town, pool)
  await town.until('theirs has a node', async () => (await seenOfTheirs(town, pool)).spec?.nodeName !== undefined)
  await promote(town.house, MODEL, await registerVersion(town.house, { model: MODEL, tags: { a: '1' } }))
  await town.until('it is refused', async () => (await town.lane(LANE)).state === 'refused')
  const { outcome } = await town.lane(LANE)
  expect(outcome).toMatchObject({ reason: 'would-deadlock' })
  expect(outcome?.detail).toContain('0 free of 8 (8 used, 0 held)')
  await goes(town, pool)
  await town.until('it is gone', async () => (await seenOfTheirs(town, pool)).kind !== 'Pod')
  await town.resync()
  await town.answered(LANE)
  expect((await town.settled(LANE)).state).toBe('succeeded')
  expect(await standing(town)).toEqual({ 2: 1 })
  await town.close()
})

/** Names of the pods whose addresses a Service leads to. */
const leadsTo = async ({ requests, policy }: RealTown, service: string): Promise<string[]> => {
  const path = `/apis/discovery.k8s.io/v1/namespaces/${policy.namespaces.serving}/endpointslices`
  const query = { labelSelector: `kubernetes.io/service-name=${service}` }
  const { items } = (await requests.send({ method: 'GET', path, query })).body as {
    items: { endpoints?: { conditions?: { ready?: boolean }; targetRef?: { name: string } }[] | null }[]
  }
  const all = items.flatMap(({ endpoints }) => endpoints ?? [])
  return all.filter(({ conditions }) => conditions?.ready !== false).flatMap(({ targetRef }) => targetRef?.name ?? [])
}
const names = (pods: KubeObject<'Pod'>[]): string[] => pods.map(({ metadata }) => metadata.name)

it('a change of the policy is a generation of its own that nobody is led to while its gate asks, and that goes where the gate fails', async () => {
  const { policy } = policyWith(2, 0)
  const town = await openRealTown({ policy })
  await rolled(town)
  expect((await town.settled(LANE)).state).toBe('succeeded')
  const services = await town.house.cluster.list('Service', { namespace: policy.namespaces.serving })
  const lane = services.find(({ metadata }) => !/-g\d+$/.test(metadata.name)) as KubeObject<'Service'>
  const service = policy.services[MODEL]!
  const gate = { ...service.gate, checks: [{ metric: 'p95_ms', op: '<=' as const, value: 1 }] }
  Object.assign(service, { args: ['--max-num-seqs=64'], gate })
  await town.resync()
  await town.answered(LANE)
  const isAsking = async () =>
    (await town.run(LANE))?.steps.some(({ name, state, touched }) => name === 'gate' && state === 'running' && touched)
  await town.until('its gate asks', async () => (await isAsking()) === true)
  const [old, risen] = await Promise.all([podsOf(town, 1), podsOf(town, 2)])
  expect([old.length, risen.length]).toEqual([1, 1])
  await town.until('the new one has an address of its own', async () =>
    (await leadsTo(town, `${lane.metadata.name}-g2`)).includes(names(risen)[0]!),
  )
  expect(await leadsTo(town, lane.metadata.name)).toEqual(names(old))
  expect((await town.settled(LANE)).outcome).toMatchObject({ kind: 'failed', reason: 'gate' })
  expect(await standing(town)).toEqual({ 1: 1 })
  expect(await leadsTo(town, lane.metadata.name)).toEqual(names(old))
  const [after] = await town.house.cluster.list('Service', { namespace: policy.namespaces.serving })
  expect(trafficOf(after as KubeObject<'Service'>)).toBe(1)
  await town.close()
})
