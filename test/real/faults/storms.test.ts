import { setTimeout as pause } from 'node:timers/promises'
import { expect, inject, it } from 'vitest'
import type { KubeObject } from '../../../core/kube.ts'
import { loadKubeconfig } from '../../../effects/cluster/kubeconfig.ts'
import { promote, registerVersion, uploadDataset } from '../../../local/scenario.ts'
import { openProxy, seeded, type Trouble } from '../proxy.ts'
import { openRealTown, type RealTown } from '../real-town.ts'

const LANE = 'pipeline/support-chats'
const SERVE = 'service/support-llama'

const upload = (town: RealTown, simulation?: Record<string, unknown>) =>
  uploadDataset(town.house, {
    bucket: 'acme-datasets',
    folder: 'support-chats/one/',
    rows: ['{"a":1}'],
    ...(simulation === undefined ? {} : { simulation }),
  })

const jobs = async ({ requests, policy }: RealTown): Promise<KubeObject<'Job'>[]> => {
  const path = `/apis/batch/v1/namespaces/${policy.namespaces.training}/jobs`
  return ((await requests.send({ method: 'GET', path })).body as { items: KubeObject<'Job'>[] }).items
}

const pathOf = ({ namespace, name }: KubeObject['metadata']): string =>
  `/apis/batch/v1/namespaces/${namespace}/jobs/${name}`

/** Somebody's admission policy that takes no Job of this namespace. */
const deny = async ({ requests, policy }: RealTown): Promise<void> => {
  const { training } = policy.namespaces
  const path = '/apis/admissionregistration.k8s.io/v1'
  const metadata = { name: `fridays-${training}` }
  const apiVersion = 'admissionregistration.k8s.io/v1'
  const namespaceSelector = { matchLabels: { 'kubernetes.io/metadata.name': training } }
  const rule = { apiGroups: ['batch'], apiVersions: ['v1'], operations: ['CREATE'], resources: ['jobs'] }
  const spec = {
    matchConstraints: { namespaceSelector, resourceRules: [rule] },
    validations: [{ expression: 'false', message: 'no GPU on Fridays' }],
  }
  const binding = { policyName: metadata.name, validationActions: ['Deny'] }
  for (const [plural, kind, body] of [
    ['validatingadmissionpolicies', 'ValidatingAdmissionPolicy', spec],
    ['validatingadmissionpolicybindings', 'ValidatingAdmissionPolicyBinding', binding],
  ] as const) {
    const made = await requests.send({
      method: 'POST',
      path: `${path}/${plural}`,
      body: { apiVersion, kind, metadata, spec: body },
    })
    expect(made.status).toBe(201)
  }
  const probe = {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'probe' },
    spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'i' }] } } },
  }
  // A policy is in force a moment after it is there.
  const asked = {
    method: 'POST',
    path: `/apis/batch/v1/namespaces/${training}/jobs`,
    query: { dryRun: 'All' },
    body: probe,
  } as const
  while ((await requests.send(asked)).status !== 422) await pause(50)
}

const running = async (town: RealTown): Promise<KubeObject<'Job'>> => {
  await town.until('its Job runs', async () => (await jobs(town)).some(({ status }) => status?.ready === 1))
  return (await jobs(town))[0] as KubeObject<'Job'>
}

it('through a storm of 429, 503, lost answers and delays of 5 s a dataset gets where it should, with each Job once', async () => {
  const random = seeded(7)
  const target = loadKubeconfig({ file: inject('kubeconfig') }).getCurrentCluster()?.server ?? ''
  let left = 400
  let delays = 3
  const proxy = await openProxy(target, ({ url = '' }): Trouble => {
    if (url.includes('watch=')) return null
    if (--left < 0) return null
    const dice = random()
    if (dice < 0.15) return { answer: 429, retryAfter: 0 }
    if (dice < 0.3) return { answer: 503 }
    if (dice < 0.35) return { loseAnswer: true }
    return dice > 0.97 && --delays >= 0 ? { delay: 5000 } : null
  })
  const town = await openRealTown({ server: proxy.url })
  await upload(town)
  await town.answered(LANE)
  expect((await town.settled(LANE)).state).toBe('succeeded')
  expect((await jobs(town)).map(({ status }) => status?.succeeded)).toEqual([1, 1])
  expect(proxy.counts['answer']).toBeGreaterThan(10)
  await town.close()
  proxy.close()
})

