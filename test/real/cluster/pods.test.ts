import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import { nodePoolObject } from '../../../core/bootstrap/node-pools.ts'
import { GPU, type KubeObject, NODE_POOL, type NodePool } from '../../../core/kube.ts'
import { jobState } from '../../../core/pods/job-state.ts'
import { isOverdue, OVERDUE, overdueNote } from '../../../core/pods/leaving.ts'
import { pendingOf } from '../../../core/pods/pending.ts'
import { isOfKarpenter } from '../../../core/pods/telling.ts'
import { loadKubeconfig } from '../../../effects/cluster/kubeconfig.ts'
import { type KubernetesCluster, openKubernetesCluster } from '../../../effects/cluster/kubernetes-cluster.ts'
import { objectPath, pathOf } from '../../../effects/cluster/paths.ts'
import { openRequests, type Requests } from '../../../effects/cluster/requests.ts'
import { aroundOf } from '../../../flows/acts/around.ts'
import { NODE_CLASS } from '../../../local/rig/contents.ts'

const own = `pods-${process.pid}`
const [closed, tainted, node] = [`${own}-closed`, `${own}-tainted`, `${own}-node`]
const full = `${own}-full`

let requests: Requests
let cluster: KubernetesCluster
beforeAll(async () => {
  const config = loadKubeconfig({ file: inject('kubeconfig') })
  requests = await openRequests(config)
  cluster = await openKubernetesCluster(config)
  for (const name of [own, full])
    await make('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name } })
})
afterAll(async () => {
  for (const name of [own, full]) await requests.send({ method: 'DELETE', path: `/api/v1/namespaces/${name}` })
  for (const name of [closed, tainted])
    await requests.send({ method: 'DELETE', path: objectPath({ kind: 'NodePool', namespace: null, name }) })
  await requests.send({ method: 'DELETE', path: `/api/v1/nodes/${node}` })
  await cluster.close()
  await requests.close()
})

const make = async (path: string, body: object): Promise<void> => {
  const answer = await requests.send({ method: 'POST', path, body })
  expect(answer, JSON.stringify(answer.body).slice(0, 400)).toMatchObject({ status: 201 })
}

const pool = (name: string, maxGpus: number, taints: NonNullable<NodePool['spec']>['template'] = {}): object => {
  const made = nodePoolObject(
    { name, instanceType: 'p5.48xlarge', gpusPerNode: 8, capacityTypes: ['on-demand'], maxGpus },
    NODE_CLASS,
  )
  const { template } = made.spec ?? {}
  const spec = { ...template?.spec, taints: [...(template?.spec?.taints ?? []), ...(taints.spec?.taints ?? [])] }
  return { ...made, spec: { ...made.spec, template: { ...template, spec } } }
}

const podSpec = (more: object) => ({
  tolerations: [{ key: GPU, operator: 'Exists' }],
  containers: [{ name: 'main', image: 'acme/main', resources: { limits: { [GPU]: '8' } } }],
  ...more,
})

const makePod = (name: string, more: object): Promise<void> =>
  make(pathOf('Pod', own), { apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec: podSpec(more) })

const podOf = async (name: string): Promise<KubeObject<'Pod'> | null> =>
  (await cluster.get({ kind: 'Pod', namespace: own, name })) as KubeObject<'Pod'> | null

const until = async <T>(what: string, look: () => Promise<T | null>, seconds = 90): Promise<T> => {
  for (const end = Date.now() + seconds * 1000; Date.now() < end; await pause(250)) {
    const found = await look()
    if (found !== null) return found
  }
  throw new Error(`not in ${seconds} s: ${what}`)
}

/** As it is a minute later: what goes its usual way is not asked about. */
const later = () => Date.now() + 60_000

it('a pool that is closed: by its own limits, and as Karpenter tells of the pod', async () => {
  await make(pathOf('NodePool', null), pool(closed, 0))
  await makePod('closed', { nodeSelector: { [NODE_POOL]: closed } })
  const { pod, around } = await until('Karpenter tells of it', async () => {
    const seen = await podOf('closed')
    const beside = seen === null ? null : await aroundOf({ cluster }, { pods: [seen], now: later() })
    return seen !== null && beside?.events.some(isOfKarpenter) ? { pod: seen, around: beside } : null
  })
  const at = (of: Partial<typeof around>) => pendingOf(pod, { ...around, ...of }, Date.now())
  expect(at({})).toEqual({
    on: 'limit',
    note: `${closed} is at its ceiling (0 of 0 GPUs stand, and it asks for 8): it goes on when others end, or the ceiling is raised`,
  })
  expect(at({ pools: [] })).toMatchObject({ on: 'limit', note: expect.stringContaining('Karpenter says') })
  expect(at({ pools: [], events: [] })).toMatchObject({
    on: 'room',
    note: expect.stringMatching(/nodes are available/),
  })
  // Of nobody else.
  expect(new Set(around.events.map(({ involvedObject }) => involvedObject.uid))).toEqual(new Set([pod.metadata.uid]))
  expect(around.claims?.every(({ metadata }) => metadata?.labels?.[NODE_POOL] !== closed)).toBe(true)
})

it('a pool whose every node has a taint that it does not tolerate, since when that was written', async () => {
  const taint = { key: 'acme.com/team', value: 'vision', effect: 'NoSchedule' }
  await make(pathOf('NodePool', null), pool(tainted, 8, { spec: { taints: [taint] } }))
  await makePod('tainted', { nodeSelector: { [NODE_POOL]: tainted } })
  const pending = await until('its scheduler tells', async () => {
    const pod = await podOf('tainted')
    if (pod === null) return null
    const seen = pendingOf(pod, await aroundOf({ cluster }, { pods: [pod], now: later() }), Date.now())
    // A list may be a moment old, and says nothing of what is not in it.
    return seen?.on === 'room' ? null : seen
  })
  expect(pending).toMatchObject({
    on: 'taint',
    note: expect.stringContaining(`nodes of ${tainted} are tainted acme.com/team=vision:NoSchedule`),
  })
  expect(Math.abs((pending.since ?? 0) - Date.now())).toBeLessThan(120_000)
})

it('a quota of its namespace: as Kubernetes tells of the Job', async () => {
  const hard = { pods: '0' }
  await make(`/api/v1/namespaces/${full}/resourcequotas`, {
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata: { name: 'none' },
    spec: { hard },
  })
  const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'acme/main' }] } }
  // Until its controller has counted once a quota lets nothing through, and says otherwise.
  await until('it is counted', async () => {
    const { body } = await requests.send({ method: 'GET', path: `/api/v1/namespaces/${full}/resourcequotas/none` })
    return (body as { status?: { used?: object } }).status?.used ?? null
  })
  await make(pathOf('Job', full), {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'train' },
    spec: { template },
  })
  const state = await until('it tells', async () => {
    const job = (await cluster.get({ kind: 'Job', namespace: full, name: 'train' })) as KubeObject<'Job'>
    const around = await aroundOf({ cluster }, { pods: [], job, now: later() })
    return around.events.length === 0 ? null : jobState(job, [], { around, now: Date.now() })
  })
  expect(state).toMatchObject({
    kind: 'waiting',
    failure: null,
    note: expect.stringMatching(
      /^its pod is not made: a quota of its namespace is used up \(exceeded quota: none, requested: pods=1/,
    ),
  })
})

