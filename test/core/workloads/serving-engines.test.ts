import type { V1Container, V1PodSpec } from '@kubernetes/client-node'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ServeDesired } from '../../../core/desired.ts'
import { parsePolicy, type ServicePolicy } from '../../../core/policy.ts'
import { ENGINE_NAMES, type EngineName } from '../../../core/workloads/engine-versions.ts'
import { ENGINES } from '../../../core/workloads/engines.ts'
import { DIGEST_ANNOTATION } from '../../../core/workloads/object-digest.ts'
import { type ServingInput, servingObjects } from '../../../core/workloads/serving.ts'
import { exampleConfig } from '../training-fixture.ts'

const image = `acme/engine@sha256:${'a'.repeat(64)}`
const runner = { image: `acme/runner@sha256:${'b'.repeat(64)}` }
const example = parsePolicy(exampleConfig()).services['code-llama']!
const desired: ServeDesired = {
  kind: 'serve',
  model: 'code-llama',
  version: '8',
  source: 's3://models/8/',
  runId: null,
  digest: 'd',
  requester: null,
}
const adapter: ServeDesired = { ...desired, source: 's3://models/a/adapter/', base: 'hf://a/b' }
const given = (engine: EngineName, change: Partial<ServingInput> = {}): ServingInput => ({
  identity: { installation: 'signalbox', ledger: 'feedfacecafe', name: 'service-code-llama-0123abcd' },
  run: { lane: 'service/code-llama', generation: 3, attempt: 1 },
  desired,
  service: { ...example, engine, image },
  engine: ENGINES[engine].at(-1)!,
  runner,
  namespace: 'serving',
  ...change,
})
const podOf = (input: ServingInput): V1PodSpec => servingObjects(input).deployment.spec?.template.spec as V1PodSpec
const digestOf = (input: ServingInput) =>
  servingObjects(input).deployment.metadata.annotations?.[DIGEST_ANNOTATION] ?? ''
const engineIn = (pod: V1PodSpec): V1Container => pod.containers[0] as V1Container

const SERVED = fc.record({
  name: fc.constantFrom(...ENGINE_NAMES),
  revision: fc.nat(9),
  gpus: fc.integer({ min: 1, max: 8 }),
  p95: fc.integer({ min: 1, max: 10_000 }),
  maxModelLen: fc.option(fc.integer({ min: 1, max: 1_000_000 }), { nil: undefined }),
  version: fc.constantFrom(desired, adapter, { ...desired, source: 'hf://a/b' }),
})

it('whatever serves: GPUs are asked for as they are limited, images are digests, and it may load and leave in time', () => {
  fc.assert(
    fc.property(SERVED, ({ name, revision, gpus, p95, maxModelLen, version }) => {
      const engines = ENGINES[name]
      const engine = engines[revision % engines.length]!
      const service: ServicePolicy = {
        ...example,
        ...{ engine: name, image, gpusPerReplica: gpus, loadMinutes: { p50: 1, p95 } },
        ...(maxModelLen === undefined ? {} : { maxModelLen }),
      }
      const pod = podOf(given(name, { desired: version, engine, service }))
      const { resources, startupProbe, readinessProbe, livenessProbe, ports, lifecycle } = engineIn(pod)
      expect(resources?.requests?.['nvidia.com/gpu']).toBe(String(gpus))
      expect(resources?.limits).toEqual({ 'nvidia.com/gpu': String(gpus) })
      const all = [...pod.containers, ...(pod.initContainers ?? [])]
      expect(all.filter(({ resources: own }) => own?.limits?.['nvidia.com/gpu'] !== undefined)).toHaveLength(1)
      for (const one of all) expect(one.image).toMatch(/@sha256:[0-9a-f]{64}$/)
      expect(new Set(all.map((one) => one.name)).size).toBe(all.length)
      for (const probe of [startupProbe, readinessProbe, livenessProbe])
        expect(probe?.httpGet).toEqual({ path: engine.health, port: ports?.[0]?.name })
      const patience = (startupProbe?.periodSeconds ?? 0) * (startupProbe?.failureThreshold ?? 0)
      expect(patience).toBeGreaterThanOrEqual(p95 * 60 * 3)
      const { deployment } = servingObjects(given(name, { desired: version, engine, service }))
      expect(deployment.spec?.progressDeadlineSeconds).toBeGreaterThanOrEqual(p95 * 60 * 3)
      expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(
        (lifecycle?.preStop?.sleep?.seconds ?? 0) + engine.drain,
      )
      // What is mounted is there.
      const volumes = new Set(pod.volumes?.map((one) => one.name))
      for (const { volumeMounts = [] } of all) for (const mount of volumeMounts) expect(volumes).toContain(mount.name)
    }),
  )
})