it('a Job that a person deletes is told as that, nothing of it stays, and it is never made a second time', async () => {
  const town = await openRealTown({ minute: 60_000 })
  await upload(town)
  await town.answered(LANE)
  const { metadata } = await running(town)
  await town.requests.send({ method: 'DELETE', path: pathOf(metadata), query: { propagationPolicy: 'Background' } })
  expect(await town.settled(LANE)).toMatchObject({
    outcome: { kind: 'failed', reason: 'deleted' },
    rest: { why: 'parked' },
  })
  expect(await town.held(`pool/${town.policy.pipelines['support-chats']?.stages[0]?.pool}`)).toEqual({
    lanes: {},
    sum: 0,
  })
  // Whoever wakes it, and whatever the source still says: a person has taken it away, a person says retry.
  await town.resync()
  await town.house.ports.queue.wake(LANE, `look.${Date.now()}`)
  await pause(2000)
  expect(await town.lane(LANE)).toMatchObject({ state: 'failed', attempt: 1, run: null })
  expect(await jobs(town)).toEqual([])
  await town.close()
})

it('a Job that fails tells why, and is not tried again unasked', async () => {
  const town = await openRealTown()
  await upload(town, { exitCode: 42 })
  await town.answered(LANE)
  expect((await town.settled(LANE)).outcome).toMatchObject({ kind: 'failed', reason: 'exit-code' })
  expect((await town.run(LANE))?.outcome).toMatchObject({ kind: 'failed', reason: 'exit-code' })
  expect(await jobs(town)).toHaveLength(1)
  await town.close()
})

it('a quota that has no room for a Job ends nothing: the lane rests in the server’s words, holds up no other, and goes on when it is lifted', async () => {
  const town = await openRealTown()
  const path = `/api/v1/namespaces/${town.policy.namespaces.training}/resourcequotas`
  const body = {
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata: { name: 'none' },
    spec: { hard: { 'count/jobs.batch': '0' } },
  }
  await town.requests.send({ method: 'POST', path, body })
  await town.until('the quota is in force', async () => {
    const { body: found } = await town.requests.send({ method: 'GET', path: `${path}/none` })
    return (found as { status?: { hard?: object } }).status?.hard !== undefined
  })
  await upload(town)
  await town.answered(LANE)
  await town.until('it rests', async () => (await town.house.why(LANE)).why === 'not-allowed')
  expect(await town.house.why(LANE)).toMatchObject({ side: 'cluster', text: expect.stringContaining('exceeded quota') })
  expect(await town.lane(LANE)).toMatchObject({ state: 'wanted', run: { phase: 'steps', ending: null } })
  expect(await jobs(town)).toEqual([])
  // The quota is about Jobs alone: a model that needs none yet is planned and asked about meanwhile.
  await promote(town.house, 'support-llama', await registerVersion(town.house, { model: 'support-llama' }))
  await town.until('another lane asks', async () => (await town.question(SERVE)) !== null, 30)
  await town.requests.send({ method: 'DELETE', path: `${path}/none` })
  expect(await town.settled(LANE)).toMatchObject({ state: 'succeeded', attempt: 1 })
  expect((await jobs(town)).map(({ status }) => status?.succeeded)).toEqual([1, 1])
  await town.close()
})

it('a Job that admission denies is final, in the words of who denied it', async () => {
  const town = await openRealTown()
  await deny(town)
  await upload(town)
  await town.answered(LANE)
  expect((await town.settled(LANE)).outcome).toMatchObject({
    kind: 'failed',
    reason: 'denied',
    detail: expect.stringMatching(/\(422\): .*no GPU on Fridays/),
  })
  expect(await jobs(town)).toEqual([])
  await town.close()
})

it('a NodePool that is deleted while its Job waits for a node: the Job waits, and goes on when the pool is back', async () => {
  const town = await openRealTown()
  const pool = Object.keys(town.policy.pools)[0]
  const path = `/apis/karpenter.sh/v1/nodepools/${pool}`
  const { body } = await town.requests.send({ method: 'GET', path })
  await upload(town)
  await town.answered(LANE)
  await town.until('its Job is there', async () => (await jobs(town)).length === 1)
  await town.requests.send({ method: 'DELETE', path })
  await pause(3000)
  const { apiVersion, kind, metadata, spec } = body as KubeObject<'NodePool'>
  await town.until('the pool may be made again', async () => {
    const again = { apiVersion, kind, metadata: { name: metadata.name }, spec }
    return (
      (await town.requests.send({ method: 'POST', path: '/apis/karpenter.sh/v1/nodepools', body: again })).status ===
      201
    )
  })
  expect((await town.settled(LANE)).state).toBe('succeeded')
  await town.close()
})
