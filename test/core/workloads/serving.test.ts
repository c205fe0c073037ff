import type { V1Container, V1PodSpec } from '@kubernetes/client-node'
import { describe, expect, it } from 'vitest'
import { label } from '../../../core/names.ts'
import type { ServicePolicy } from '../../../core/policy.ts'
import { ENGINES, engineOf } from '../../../core/workloads/engines.ts'
import { DIGEST_ANNOTATION, objectDigest } from '../../../core/workloads/object-digest.ts'
import {
  generationUrl,
  type ServingInput,
  scaleObject,
  servingObjects,
  trafficOf,
  trafficService,
} from '../../../core/workloads/serving.ts'

const image = `vllm/vllm-openai@sha256:${'a'.repeat(64)}`
const service: ServicePolicy = {
  engine: 'vllm',
  mode: 'act',
  alias: 'champion',
  image,
  pool: 'gpu-serve',
  replicas: 2,
  gpusPerReplica: 4,
  maxModelLen: 16384,
  args: ['--max-num-seqs=64'],
  loadMinutes: { p50: 5, p95: 15 },
  maxUnavailable: 1,
  gate: { image, checks: [{ metric: 'p95_ms', op: '<=', value: 900 }], minutes: { p50: 3, p95: 10 } },
}
const given = (change: Partial<ServingInput> = {}): ServingInput => ({
  identity: { installation: 'signalbox', ledger: 'feedfacecafe', name: 'service-support-llama-0123abcd' },
  run: { lane: 'service/support-llama', generation: 3, attempt: 1 },
  desired: {
    kind: 'serve',
    model: 'support-llama',
    version: '8',
    source: 's3://models/8/',
    runId: 'r',
    digest: 'd',
    requester: null,
  },
  service,
  engine: engineOf({}, service),
  namespace: 'serving',
  ...change,
})
const second = engineOf({ engine: { name: 'vllm', revision: 2 } }, service)
const podOf = (change: Partial<ServingInput> = {}): V1PodSpec =>
  servingObjects(given(change)).deployment.spec?.template.spec as V1PodSpec
const containerOf = (change: Partial<ServingInput> = {}): V1Container => podOf(change).containers[0] as V1Container

