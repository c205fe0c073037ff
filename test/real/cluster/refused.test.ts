import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import type { PodPatch } from '../../../core/policy/pod.ts'
import { parsePolicy } from '../../../core/policy.ts'
import { stageJob } from '../../../core/workloads/stage-job.ts'
import { loadKubeconfig } from '../../../effects/cluster/kubeconfig.ts'
import { pathOf } from '../../../effects/cluster/paths.ts'
import { openRequests, type Requests } from '../../../effects/cluster/requests.ts'
import { exampleConfig, problemsAfter, trainInput } from '../../core/training-fixture.ts'

const namespace = `refused-${process.pid}`
let requests: Requests
beforeAll(async () => {
  requests = await openRequests(loadKubeconfig({ file: inject('kubeconfig') }))
  const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }
  expect(await requests.send({ method: 'POST', path: '/api/v1/namespaces', body })).toMatchObject({ status: 201 })
})
afterAll(async () => {
  await requests.send({ method: 'DELETE', path: `/api/v1/namespaces/${namespace}` })
  await requests.close()
})

/** Whether the policy takes a patch of its first stage. */
const onPaper = (pod: PodPatch): boolean =>
  problemsAfter((config) => {
    config.pipelines!['support-chats']!.stages[0]!.pod = pod
  }).length === 0

/** What the API server answers to the Job that our builder makes of it, in a dry run. */
const inCluster = async (pod: PodPatch) => {
  const policy = parsePolicy(exampleConfig())
  policy.namespaces.training = namespace
  const [stage] = policy.pipelines['support-chats']!.stages
  const job = stageJob({ ...trainInput({ policy }), stage: { ...stage!, pod }, preset: null, model: 'm', reads: {} })
  const query = { dryRun: 'All', fieldValidation: 'Strict' }
  const { status, body } = await requests.send({ method: 'POST', path: pathOf('Job', namespace), query, body: job })
  return { status, said: JSON.stringify(body) }
}

const IMAGE = `fetch@sha256:${'ab'.repeat(32)}`
const train = (said: object): PodPatch => ({ containers: [{ name: 'train', ...said }] })
const second = (said: object): PodPatch => ({ initContainers: [{ name: 'fetch', image: IMAGE, ...said }] })

it.each<[string, PodPatch]>([
  ['a mount of no volume', train({ volumeMounts: [{ mountPath: '/data', name: 'data' }] })],
  ['our volume taken away', { volumes: null }],
  ['a volume of two things', { volumes: [{ name: 'shared-memory', persistentVolumeClaim: { claimName: 'a' } }] }],
  ['an init container of our name', second({ name: 'train' })],
  ['an init container without an image', second({ image: undefined })],
  ['more asked for than the limit', train({ resources: { limits: { cpu: '2' } } })],
  ['a device without its limit', train({ resources: { requests: { 'vpc.amazonaws.com/efa': '1' } } })],
  ['seconds that none counts', { tolerations: [{ key: 'a', operator: 'Exists', tolerationSeconds: 60 }] }],
  ['a toleration of no key', { tolerations: [{ effect: 'NoSchedule' }] }],
  ['a value that nobody compares', { tolerations: [{ key: 'a', operator: 'Exists', value: 'b' }] }],
  ['no nameservers', { dnsPolicy: 'None' }],
  ['an effect that there is not', { tolerations: [{ key: 'a', effect: 'noschedule' }] }],
  ['an operator that there is not', { tolerations: [{ key: 'a', operator: 'Equals' }] }],
  ['a DNS policy that there is not', { dnsPolicy: 'clusterfirst' }],
  ['a way to pull that there is not', train({ imagePullPolicy: 'ifnotpresent' })],
  ['a message that there is not', train({ terminationMessagePolicy: 'Logs' })],
  ['a protocol that there is not', train({ ports: [{ containerPort: 1, protocol: 'tcp' }] })],
  ['a name of a class', { priorityClassName: 'High_Priority' }],
  ['a name of a runtime', { runtimeClassName: 'NVIDIA' }],
  ['a name of a container', second({ name: 'Side_Car' })],
  ['a name of a volume', { volumes: [{ name: 'a.b', emptyDir: {} }] }],
  ['a name of a host', { hostname: 'a.b' }],
])('a real API server refuses what is refused on paper: %s', async (_, pod) => {
  expect(onPaper(pod)).toBe(false)
  expect(await inCluster(pod)).toMatchObject({ status: 422 })
})

it.each<[string, PodPatch]>([
  [
    'a claim in our volume’s place',
    { volumes: [{ name: 'shared-memory', emptyDir: null, persistentVolumeClaim: { claimName: 'a' } }] },
  ],
  ['limits as high as what is asked for', train({ resources: { limits: { cpu: '24' } } })],
  ['a device with its limit', train({ resources: { limits: { 'vpc.amazonaws.com/efa': '1' } } })],
  ['any taint', { tolerations: [{ operator: 'Exists' }] }],
  ['nameservers', { dnsPolicy: 'None', dnsConfig: { nameservers: ['10.0.0.2'] } }],
  ['an init container that mounts ours', second({ volumeMounts: [{ mountPath: '/a', name: 'shared-memory' }] })],
  ['empty words', { dnsPolicy: '', priorityClassName: '', tolerations: [{ key: 'a', effect: '' }] }],
])('and takes what is taken: %s', async (_, pod) => {
  expect(onPaper(pod)).toBe(true)
  expect(await inCluster(pod)).toMatchObject({ status: 201 })
})

it('a volume of nothing is an empty folder there, which nobody said: it is asked for by name here', async () => {
  const pod: PodPatch = { volumes: [{ name: 'data' }] }
  expect(onPaper(pod)).toBe(false)
  expect(await inCluster(pod)).toMatchObject({ status: 201, said: expect.stringContaining('"name":"data","emptyDir"') })
})
