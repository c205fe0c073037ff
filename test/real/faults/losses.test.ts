import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import type { KubeObject } from '../../../core/kube.ts'
import { parsePolicy } from '../../../core/policy.ts'
import { loadKubeconfig } from '../../../effects/cluster/kubeconfig.ts'
import { openKubernetesCluster } from '../../../effects/cluster/kubernetes-cluster.ts'
import { assets, cacheDir } from '../../../local/rig/cache.ts'
import { installCrds } from '../../../local/rig/contents.ts'
import { type Rig, rigDown, rigRestart, rigUp } from '../../../local/rig/rig.ts'
import { promote, registerVersion, uploadDataset } from '../../../local/scenario.ts'
import { openProxy } from '../proxy.ts'
import { ANA, furnish, openRealTown, ownConfig, type RealTown } from '../real-town.ts'

const LANE = 'pipeline/support-chats'
const SERVE = 'service/support-llama'

// What is taken away here would be missed by other tests.
let rig: Rig
beforeAll(async () => {
  rig = await rigUp({ name: `losses-${process.pid}`, cacheDir, assets, owner: process.pid, log: () => undefined })
})
afterAll(() => rigDown(rig))

const upload = (town: RealTown) =>
  uploadDataset(town.house, { bucket: 'acme-datasets', folder: 'support-chats/one/', rows: ['{"a":1}'] })

const itemsAt = async <K extends 'Job' | 'Pod'>({ requests }: RealTown, path: string): Promise<KubeObject<K>[]> =>
  ((await requests.send({ method: 'GET', path })).body as { items: KubeObject<K>[] }).items
const jobsOf = (town: RealTown) =>
  itemsAt<'Job'>(town, `/apis/batch/v1/namespaces/${town.policy.namespaces.training}/jobs`)
const podsOf = (town: RealTown) => itemsAt<'Pod'>(town, `/api/v1/namespaces/${town.policy.namespaces.training}/pods`)

/** The Job's pod, once its container runs. */
const running = async (town: RealTown): Promise<KubeObject<'Pod'>> => {
  const up = async () => (await podsOf(town)).find(({ status }) => status?.phase === 'Running')
  await town.until('its pod runs', async () => (await up()) !== undefined)
  return (await up()) as KubeObject<'Pod'>
}

it('a node is taken away during training: the same Job goes on with another pod on another node', async () => {
  const town = await openRealTown({ minute: 400 })
  await upload(town)
  await town.answered(LANE)
  const first = await running(town)
  const [job] = await jobsOf(town)
  await town.requests.send({ method: 'DELETE', path: `/api/v1/nodes/${first.spec?.nodeName}` })
  // The node is gone at once, as when the machine is: nothing drains it.
  await town.requests.send({
    method: 'PATCH',
    path: `/api/v1/nodes/${first.spec?.nodeName}`,
    type: 'application/merge-patch+json',
    body: { metadata: { finalizers: null } },
  })
  expect((await town.settled(LANE)).state).toBe('succeeded')
  const jobs = await jobsOf(town)
  expect(jobs).toHaveLength(2)
  expect(jobs.find(({ metadata }) => metadata.uid === job?.metadata.uid)?.status?.succeeded).toBe(1)
  const second = (await podsOf(town)).find(
    ({ metadata, status }) => status?.phase === 'Succeeded' && metadata.ownerReferences?.[0]?.uid === job?.metadata.uid,
  )
  expect(second?.spec?.nodeName).not.toBe(first.spec?.nodeName)
  await town.close()
})

it('a Job that its time to live removes before anybody looks counts by its result', async () => {
  const town = await openRealTown({ minute: 400 })
  await upload(town)
  await town.answered(LANE)
  await running(town)
  const [job] = await jobsOf(town)
  const path = `/apis/batch/v1/namespaces/${job?.metadata.namespace}/jobs/${job?.metadata.name}`
  const body = { spec: { ttlSecondsAfterFinished: 0 } }
  await town.requests.send({ method: 'PATCH', path, type: 'application/merge-patch+json', body })
  expect((await town.settled(LANE)).state).toBe('succeeded')
  expect((await jobsOf(town)).map(({ metadata }) => metadata.uid)).not.toContain(job?.metadata.uid)
  await town.close()
})