describe('the Deployment of a served model', () => {
  it('gives vLLM the model first, then what the policy says, the user’s own arguments last', () => {
    expect(containerOf().args).toEqual([
      's3://models/8/',
      '--served-model-name=support-llama',
      '--port=8000',
      '--tensor-parallel-size=4',
      '--max-model-len=16384',
      '--shutdown-timeout=300',
      '--disable-access-log-for-endpoints=/health,/metrics',
      '--load-format=runai_streamer',
      '--max-num-seqs=64',
    ])
  })

  it('leaves the context to the model where nobody says', () => {
    const { maxModelLen: _, ...rest } = service
    expect(containerOf({ service: rest }).args?.join()).not.toContain('max-model-len')
  })

  it('has its pod patched as the policy says, which is part of what is approved', () => {
    const pod = { schedulerName: 'kai', containers: [{ name: 'vllm', workingDir: '/work' }] }
    expect(podOf({ service: { ...service, pod } }).schedulerName).toBe('kai')
    expect(containerOf({ service: { ...service, pod } })).toEqual({ ...containerOf(), workingDir: '/work' })
  })

  it('streams weights from S3 only', () => {
    const desired = { ...given().desired, source: '/models/8' }
    expect(containerOf({ desired }).args).not.toContain('--load-format=runai_streamer')
  })

  it('lets requests in flight end: the grace is longer than the way out of the endpoints and the drain together', () => {
    expect(podOf().terminationGracePeriodSeconds).toBeGreaterThan(
      (containerOf().lifecycle?.preStop?.sleep?.seconds ?? 0) + 300,
    )
  })

  it('waits for weights three times as long as the bad case, and never less than Kubernetes would need', () => {
    expect(servingObjects(given()).deployment.spec?.progressDeadlineSeconds).toBe(3600)
    const slow = { ...service, loadMinutes: { p50: 20, p95: 60 } }
    expect(servingObjects(given({ service: slow })).deployment.spec?.progressDeadlineSeconds).toBe(3 * 60 * 60)
    expect(containerOf({ service: slow }).startupProbe).toMatchObject({
      httpGet: { path: '/health', port: 'http' },
      periodSeconds: 10,
      failureThreshold: 1080,
    })
    expect(containerOf().readinessProbe).toBeDefined()
    expect(containerOf().livenessProbe).toBeDefined()
  })

  it('asks for exactly its GPUs in its pool', () => {
    expect(containerOf().resources?.limits).toEqual({ 'nvidia.com/gpu': '4' })
    expect(containerOf().resources?.requests).toMatchObject({ 'nvidia.com/gpu': '4' })
    expect(podOf().nodeSelector).toEqual({ 'karpenter.sh/nodepool': 'gpu-serve' })
    expect(podOf().tolerations).toEqual([{ key: 'nvidia.com/gpu', operator: 'Exists', effect: 'NoSchedule' }])
    expect(podOf().volumes).toContainEqual({ name: 'shared-memory', emptyDir: { medium: 'Memory', sizeLimit: '16Gi' } })
  })

  it('has no more rights than it needs, and no environment of other Services', () => {
    expect(podOf()).toMatchObject({
      enableServiceLinks: false,
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    })
    expect(containerOf().securityContext).toEqual({ allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } })
    expect(containerOf().image).toBe(image)
  })

  it('says nothing of replicas, which another field manager owns', () => {
    expect(servingObjects(given()).deployment.spec).not.toHaveProperty('replicas')
    expect(scaleObject({ kind: 'Deployment', namespace: 'serving', name: 'x' }, 0)).toEqual({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'x', namespace: 'serving' },
      spec: { replicas: 0 },
    })
  })

  it('restarts no Pod for a second attempt, and is recognised whatever its generation', () => {
    const first = servingObjects(given()).deployment
    const second = servingObjects(given({ run: { ...given().run, attempt: 2 } })).deployment
    const later = servingObjects(given({ run: { ...given().run, generation: 9 } })).deployment
    expect(second.spec).toEqual(first.spec)
    expect(second.metadata.name).toBe(first.metadata.name)
    expect(later.metadata.name).not.toBe(first.metadata.name)
    expect(later.metadata.annotations?.[DIGEST_ANNOTATION]).toBe(first.metadata.annotations?.[DIGEST_ANNOTATION])
    expect(objectDigest(first)).toBe(first.metadata.annotations?.[DIGEST_ANNOTATION])
  })

  it.each([
    ['other weights', { desired: { ...given().desired, source: 's3://models/9/' } }],
    ['another image', { service: { ...service, image: image.replaceAll('a', 'b') } }],
    ['other arguments', { service: { ...service, args: [] } }],
  ])('is another one with %s', (_, change) => {
    expect(objectDigest(servingObjects(given(change)).deployment)).not.toBe(
      objectDigest(servingObjects(given()).deployment),
    )
  })

  it('selects its own generation’s Pods and no other’s', () => {
    const { deployment } = servingObjects(given())
    const selected = deployment.spec?.selector.matchLabels ?? {}
    expect({ ...selected, [label('ledger')]: 'feedfacecafe' }).toEqual(deployment.spec?.template.metadata?.labels)
    expect(selected).toMatchObject({
      [label('installation')]: 'signalbox',
      [label('lane')]: 'service.support-llama',
      [label('generation')]: '3',
    })
    expect(Object.keys(selected)).not.toContain(label('attempt'))
    expect(deployment.metadata.labels).toMatchObject({ [label('attempt')]: '1' })
    expect(deployment.metadata.annotations).toMatchObject({
      [label('model')]: 'support-llama',
      [label('version')]: '8',
    })
  })

  it('keeps a `$` that somebody wrote as it is', () => {
    const desired = { ...given().desired, source: 's3://models/$(HOME)/8' }
    expect(containerOf({ desired }).args?.[0]).toBe('s3://models/$$(HOME)/8')
    expect(containerOf({ desired }).env).toContainEqual({ name: 'INPUT_URI', value: 's3://models/$$(HOME)/8' })
    expect(containerOf().env).toContainEqual({ name: 'SIGNALBOX_TASK', value: 'serving' })
  })
})