it('the same is asked for with the same digest, in whatever generation and attempt', () => {
  fc.assert(
    fc.property(SERVED, fc.integer({ min: 1, max: 99 }), ({ name, version }, generation) => {
      const run = { lane: 'service/code-llama', generation, attempt: generation }
      expect(digestOf(given(name, { desired: version, run }))).toBe(digestOf(given(name, { desired: version })))
    }),
  )
})

describe('an adapter', () => {
  const of = (change: Partial<ServeDesired> = {}, service: Partial<ServicePolicy> = {}) =>
    given('vllm', {
      desired: { ...adapter, ...change },
      service: { ...example, image, ...service },
    })

  it('is another with another base, be it of its version or of the policy, and with another address', () => {
    const digests = [
      of(),
      of({ base: 'hf://a/c' }),
      of({}, { base: 'hf://a/d' }),
      of({ source: 's3://models/b/adapter/' }),
    ]
    expect(new Set(digests.map(digestOf)).size).toBe(4)
    expect(digestOf(of({ base: 'hf://a/d' }))).toBe(digestOf(of({}, { base: 'hf://a/d' })))
  })

  it('has its disk asked for beside its engine’s, unless the policy says all of it', () => {
    const disk = (input: ServingInput) => engineIn(podOf(input)).resources?.requests?.['ephemeral-storage']
    expect(disk(given('vllm', { service: { ...example, image, gpusPerReplica: 1 } }))).toBe('10Gi')
    expect(disk(of({}, { gpusPerReplica: 1 }))).toBe('15Gi')
    const pod = { containers: [{ name: 'vllm', resources: { requests: { 'ephemeral-storage': '200Gi' } } }] }
    expect(disk(of({}, { pod }))).toBe('200Gi')
  })

  it('is fetched after what the policy brings in, and nothing of it can be patched away', () => {
    const pod = podOf(of({}, { pod: { initContainers: [{ name: 'warm', image }] } }))
    expect(pod.initContainers?.map(({ name }) => name)).toEqual(['warm', 'signalbox-run', 'signalbox-fetch'])
  })

  it('is not served by an older revision otherwise than before', () => {
    const [, , , fourth] = ENGINES.vllm
    expect(podOf({ ...of(), engine: fourth! })).not.toHaveProperty('initContainers')
  })
})

it('whole weights that vLLM streams have nothing brought in, whatever the policy says of the program', () => {
  expect(podOf(given('vllm'))).not.toHaveProperty('initContainers')
  const { runner: _, ...bare } = given('vllm')
  expect(digestOf(bare)).toBe(digestOf(given('vllm')))
})

it('an engine that asks for its user’s name is told one, and a home that it may write', () => {
  for (const name of ['sglang', 'trtllm'] as const) {
    const { env = [], volumeMounts = [] } = engineIn(podOf(given(name)))
    expect(env).toContainEqual({ name: 'USER', value: 'signalbox' })
    const home = env.find((one) => one.name === 'HOME')?.value
    expect(volumeMounts.some(({ mountPath, readOnly }) => mountPath === home && readOnly !== true)).toBe(true)
    expect(podOf(given(name)).securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 2000, fsGroup: 2000 })
  }
})

it('secrets are named, in one order, and no value of one is in any object', () => {
  const secrets = { WANDB: { secret: 'w', key: 'k' }, HF_TOKEN: { secret: 'hugging-face', key: 'token' } }
  const { env = [] } = engineIn(podOf(given('sglang', { service: { ...example, engine: 'sglang', image, secrets } })))
  expect(env.slice(-2)).toEqual([
    { name: 'HF_TOKEN', valueFrom: { secretKeyRef: { name: 'hugging-face', key: 'token' } } },
    { name: 'WANDB', valueFrom: { secretKeyRef: { name: 'w', key: 'k' } } },
  ])
})

it('an adapter has the disk that is ours to bound, or what the policy says alone', () => {
  const sizeOf = (resources: object) => {
    const pod = { containers: [{ name: 'vllm', resources }] } as never
    const input = given('vllm', { desired: adapter, service: { ...example, engine: 'vllm', image, pod } })
    return podOf(input).volumes?.find(({ name }) => name === 'signalbox-weights')?.emptyDir
  }
  expect(sizeOf({})).toEqual({ sizeLimit: '5Gi' })
  expect(sizeOf({ requests: { 'ephemeral-storage': '60Gi' } })).toEqual({})
  expect(sizeOf({ limits: { 'ephemeral-storage': '60Gi' } })).toEqual({})
})