it('somebody’s finalizer keeps the Job of a cancelled run: its pods end all the same, and its GPUs go back', async () => {
  const town = await openRealTown({ minute: 20_000 })
  await upload(town)
  await town.answered(LANE)
  await running(town)
  const [job] = await jobsOf(town)
  const path = `/apis/batch/v1/namespaces/${job?.metadata.namespace}/jobs/${job?.metadata.name}`
  const finalizers = (names: string[] | null) =>
    town.requests.send({
      method: 'PATCH',
      path,
      type: 'application/merge-patch+json',
      body: { metadata: { finalizers: names } },
    })
  await finalizers(['acme.com/audit'])
  // A person's own deletion waits for it, and the pods wait with it.
  await town.requests.send({ method: 'DELETE', path, query: { propagationPolicy: 'Background' } })
  await town.until('it says so', async () => /acme.com\/audit keeps it/.test((await town.house.why(LANE)).text))
  expect(await podsOf(town)).toHaveLength(1)
  await town.house.command({ kind: 'cancel', lane: LANE, by: 'ana' })
  const pool = town.policy.pipelines['support-chats']?.stages[0]?.pool
  await town.until('its GPUs are back', async () => (await town.held(`pool/${pool}`)).sum === 0, 200)
  await town.until('its pods are gone', async () => (await podsOf(town)).length === 0)
  expect((await jobsOf(town)).map(({ metadata }) => metadata.uid)).toEqual([job?.metadata.uid])
  await finalizers(null)
  expect((await town.settled(LANE)).state).toBe('cancelled')
  await town.close()
})

it('the API server is killed while a dataset is carried out: the lane says so while it is away, and goes on with the same Jobs', async () => {
  const town = await openRealTown({ minute: 400, kubeconfig: rig.kubeconfig })
  await upload(town)
  await town.answered(LANE)
  await running(town)
  const [job] = await jobsOf(town)
  const restarted = rigRestart(rig, 'kube-apiserver', { away: 12_000 })
  // Nothing of the cluster wakes it meanwhile: a person who presses something makes it look.
  await town.house.ports.queue.wake(LANE, `look.${Date.now()}`)
  await town.until('it says what it waits for', async () => (await town.house.why(LANE)).why === 'unavailable')
  expect(await town.house.why(LANE)).toMatchObject({
    side: 'cluster',
    text: expect.stringMatching(/^cluster does not answer: .*ECONN/),
  })
  expect(await town.lane(LANE)).toMatchObject({ state: 'wanted', run: { phase: 'steps', ending: null } })
  await restarted
  expect((await town.settled(LANE)).state).toBe('succeeded')
  const jobs = await jobsOf(town)
  expect(jobs.map(({ status }) => status?.succeeded)).toEqual([1, 1])
  expect(jobs.map(({ metadata }) => metadata.uid)).toContain(job?.metadata.uid)
  expect((await town.past(LANE)).map(({ run: { attempt } }) => attempt)).toEqual([1])
  await town.close()
})

it('the API server is away as a button is pressed: the press counts, and the Job comes when it answers again', async () => {
  const town = await openRealTown({ kubeconfig: rig.kubeconfig })
  await upload(town)
  await town.until('it asks', async () => (await town.question(LANE)) !== null)
  const restarted = rigRestart(rig, 'kube-apiserver', { away: 8000 })
  await pause(500)
  const { id = '' } = (await town.question(LANE)) ?? {}
  const { status } = await town.house.answer(id, { by: ANA, verdict: 'approve', reason: null })
  expect([200, 202]).toContain(status)
  await town.until('it says what it waits for', async () => (await town.house.why(LANE)).why === 'unavailable')
  expect((await town.run(LANE))?.hold).toBeNull()
  await restarted
  expect(await town.settled(LANE)).toMatchObject({ state: 'succeeded', attempt: 1 })
  expect((await jobsOf(town)).map(({ status }) => status?.succeeded)).toEqual([1, 1])
  await town.close()
})

it('etcd stands still for 10 s in the middle: nothing hangs, nothing is done twice', async () => {
  const town = await openRealTown({ kubeconfig: rig.kubeconfig })
  await upload(town)
  await town.answered(LANE)
  const etcd = rig.programs.find(({ program }) => program === 'etcd')
  if (etcd === undefined) throw new Error('the rig has no etcd')
  process.kill(etcd.pid, 'SIGSTOP')
  await pause(10_000).finally(() => process.kill(etcd.pid, 'SIGCONT'))
  expect((await town.settled(LANE)).state).toBe('succeeded')
  expect((await jobsOf(town)).map(({ status }) => status?.succeeded)).toEqual([1, 1])
  await town.close()
})