describe('what is made in the second revision of its engine', () => {
  const engine = second
  const patchedBy = (pod: NonNullable<ServicePolicy['pod']>) => ({ engine, service: { ...service, pod } })

  it('asks for disk, and has five seconds to say that it is ready', () => {
    expect(containerOf({ engine }).resources?.requests).toEqual({
      ...containerOf().resources?.requests,
      'ephemeral-storage': '40Gi',
    })
    expect(containerOf({ engine }).readinessProbe).toEqual({ ...containerOf().readinessProbe, timeoutSeconds: 5 })
    expect(containerOf({ engine }).args).toEqual(containerOf().args)
  })

  it('prefers nodes with the fewest of its own generation, and says so whatever the replicas are', () => {
    const { deployment } = servingObjects(given({ engine }))
    const [hosts, ...others] = podOf({ engine }).topologySpreadConstraints ?? []
    expect(hosts).toMatchObject({
      maxSkew: 1,
      topologyKey: 'kubernetes.io/hostname',
      whenUnsatisfiable: 'ScheduleAnyway',
    })
    expect(others).toEqual([])
    // Together with the keys that are looked up in each pod, it is what selects the generation.
    const labels = deployment.spec?.template.metadata?.labels ?? {}
    const looked = (hosts?.matchLabelKeys ?? []).map((key) => [key, labels[key]])
    expect({ ...hosts?.labelSelector?.matchLabels, ...Object.fromEntries(looked) }).toEqual(
      deployment.spec?.selector.matchLabels,
    )
    const more = servingObjects(given({ engine, service: { ...service, replicas: 5 } })).deployment
    expect(more).toEqual(deployment)
  })

  it('is recognised whatever its generation', () => {
    const digest = (generation: number) =>
      servingObjects(given({ engine, run: { ...given().run, generation } })).deployment.metadata.annotations
    expect(digest(9)?.[DIGEST_ANNOTATION]).toBe(digest(3)?.[DIGEST_ANNOTATION])
    expect(digest(3)?.[DIGEST_ANNOTATION]).not.toBe(
      servingObjects(given()).deployment.metadata.annotations?.[DIGEST_ANNOTATION],
    )
  })

  it('has drains held back from each generation by itself, under its name and for its pods alone', () => {
    const { deployment, disruptionBudget } = servingObjects(given({ engine }))
    expect(disruptionBudget?.metadata).toMatchObject({
      name: deployment.metadata.name,
      namespace: 'serving',
      labels: { ...deployment.spec?.selector.matchLabels, [label('ledger')]: 'feedfacecafe' },
    })
    expect(disruptionBudget?.spec).toEqual({
      maxUnavailable: 1,
      unhealthyPodEvictionPolicy: 'AlwaysAllow',
      selector: deployment.spec?.selector,
    })
    expect(Object.values(servingObjects(given())).map(({ kind }) => kind)).toEqual(['Deployment', 'Service', 'Service'])
  })

  it('from its fourth revision on, drains leave what the service can do with, however few of a generation stand', () => {
    const [, , , leaving] = ENGINES.vllm
    const left = (replicas: number, maxUnavailable: number) =>
      servingObjects(given({ engine: leaving, service: { ...service, replicas, maxUnavailable } })).disruptionBudget
        ?.spec
    expect(left(2, 1)).toEqual({
      minAvailable: 1,
      unhealthyPodEvictionPolicy: 'AlwaysAllow',
      selector: servingObjects(given()).deployment.spec?.selector,
    })
    expect([left(3, 1), left(1, 1), left(1, 2)].map((spec) => spec?.minAvailable)).toEqual([2, 1, 0])
  })

  it('yields to the policy’s patch in each of it', () => {
    const must = { topologyKey: 'kubernetes.io/hostname', maxSkew: 2, whenUnsatisfiable: 'DoNotSchedule' }
    const resources = { requests: { 'ephemeral-storage': '200Gi' } }
    const container = { name: 'vllm', readinessProbe: { timeoutSeconds: 15 }, resources }
    const patch = patchedBy({ topologySpreadConstraints: [must], containers: [container] })
    const [hosts] = podOf({ engine }).topologySpreadConstraints ?? []
    expect(podOf(patch).topologySpreadConstraints).toEqual([{ ...hosts, ...must }])
    expect(containerOf(patch).readinessProbe?.timeoutSeconds).toBe(15)
    expect(containerOf(patch).resources?.requests).toMatchObject(resources.requests)
    expect(podOf(patchedBy({ topologySpreadConstraints: null }))).not.toHaveProperty('topologySpreadConstraints')
  })
})