it('a node that is dead does not end its pod; without that Node Kubernetes does', async () => {
  await make('/api/v1/nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name: node } })
  const message = 'Kubelet stopped posting node status.'
  const conditions = [{ type: 'Ready', status: 'Unknown', reason: 'NodeStatusUnknown', message }]
  const path = `/api/v1/nodes/${node}`
  const type = 'application/merge-patch+json'
  await requests.send({ method: 'PATCH', path: `${path}/status`, type, body: { status: { conditions } } })
  await makePod('dead', { nodeName: node, tolerations: [{ operator: 'Exists' }], terminationGracePeriodSeconds: 1 })
  const before = Date.now()
  await requests.send({ method: 'DELETE', path: objectPath({ kind: 'Pod', namespace: own, name: 'dead' }) })
  const pod = await until('it is told to end', async () => {
    const seen = await podOf('dead')
    return seen?.metadata.deletionTimestamp === undefined ? null : seen
  })
  // Its grace is in that time.
  expect(new Date(pod.metadata.deletionTimestamp ?? 0).getTime()).toBeGreaterThanOrEqual(
    Math.floor(before / 1000) * 1000,
  )
  await pause(5000)
  const now = Date.now() + OVERDUE
  const still = (await podOf('dead')) as KubeObject<'Pod'>
  expect(isOverdue(still, now)).toBe(true)
  const { nodes } = await aroundOf({ cluster }, { pods: [still], now })
  expect(overdueNote(still, nodes, now)).toMatch(
    new RegExp(`its node does not answer \\(Kubelet .*\\): kubectl delete node ${node} `),
  )
  await requests.send({ method: 'DELETE', path })
  await until('it is gone', async () => ((await podOf('dead')) === null ? true : null), 150)
})
