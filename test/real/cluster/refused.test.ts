import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import type { KubeObject } from '../../../core/kube.ts'
import type { PodPatch } from '../../../core/policy/pod.ts'
import { parsePolicy } from '../../../core/policy.ts'
import { engineOf } from '../../../core/workloads/engines.ts'
import { servingObjects } from '../../../core/workloads/serving.ts'
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

/** Whether the policy takes a patch of its first stage, or of a service. */
const onPaper = (pod: PodPatch, of = 'stage'): boolean =>
  problemsAfter((config) => {
    const patched = of === 'stage' ? config.pipelines!['support-chats']!.stages[0]! : config.services!['code-llama']!
    patched.pod = pod
  }).length === 0

/** What our builder makes of it. */
const built = (pod: PodPatch, of: string): KubeObject => {
  const policy = parsePolicy(exampleConfig())
  policy.namespaces.training = namespace
  const [stage] = policy.pipelines['support-chats']!.stages
  const input = trainInput({ policy })
  if (of === 'stage') return stageJob({ ...input, stage: { ...stage!, pod }, preset: null, model: 'm', reads: {} })
  const service = { ...policy.services['code-llama']!, pod }
  const desired = { kind: 'serve', model: 'code-llama', version: '1', source: 's3://a/b/' } as never
  return servingObjects({ ...input, desired, service, engine: engineOf({}, service), namespace }).deployment
}

/** What the API server answers to it, in a dry run. */
const inCluster = async (pod: PodPatch, of = 'stage') => {
  const body = built(pod, of)
  const query = { dryRun: 'All', fieldValidation: 'Strict' }
  const path = pathOf(of === 'stage' ? 'Job' : 'Deployment', namespace)
  const answer = await requests.send({ method: 'POST', path, query, body })
  return { status: answer.status, said: JSON.stringify(answer.body) }
}

const IMAGE = `fetch@sha256:${'ab'.repeat(32)}`
const train = (said: object): PodPatch => ({ containers: [{ name: 'train', ...said }] })
const vllm = (said: object): PodPatch => ({ containers: [{ name: 'vllm', ...said }] })
const variable = (said: object): PodPatch => train({ env: [{ name: 'A', ...said }] })
const volume = (said: object): PodPatch => ({ volumes: [{ name: 'v', ...said }] })
const limits = (said: object): PodPatch => train({ resources: { limits: said } })
const mount = (said: object): PodPatch => ({
  ...volume({ emptyDir: {} }),
  ...train({ volumeMounts: [{ name: 'v', mountPath: '/v', ...said }] }),
})
const nodes = (terms: object[]) =>
  ({
    affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms } } },
  }) as PodPatch