describe('what is made in the third revision of its engine', () => {
  const engine = engineOf({ engine: { name: 'vllm', revision: 3 } }, service)

  it('is of the class of what its installation serves, and else as in the second', () => {
    const { priorityClassName, ...pod } = podOf({ engine })
    expect(priorityClassName).toBe('signalbox-signalbox-serving')
    expect(pod).toEqual(podOf({ engine: second }))
    expect(podOf({ engine: second })).not.toHaveProperty('priorityClassName')
    const { disruptionBudget } = servingObjects(given({ engine }))
    expect(disruptionBudget).toEqual(servingObjects(given({ engine: second })).disruptionBudget)
  })
})

describe('the Services of a served model', () => {
  it('are one for the lane, with a name that never changes, and one for each generation', () => {
    const one = servingObjects(given())
    const two = servingObjects(given({ run: { ...given().run, generation: 4 } }))
    expect(two.service).toEqual(one.service)
    expect(two.generationService.metadata.name).not.toBe(one.generationService.metadata.name)
    expect(one.generationService.metadata.name).toBe(one.deployment.metadata.name)
  })

  it('lead to serving Pods alone: the lane’s to all generations, the generation’s to its own', () => {
    const { deployment, service, generationService } = servingObjects(given())
    const pod = deployment.spec?.template.metadata?.labels ?? {}
    expect(pod).toMatchObject(service.spec?.selector ?? { never: '' })
    expect(service.spec?.selector).not.toHaveProperty(label('generation'))
    expect(service.spec?.selector).toMatchObject({ [label('task')]: 'serving' })
    expect({ ...generationService.spec?.selector, [label('ledger')]: 'feedfacecafe' }).toEqual(pod)
    expect(service.spec?.ports).toEqual([{ name: 'http', port: 80, targetPort: 'http' }])
  })

  it('can be called by a URL that names one generation', () => {
    const { generationService } = servingObjects(given())
    expect(generationUrl(given())).toBe(`http://${generationService.metadata.name}.serving.svc`)
  })
})

it('tells whom a Service leads to: nobody, where it selects by what no pod of ours has', () => {
  const { identity, run, namespace } = given()
  const to = (where: number | 'all') => trafficService({ identity, run, namespace }, where)
  for (const where of ['all', 1, 0] as const) expect(trafficOf(to(where))).toBe(where)
  expect(trafficOf(undefined)).toBeNull()
  const foreign = to(1)
  foreign.spec = { ...foreign.spec, selector: { ...foreign.spec?.selector, maintenance: 'yes' } }
  expect(trafficOf(foreign)).toBe(0)
})
