import type { V1Container, V1PodSpec } from '@kubernetes/client-node'
import { describe, expect, it } from 'vitest'
import { runOnceName } from '../../../core/names.ts'
import { engineOf } from '../../../core/workloads/engines.ts'
import { type GateCheckInput, gateCheckJob } from '../../../core/workloads/gate-check.ts'
import { objectDigest } from '../../../core/workloads/object-digest.ts'
import { servingObjects } from '../../../core/workloads/serving.ts'

const image = `checker@sha256:${'c'.repeat(64)}`
const given = (change: Partial<GateCheckInput> = {}): GateCheckInput => ({
  identity: { installation: 'signalbox', ledger: 'feedfacecafe', name: 'service-support-llama-0123abcd' },
  run: { lane: 'service/support-llama', generation: 3, attempt: 1 },
  stepName: 'gate',
  desired: {
    kind: 'serve',
    model: 'support-llama',
    version: '8',
    source: 's3://models/8/',
    runId: null,
    digest: 'd',
    requester: null,
  },
  service: {
    mode: 'act',
    engine: 'vllm',
    alias: 'champion',
    image: image.replace('checker', 'vllm'),
    pool: 'gpu-serve',
    replicas: 2,
    gpusPerReplica: 4,
    maxModelLen: 16384,
    args: [],
    loadMinutes: { p50: 5, p95: 15 },
    maxUnavailable: 1,
    gate: {
      image,
      checks: [
        { metric: 'exact_match', op: '>=', value: 0.8 },
        { metric: 'p95_ms', op: '<=', value: 900 },
      ],
      minutes: { p50: 3, p95: 10 },
    },
  },
  namespace: 'serving',
  policy: { results: { bucket: 'results', prefix: 'signalbox/' } },
  ...change,
})
const podOf = (input = given()): V1PodSpec => gateCheckJob(input).spec?.template.spec as V1PodSpec
const containerOf = (input = given()): V1Container => podOf(input).containers[0] as V1Container

describe('the Job that asks a new generation', () => {
  it('asks that generation alone, and writes where the plan fixed', () => {
    const { generationService } = servingObjects({ ...given(), engine: engineOf({}, given().service) })
    expect(containerOf().env).toEqual([
      { name: 'SIGNALBOX_TASK', value: 'gate-check' },
      { name: 'TARGET_URL', value: `http://${generationService.metadata.name}.serving.svc` },
      { name: 'SERVED_MODEL', value: 'support-llama' },
      { name: 'INPUT_URI', value: 's3://models/8/' },
      { name: 'METRICS', value: 'exact_match,p95_ms' },
      { name: 'JOB_NAME', valueFrom: { fieldRef: { fieldPath: "metadata.labels['batch.kubernetes.io/job-name']" } } },
      { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
      { name: 'RESULTS_URI', value: 's3://results/signalbox' },
    ])
  })

  it('asks an adopted Deployment under its own generation', () => {
    expect(containerOf(given({ generation: 1 })).env).toContainEqual(
      expect.objectContaining({ name: 'TARGET_URL', value: expect.stringContaining('-g1.serving.svc') }),
    )
  })

  it('ends: three times the bad case, few retries, none when its settings are wrong, none counted for a disruption', () => {
    const { spec } = gateCheckJob(given())
    expect(spec).toMatchObject({ activeDeadlineSeconds: 1800, backoffLimit: 2, podReplacementPolicy: 'Failed' })
    expect(spec?.template.spec?.restartPolicy).toBe('Never')
    expect(spec?.podFailurePolicy?.rules).toEqual([
      { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
      { action: 'FailJob', onExitCodes: { containerName: containerOf().name, operator: 'In', values: [42] } },
    ])
  })

  it('without an image is signalbox-run’s probe, which is brought as into a stage and told what to ask', () => {
    const probe = { prompts: [{ prompt: 'Capital of France, for $5?', contains: ['paris'] }], requests: 40 }
    const sha256 = { amd64: 'a'.repeat(64), arm64: 'b'.repeat(64) }
    const gateOf = (more: object) => ({
      ...given().service,
      gate: {
        checks: [{ metric: 'golden_rate', op: '>=' as const, value: 0.9 }],
        minutes: { p50: 3, p95: 10 },
        ...more,
      },
    })
    for (const runner of [{ image }, { image, sha256 }]) {
      const input = given({ service: gateOf({ probe }), policy: { ...given().policy, runner } })
      const container = containerOf(input)
      expect(container).toMatchObject({ image, command: ['/signalbox/bin/signalbox-run', 'probe'] })
      const asked = container.env?.find(({ name }) => name === 'SIGNALBOX_QUESTIONS')?.value ?? ''
      expect(JSON.parse(asked.replaceAll('$$', '$'))).toEqual(probe)
      expect(podOf(input).initContainers).toMatchObject([{ name: 'signalbox-run', image }])
      const rules = gateCheckJob(input).spec?.podFailurePolicy?.rules ?? []
      expect(rules.map(({ onExitCodes }) => onExitCodes?.containerName)).toEqual([
        undefined,
        'gate-check',
        'signalbox-run',
      ])
      // A server, or S3, that did not answer is asked again.
      expect(rules.flatMap(({ onExitCodes }) => onExitCodes?.values ?? [])).not.toContain(75)
      const usual = given({ service: gateOf({}), policy: { ...given().policy, runner } })
      expect(JSON.stringify(containerOf(usual))).not.toContain('SIGNALBOX_QUESTIONS')
    }
  })

  it('is not deleted by Kubernetes before its outcome is stored', () => {
    expect(gateCheckJob(given()).spec).not.toHaveProperty('ttlSecondsAfterFinished')
  })

  it('takes no GPU, no rights and no root', () => {
    expect(JSON.stringify(containerOf().resources)).not.toContain('gpu')
    expect(podOf()).toMatchObject({
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      securityContext: { runAsNonRoot: true },
    })
    expect(containerOf().securityContext).toMatchObject({
      capabilities: { drop: ['ALL'] },
      readOnlyRootFilesystem: true,
    })
  })

  it('is never behind the lane’s Service', () => {
    const labels = gateCheckJob(given()).spec?.template.metadata?.labels ?? {}
    const selector = servingObjects({ ...given(), engine: engineOf({}, given().service) }).service.spec?.selector ?? {}
    expect(Object.entries(selector).every(([key, value]) => labels[key] === value)).toBe(false)
  })

  it('has a name of its own for each attempt, and the same digest', () => {
    const again = given({ run: { ...given().run, attempt: 2 } })
    expect(gateCheckJob(again).metadata.name).toBe(runOnceName(again.identity, again.run, 'gate'))
    expect(gateCheckJob(again).metadata.name).not.toBe(gateCheckJob(given()).metadata.name)
    expect(objectDigest(gateCheckJob(again))).toBe(objectDigest(gateCheckJob(given())))
  })
})
