import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import { nodePoolObject } from '../../../core/bootstrap/node-pools.ts'
import { GPU, type KubeObject, NODE_POOL, type NodePool } from '../../../core/kube.ts'
import { lostIn } from '../../../core/pods/died.ts'
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
const [closed, tainted, unready] = [`${own}-closed`, `${own}-tainted`, `${own}-unready`]
const [node, played] = [`${own}-node`, `${own}-played`]
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
  for (const name of [closed, tainted, unready])
    await requests.send({ method: 'DELETE', path: objectPath({ kind: 'NodePool', namespace: null, name }) })
  for (const name of [node, played]) await requests.send({ method: 'DELETE', path: `/api/v1/nodes/${name}` })
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

const until = async <T>(what: string, look: () => Promise<T | null>, seconds = 180): Promise<T> => {
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

it('a node that has joined and keeps a startup taint: as Karpenter tells of its NodeClaim', async () => {
  const made = pool(unready, 8) as { spec: { template: { spec: object } } }
  const startupTaints = [{ key: 'acme.com/agent', value: 'missing', effect: 'NoSchedule' }]
  const template = { ...made.spec.template, spec: { ...made.spec.template.spec, startupTaints } }
  await make(pathOf('NodePool', null), { ...made, spec: { ...made.spec, template } })
  await makePod('unready', { nodeSelector: { [NODE_POOL]: unready } })
  const pending = await until('it has joined', async () => {
    const pod = await podOf('unready')
    if (pod === null) return null
    const around = await aroundOf({ cluster }, { pods: [pod], now: later() })
    const seen = pendingOf(pod, around, Date.now() + 20 * 60_000)
    return seen?.on === 'unready' && seen.note.includes('startup taint')
      ? { seen, now: pendingOf(pod, around, Date.now()) }
      : null
  })
  expect(pending.now?.on).toBe('node')
  expect(pending.seen.note).toMatch(
    /joined at .*: its startup taint acme\.com\/agent=missing:NoSchedule stays\. It is billed, .*kubectl delete nodeclaim /,
  )
})

/** A Job of ours whose pod runs on a Node of which this plays the kubelet. */
const runs = async (name: string): Promise<KubeObject<'Pod'>> => {
  const spec = {
    restartPolicy: 'Never',
    nodeName: played,
    tolerations: [{ operator: 'Exists' }],
    terminationGracePeriodSeconds: 60,
    containers: [{ name: 'main', image: 'acme/main' }],
  }
  const rules = [{ action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] }]
  await make(pathOf('Job', own), {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name },
    spec: { backoffLimit: 0, podReplacementPolicy: 'Failed', podFailurePolicy: { rules }, template: { spec } },
  })
  const pod = await until('its pod', async () => (await podsOfJob(name))[0] ?? null)
  await writes(pod, 'Running', { running: { startedAt: new Date().toISOString() } })
  return pod
}

const podsOfJob = async (name: string): Promise<KubeObject<'Pod'>[]> =>
  (await cluster.list('Pod', {
    namespace: own,
    labels: { 'batch.kubernetes.io/job-name': name },
    fresh: true,
  })) as KubeObject<'Pod'>[]

const jobOf = async (name: string) => (await cluster.get({ kind: 'Job', namespace: own, name })) as KubeObject<'Job'>

const writes = async ({ metadata: { name } }: KubeObject<'Pod'>, phase: string, state: object): Promise<void> => {
  const path = `${objectPath({ kind: 'Pod', namespace: own, name })}/status`
  const one = { name: 'main', image: 'acme/main', imageID: '', ready: false, restartCount: 0, state }
  const type = 'application/merge-patch+json'
  const { status } = await requests.send({
    method: 'PATCH',
    path,
    type,
    body: { status: { phase, containerStatuses: [one] } },
  })
  expect(status).toBe(200)
}

/** Its container ends, and its kubelet lets the pod go. */
const ends = async (pod: KubeObject<'Pod'>, exitCode: number): Promise<void> => {
  const terminated = { exitCode, reason: exitCode === 0 ? 'Completed' : 'Error', finishedAt: new Date().toISOString() }
  await writes(pod, exitCode === 0 ? 'Succeeded' : 'Failed', { terminated })
  const path = objectPath({ kind: 'Pod', namespace: own, name: pod.metadata.name })
  await requests.send({ method: 'DELETE', path, body: { gracePeriodSeconds: 0 } })
}

/** What is known once its Job is over and its pod gone, by what was seen while that was stopping. */
const afterwards = async (name: string, pod: KubeObject<'Pod'>, exitCode: number) => {
  const job = await jobOf(name)
  const stopping = await until('it is told to stop', async () => {
    const pods = await podsOfJob(name)
    return pods.some(({ metadata }) => metadata.deletionTimestamp !== undefined) ? pods : null
  })
  const lost = lostIn(job, stopping, null)
  const { note } = jobState(job, stopping, { now: Date.now() })
  await pause(1100)
  await ends(pod, exitCode)
  const over = await until('it is over', async () => {
    const [seen, pods] = [await jobOf(name), await podsOfJob(name)]
    const isOver = seen.status?.conditions?.some(({ type }) => type === 'Failed' || type === 'Complete') === true
    return isOver && pods.length === 0 ? seen : null
  })
  return { note, lost, unseen: jobState(over, []), seen: jobState(over, [], { lost: lostIn(over, [], lost) }) }
}

it('a pod of a Job that somebody deletes, or that is evicted and ends with 0: known once it is gone, too', async () => {
  await make('/api/v1/nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name: played } })
  const deleted = await runs('deleted')
  await requests.send({
    method: 'DELETE',
    path: objectPath({ kind: 'Pod', namespace: own, name: deleted.metadata.name }),
  })
  expect(await afterwards('deleted', deleted, 143)).toMatchObject({
    note: expect.stringMatching(/^its pod is stopping on .*: somebody has deleted it/),
    lost: { failure: 'pod-gone' },
    unseen: { failure: 'pod-gone', note: expect.stringContaining('nobody saw how it ended') },
    seen: { failure: 'pod-gone', note: expect.stringMatching(/^its pod was taken away: somebody has deleted it/) },
  })
  const drained = await runs('drained')
  const { namespace, name } = drained.metadata
  const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { namespace, name } }
  await make(`${objectPath({ kind: 'Pod', namespace: own, name })}/eviction`, eviction)
  expect(await afterwards('drained', drained, 0)).toMatchObject({
    note: expect.stringContaining('its node was emptied'),
    lost: { failure: 'node-lost' },
    seen: { kind: 'succeeded' },
  })
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
  await makePod('dead', {
    nodeName: node,
    // Without its Node it would count in every pool that it tolerates, also in those of others who are tried beside this.
    nodeSelector: { [NODE_POOL]: `${node}-pool` },
    tolerations: [{ operator: 'Exists' }],
    terminationGracePeriodSeconds: 1,
  })
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