const field = { fieldRef: { fieldPath: 'metadata.name' } }
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
  ['a name of a runtime', { runtimeClassName: 'NVIDIA' }],
  ['a name of a container', second({ name: 'Side_Car' })],
  ['a name of a volume', { volumes: [{ name: 'a.b', emptyDir: {} }] }],
  ['a name of a host', { hostname: 'a.b' }],
  ['a variable of two values', variable({ value: 'a', valueFrom: field })],
  ['a variable from nowhere', variable({ valueFrom: {} })],
  ['a variable with `=`', train({ env: [{ name: 'A=B', value: 'x' }] })],
  ['a secret without its key', variable({ valueFrom: { secretKeyRef: { name: 's' } } })],
  ['a secret without its name', variable({ valueFrom: { secretKeyRef: { key: 's' } } })],
  ['a secret of no name', variable({ valueFrom: { secretKeyRef: { name: 'My_Secret', key: 's' } } })],
  ['a key that none has', variable({ valueFrom: { secretKeyRef: { name: 's', key: 'a b' } } })],
  ['a field that there is not', variable({ valueFrom: { fieldRef: { fieldPath: 'spec.containers' } } })],
  ['a limit that there is not', variable({ valueFrom: { resourceFieldRef: { resource: 'memory' } } })],
  ['variables from nowhere', train({ envFrom: [{}] })],
  ['variables from two', train({ envFrom: [{ secretRef: { name: 's' }, configMapRef: { name: 'c' } }] })],
  ['a port beyond all', train({ ports: [{ containerPort: 99_999 }] })],
  ['a port’s name', train({ ports: [{ name: 'a-very-long-port-name', containerPort: 1 }] })],
  [
    'two ports of a name',
    train({
      ports: [
        { name: 'a', containerPort: 1 },
        { name: 'a', containerPort: 2 },
      ],
    }),
  ],
  ['memory as people call it', limits({ ram: '64Gi' })],
  ['GPUs as people call them', limits({ gpu: '1' })],
  ['half a device', limits({ 'vpc.amazonaws.com/efa': '500m' })],
  ['a claim that there is not', train({ resources: { claims: [{ name: 'gpu' }] } })],
  ['a Secret without its name', volume({ secret: {} })],
  ['a ConfigMap without its name', volume({ configMap: {} })],
  ['a claim without its name', volume({ persistentVolumeClaim: {} })],
  ['rights in tens', volume({ secret: { secretName: 's', defaultMode: 644 } })],
  ['a path from the root', mount({ subPath: '/etc' })],
  ['a path above its volume', mount({ subPath: '../etc' })],
  ['two paths', mount({ subPath: 'a', subPathExpr: 'b' })],
  ['a label’s key', { nodeSelector: { 'a b': 'c' } }],
  ['a label’s value', { nodeSelector: { a: 'b c' } }],
  ['a taint’s key', { tolerations: [{ key: 'a b', operator: 'Exists' }] }],
  ['nobody’s number', { securityContext: { runAsUser: -1 } }],
  ['no group', { securityContext: { fsGroup: -2 } }],
  ['no skew', { topologySpreadConstraints: [{ maxSkew: 0, topologyKey: 'z', whenUnsatisfiable: 'DoNotSchedule' }] }],
  ['no nodes', nodes([])],
  ['no values', nodes([{ matchExpressions: [{ key: 'x', operator: 'In' }] }])],
  ['too many values', nodes([{ matchExpressions: [{ key: 'x', operator: 'Exists', values: ['a'] }] }])],
  ['two numbers', nodes([{ matchExpressions: [{ key: 'x', operator: 'Gt', values: ['8', '9'] }] }])],
  [
    'nowhere to be apart',
    { affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ labelSelector: {} }] } } },
  ],
  ['a host’s address', { hostAliases: [{ ip: 'localhost', hostnames: ['a'] }] }],
  ['a probe of two ways', train({ readinessProbe: { exec: { command: ['a'] }, tcpSocket: { port: 1 } } })],
  ['a probe of no way', train({ livenessProbe: { periodSeconds: 5 } })],
  ['a probe of nothing', train({ livenessProbe: { exec: {} } })],
  ['a probe of no port', train({ livenessProbe: { httpGet: { path: '/' } } })],
  ['a probe of no time', train({ livenessProbe: { tcpSocket: { port: 1 }, periodSeconds: -1 } })],
  ['many answers that count as one', train({ livenessProbe: { tcpSocket: { port: 1 }, successThreshold: 3 } })],
  ['an end for what is not ready', train({ readinessProbe: { grpc: { port: 1 }, terminationGracePeriodSeconds: 3 } })],
  ['a sleep beyond its end', train({ lifecycle: { preStop: { sleep: { seconds: 121 } } } })],
  ['a probe of what runs before', second({ readinessProbe: { tcpSocket: { port: 1 } } })],
  ['a hook of what runs before', second({ lifecycle: { preStop: { exec: { command: ['a'] } } } })],
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
  ['a variable of a name with dots', train({ env: [{ name: 'a.b c', value: 'x' }] })],
  ['rights', volume({ secret: { secretName: 's', defaultMode: 0o644 } })],
  ['a path in its volume', mount({ subPath: 'a/..b' })],
  ['addresses', { hostAliases: [{ ip: '::1', hostnames: ['a'] }] }],
  [
    'a probe and a hook',
    train({ livenessProbe: { grpc: { port: 1 } }, lifecycle: { postStart: { sleep: { seconds: 1 } } } }),
  ],
  ['nodes', nodes([{ matchExpressions: [{ key: 'x', operator: 'Lt', values: ['8'] }] }])],
  ['empty words', { dnsPolicy: '', tolerations: [{ key: 'a', effect: '' }] }],
])('and takes what is taken: %s', async (_, pod) => {
  expect(onPaper(pod)).toBe(true)
  expect(await inCluster(pod)).toMatchObject({ status: 201 })
})

it.each<[string, PodPatch]>([
  ['its port moved', vllm({ ports: [{ name: 'http', containerPort: 9000 }] })],
  ['Windows', { os: { name: 'windows' } }],
])('of what serves, too: %s', async (_, pod) => {
  expect(onPaper(pod, 'service')).toBe(false)
  expect(await inCluster(pod, 'service')).toMatchObject({ status: 422 })
})

it.each<[string, PodPatch]>([
  ['a probe by a command', vllm({ readinessProbe: { exec: { command: ['true'] } } })],
  ['a probe of a port', vllm({ livenessProbe: { tcpSocket: { port: 8000 } } })],
  ['a hook by a command', vllm({ lifecycle: { preStop: { exec: { command: ['sleep', '30'] } } } })],
  ['a variable of ours from elsewhere', vllm({ env: [{ name: 'HOME', valueFrom: field }] })],
])('what takes the place of ours is taken: %s', async (_, pod) => {
  expect(onPaper(pod, 'service')).toBe(true)
  expect(await inCluster(pod, 'service')).toMatchObject({ status: 201 })
})

it('a volume of nothing is an empty folder there, which nobody said: it is asked for by name here', async () => {
  const pod: PodPatch = { volumes: [{ name: 'data' }] }
  expect(onPaper(pod)).toBe(false)
  expect(await inCluster(pod)).toMatchObject({ status: 201, said: expect.stringContaining('"name":"data","emptyDir"') })
})