it('a namespace is deleted: who works in it says so and goes on once it is back, and nobody else waits for it', async () => {
  const name = `parted-${process.pid}`
  const namespaces = { training: `${name}-training`, serving: `${name}-serving` }
  const town = await openRealTown({ policy: parsePolicy(ownConfig(name, { namespaces })) })
  const path = `/api/v1/namespaces/${namespaces.serving}`
  await town.requests.send({ method: 'DELETE', path })
  await town.until('it is gone', async () => (await town.requests.send({ method: 'GET', path })).status === 404)
  await promote(town.house, 'support-llama', await registerVersion(town.house, { model: 'support-llama' }))
  await town.answered(SERVE)
  await town.until('it says what it waits for', async () => (await town.house.why(SERVE)).why === 'not-allowed')
  expect((await town.house.why(SERVE)).text).toContain(`the namespace ${namespaces.serving} is not there`)
  await upload(town)
  await town.answered(LANE)
  expect((await town.settled(LANE)).state).toBe('succeeded')
  expect(await town.lane(SERVE)).toMatchObject({ state: 'wanted', run: { phase: 'steps', ending: null } })
  await furnish(town.requests, town.policy)
  expect(await town.settled(SERVE)).toMatchObject({ state: 'succeeded', attempt: 1 })
  await town.close()
})

it('Karpenter’s definitions are gone in the middle: the Job waits, and goes on when they are back', async () => {
  const town = await openRealTown({ minute: 400, kubeconfig: rig.kubeconfig })
  await upload(town)
  await town.until('it asks', async () => (await town.question(LANE)) !== null)
  const crd = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/nodepools.karpenter.sh'
  await town.requests.send({ method: 'DELETE', path: crd })
  await town.until('the definition is gone', async () => {
    const { status } = await town.requests.send({ method: 'GET', path: crd })
    return status === 404
  })
  await town.answered(LANE)
  await town.until('its Job is there', async () => (await jobsOf(town)).length === 1)
  await pause(2000)
  expect((await town.lane(LANE)).state).toBe('wanted')
  await installCrds(town.requests)
  await furnish(town.requests, town.policy)
  // Karpenter watched what is new to it: like any controller it starts again.
  await rigRestart(rig, 'karpenter')
  expect((await town.settled(LANE)).state).toBe('succeeded')
  await town.close()
})

it('somebody else owns the replicas: the rollout stops at the conflict and names them', async () => {
  const town = await openRealTown({ minute: 400 })
  const version = (tags: Record<string, string>) => registerVersion(town.house, { model: 'support-llama', tags })
  await promote(town.house, 'support-llama', await version({}))
  await town.answered(SERVE)
  expect((await town.settled(SERVE)).state).toBe('succeeded')
  const path = `/apis/apps/v1/namespaces/${town.policy.namespaces.serving}/deployments`
  const [first] = ((await town.requests.send({ method: 'GET', path })).body as { items: KubeObject<'Deployment'>[] })
    .items
  const taken = await town.requests.send({
    method: 'PATCH',
    path: `${path}/${first?.metadata.name}`,
    query: { fieldManager: 'ops-team', force: 'true' },
    type: 'application/apply-patch+yaml',
    body: {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: first?.metadata.name },
      spec: { replicas: 3 },
    },
  })
  expect(taken.status).toBe(200)
  await promote(town.house, 'support-llama', await version({ a: '1' }))
  await town.answered(SERVE)
  const { outcome } = await town.settled(SERVE, 120)
  expect(outcome).toMatchObject({ kind: 'failed', reason: 'conflict' })
  expect(outcome?.detail).toContain('ops-team')
  await town.close()
})

it('a watch whose connections end after some silence hears everything that happened meanwhile', async () => {
  const server = loadKubeconfig({ file: inject('kubeconfig') }).getCurrentCluster()?.server ?? ''
  const proxy = await openProxy(server, () => null, { silence: 1000 })
  const town = await openRealTown()
  const through = loadKubeconfig({ file: inject('kubeconfig') })
  through.clusters = through.clusters.map((one) => ({ ...one, server: proxy.url, skipTLSVerify: true }))
  const cluster = await openKubernetesCluster(through, { watched: ['Job'] })
  const heard = new Set<string>()
  await cluster.watch({ labels: { silent: town.policy.installation } }, ({ type, object }) => {
    if (type === 'ADDED') heard.add(object.metadata.name)
  })
  const names = Array.from({ length: 24 }, (_, index) => `silent-${index}`)
  for (const [index, name] of names.entries()) {
    // Longer than the silence now and then, so that connections end before, between and after what happens.
    await pause(index % 6 === 0 ? 1600 : 100)
    const { namespaces, installation } = town.policy
    const made = await town.requests.send({
      method: 'POST',
      path: `/apis/batch/v1/namespaces/${namespaces.training}/jobs`,
      body: {
        apiVersion: 'batch/v1',
        kind: 'Job',
        metadata: { name, labels: { silent: installation } },
        spec: {
          suspend: true,
          template: { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'i' }] } },
        },
      },
    })
    expect(made.status).toBe(201)
  }
  await town.until('everything is heard', async () => heard.size === names.length, 10)
  expect(proxy.counts['silenced']).toBeGreaterThan(2)
  await cluster.close()
  await town.close()
  proxy.close()
})
