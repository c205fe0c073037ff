import { describe, expect, it } from 'vitest'
import { QUEUE_LABEL } from '../../../core/kube.ts'
import { type Config, parsePolicy } from '../../../core/policy.ts'
import { DIGEST_ANNOTATION, objectDigest } from '../../../core/workloads/object-digest.ts'
import { fromLabel } from '../../../core/workloads/pod-environment.ts'
import { newest } from '../../../core/workloads/presets.ts'
import { BAD_INPUT_EXIT, type StageInput, stageJob } from '../../../core/workloads/stage-job.ts'
import { workDigest } from '../../../core/workloads/work-digest.ts'
import { exampleConfig, trainInput } from '../training-fixture.ts'

type Stage = NonNullable<Config['pipelines']>[string]['stages'][number]

/** The Job of one of the example's two stages, after a change of it. */
const input = (at: 0 | 1, change: Partial<Stage> = {}, over: Partial<StageInput> = {}): StageInput => {
  const config: Config = exampleConfig()
  const stages = config.pipelines!['support-chats']!.stages
  stages[at] = { ...stages[at]!, ...change }
  const policy = parsePolicy(config)
  const stage = policy.pipelines['support-chats']!.stages[at]!
  const preset = stage.use === undefined ? null : newest(stage.use)
  const model = 'meta-llama/Llama-3.1-8B-Instruct'
  const reads: Record<string, string> = at === 0 ? {} : { train: 'a-train' }
  return { ...trainInput({ policy }), stage, preset, model, reads, ...over }
}
const training = (change: Partial<Stage> = {}, over: Partial<StageInput> = {}) => stageJob(input(0, change, over))
const evaluation = (change: Partial<Stage> = {}, over: Partial<StageInput> = {}) => stageJob(input(1, change, over))
type Job = ReturnType<typeof stageJob>
const main = (job: Job) => job.spec!.template.spec!.containers[0]!
const env = (job: Job) =>
  Object.fromEntries(main(job).env!.map(({ name, value, valueFrom }) => [name, value ?? valueFrom]))
const later = { lane: 'pipeline/support-chats', generation: 2, attempt: 5 }

describe('the Job of a stage', () => {
  const job = training()
  const pod = job.spec!.template

  it('is a Job of batch/v1 that carries its identity in its name and labels', () => {
    expect(job).toMatchObject({ apiVersion: 'batch/v1', kind: 'Job' })
    expect(job.metadata.namespace).toBe('training')
    expect(job.metadata.name).toMatch(/^pipeline-support-chats-[0-9a-f]{8}-g1a1-train$/)
    const plan = job.metadata.name.replace(/-train$/, '')
    const labels = {
      'signalbox.dev/installation': 'signalbox',
      'signalbox.dev/ledger': 'feedfacecafe',
      'signalbox.dev/lane': 'pipeline.support-chats',
      'signalbox.dev/generation': '1',
      'signalbox.dev/attempt': '1',
      'signalbox.dev/plan': plan,
    }
    expect(job.metadata.labels).toEqual(labels)
    expect(pod.metadata!.labels).toEqual(labels)
    expect(job.metadata.annotations).toEqual({ [DIGEST_ANNOTATION]: objectDigest(job) })
  })

  it('may take a quarter of its bad case to end, and two minutes at most: it is told to end so much before its bound', () => {
    const grace = (p95: number) =>
      training({ hours: { p50: p95, p95 } }).spec!.template.spec!.terminationGracePeriodSeconds
    expect([6, 0.2, 0.03, 0.0001].map(grace)).toEqual([120, 120, 27, 1])
  })

  it('is never run twice by Kubernetes for a failure of its own, only for a disruption', () => {
    expect(job.spec).toMatchObject({ backoffLimit: 0, completions: 1, parallelism: 1, podReplacementPolicy: 'Failed' })
    expect(pod.spec!.restartPolicy).toBe('Never')
    expect(job.spec!.podFailurePolicy!.rules).toEqual([
      { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
      { action: 'FailJob', onExitCodes: { containerName: main(job).name, operator: 'In', values: [BAD_INPUT_EXIT] } },
    ])
  })

  it('ends after three times its bad case, in whole seconds, and is kept until its outcome is stored', () => {
    expect(job.spec!.activeDeadlineSeconds).toBe(3 * 3 * 3600)
    expect(evaluation().spec!.activeDeadlineSeconds).toBe(5400)
    expect(training({ hours: { p50: 0.1, p95: 1 / 7 } }).spec!.activeDeadlineSeconds).toBe(1543)
    expect(job.spec).not.toHaveProperty('ttlSecondsAfterFinished')
  })

  it('is given at most a quarter of a short stage to end in, so that its bound leaves time for the work', () => {
    const graceOf = (p95: number) =>
      training({ hours: { p50: p95, p95 } }).spec!.template.spec!.terminationGracePeriodSeconds
    expect([graceOf(3), graceOf(0.03), graceOf(0.0001)]).toEqual([120, 27, 1])
  })

  it('stays on its node, in its pool, past the taint of GPU nodes', () => {
    expect(pod.metadata!.annotations).toEqual({ 'karpenter.sh/do-not-disrupt': 'true' })
    expect(pod.spec!.nodeSelector).toEqual({ 'karpenter.sh/nodepool': 'gpu-train' })
    expect(pod.spec!.tolerations).toEqual([{ key: 'nvidia.com/gpu', operator: 'Exists', effect: 'NoSchedule' }])
  })

  it('asks for exactly its GPUs and has shared memory for them', () => {
    expect(main(job).resources!.requests!['nvidia.com/gpu']).toBe('8')
    expect(main(job).resources!.limits).toEqual({ 'nvidia.com/gpu': '8' })
    expect(main(evaluation()).resources!.limits).toEqual({ 'nvidia.com/gpu': '1' })
    expect(pod.spec!.volumes).toEqual([{ name: 'shared-memory', emptyDir: { medium: 'Memory', sizeLimit: '64Gi' } }])
    expect(main(job).volumeMounts).toEqual([{ name: 'shared-memory', mountPath: '/dev/shm' }])
  })

  it('has a scratch folder, is told where, and asks for disk: but nothing of it where it was made before there was one', () => {
    const second = training({}, { desired: { ...trainInput().desired, pods: 2 } })
    expect(main(second).resources!.requests).toEqual({
      ...main(job).resources!.requests,
      'ephemeral-storage': '80Gi',
    })
    expect(second.spec!.template.spec!.volumes).toEqual([
      ...pod.spec!.volumes!,
      { name: 'signalbox-scratch', emptyDir: { sizeLimit: '160Gi' } },
    ])
    expect(env(second)).toEqual({ ...env(job), SIGNALBOX_SCRATCH: '/signalbox/scratch' })
    expect(main(second).volumeMounts).toContainEqual({ name: 'signalbox-scratch', mountPath: '/signalbox/scratch' })
    expect(objectDigest(second)).not.toBe(objectDigest(job))
  })

  it('asks for no disk where Kueue lends the pool, whose quota need not cover any; nor beyond what its patch says', () => {
    const desired = { ...trainInput().desired, pods: 2 }
    const { policy } = input(0)
    const pools = { ...policy.pools, 'gpu-train': { ...policy.pools['gpu-train']!, queue: 'gpu' } }
    expect(main(training({}, { desired, policy: { ...policy, pools } })).resources).toEqual(main(job).resources)
    const limits = { 'ephemeral-storage': '5Gi' }
    const patch = { containers: [{ name: 'train', resources: { limits } }] }
    expect(main(training({ pod: patch }, { desired })).resources).toEqual({
      requests: main(job).resources!.requests,
      limits: { ...main(job).resources!.limits, ...limits },
    })
  })

  it('may be evicted where nodes may be spot ones, which end two minutes after their notice: once made for that, and nowhere else', () => {
    const { policy } = input(0)
    const made = (revision: number, capacityTypes: ('on-demand' | 'spot')[]) => {
      const pools = { ...policy.pools, 'gpu-train': { ...policy.pools['gpu-train']!, capacityTypes } }
      const desired = { ...trainInput().desired, pods: revision }
      return training({}, { desired, policy: { ...policy, pools } })
    }
    const annotations = (...of: Parameters<typeof made>) => made(...of).spec!.template.metadata!.annotations
    const held = { 'karpenter.sh/do-not-disrupt': 'true' }
    expect([1, 2, 3].map((revision) => annotations(revision, ['on-demand']))).toEqual([held, held, held])
    expect([1, 2, 3].map((revision) => annotations(revision, ['spot', 'on-demand']))).toEqual([held, held, undefined])
    // Done is done: a pool that takes spot nodes from now on has nothing made again.
    expect(workDigest(made(3, ['spot']))).toBe(workDigest(made(3, ['on-demand'])))
  })

  it('may do nothing that its work does not need', () => {
    expect(pod.spec!.automountServiceAccountToken).toBe(false)
    expect(pod.spec!.securityContext).toEqual({ seccompProfile: { type: 'RuntimeDefault' } })
    expect(main(job).securityContext).toEqual({ allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } })
    expect(main(job).image).toMatch(/@sha256:[0-9a-f]{64}$/)
  })

  it('has the same digest for every attempt at one desired state, and another for another dataset version', () => {
    for (const build of [training, evaluation]) {
      const again = build({}, { run: later })
      expect(again.metadata.name).not.toBe(build().metadata.name)
      expect(objectDigest(again)).toBe(objectDigest(build()))
    }
    const other = training({}, { desired: { ...trainInput().desired, version: 'cd'.repeat(32) } })
    expect(objectDigest(other)).not.toBe(objectDigest(job))
  })

  it('never says its attempt in a value, only in names and labels', () => {
    const run = { lane: 'pipeline/support-chats', generation: 71, attempt: 83 }
    expect(JSON.stringify(evaluation({}, { run }).spec!.template.spec)).not.toContain('g71a83')
  })

  it('begins suspended in the queue of a pool that Kueue owns, which is part of what it is; elsewhere in none', () => {
    const { policy } = input(0)
    const pools = { ...policy.pools, 'gpu-train': { ...policy.pools['gpu-train']!, queue: 'gpu' } }
    const queued = training({}, { policy: { ...policy, pools } })
    expect(queued.metadata.labels).toEqual({ ...job.metadata.labels, [QUEUE_LABEL]: 'gpu' })
    expect(queued.spec).toEqual({ ...job.spec, suspend: true })
    expect(job.spec).not.toHaveProperty('suspend')
    expect(objectDigest(queued)).not.toBe(objectDigest(job))
    // Kueue lifts the suspension: it is the same Job.
    expect(objectDigest({ ...queued, spec: { ...queued.spec!, suspend: false } })).toBe(objectDigest(queued))
  })
})

describe('what a stage runs', () => {
  it('is its preset’s command, once per GPU, with the arguments of the policy', () => {
    expect(main(training()).command).toEqual(['torchrun', '--standalone', '--nproc-per-node=$(GPUS)', 'train.py'])
    expect(main(training()).args).toEqual(['--epochs=3', '--lora-rank=16'])
    expect(env(training())).toMatchObject({ GPUS: '8', METHOD: 'lora', NCCL_DEBUG: 'INFO' })
  })

  it('is the image’s own program where neither preset nor stage says', () => {
    expect(main(evaluation())).not.toHaveProperty('command')
    expect(main(evaluation())).not.toHaveProperty('args')
  })

  it('is what the stage says, which wins over its preset', () => {
    const own = training({ command: ['accelerate', 'launch'], env: { METHOD: 'full', EXTRA: 'x' } })
    expect(main(own).command).toEqual(['accelerate', 'launch'])
    expect(env(own)).toMatchObject({ METHOD: 'full', EXTRA: 'x' })
    expect(main(own).env!.filter(({ name }) => name === 'METHOD')).toHaveLength(1)
  })

  it('is the same whatever the order of its variables', () => {
    const [one, two] = [training({ env: { A: '1', B: '2' } }), training({ env: { B: '2', A: '1' } })]
    expect(objectDigest(two)).toBe(objectDigest(one))
  })

  it('is told what to read, what it must be, and where to write', () => {
    expect(env(training())).toMatchObject({
      SIGNALBOX_TASK: 'fine-tune',
      BASE_MODEL: 'meta-llama/Llama-3.1-8B-Instruct',
      INPUT_URI: 's3://acme-datasets/support-chats/2026-11-24/',
      INPUT_MANIFEST: 'manifest.json',
      INPUT_SHA256: 'ab'.repeat(32),
      RESULTS_URI: 's3://acme-results/results',
      JOB_NAME: { fieldRef: { fieldPath: "metadata.labels['batch.kubernetes.io/job-name']" } },
    })
  })

  it('is told of the version of a model that it runs on, and what lies there where somebody can say', () => {
    const weights = { model: 'm', version: '7', made: 1, source: 's3://b/$(x)', runId: null, by: null }
    const told = (more: object) =>
      env(training({}, { desired: { ...trainInput().desired, weights: { ...weights, ...more } } }))
    expect(told({ pin: 'version:1' })).toMatchObject({
      ...{ INPUT_MODEL: 'm', INPUT_MODEL_VERSION: '7', INPUT_MODEL_PIN: 'version:1' },
      INPUT_MODEL_URI: 's3://b/$$(x)',
    })
    expect(told({})).not.toHaveProperty('INPUT_MODEL_PIN')
  })

  it('gets secrets by the names of a Secret and its key, never their values', () => {
    const own = training({ secrets: { HF_TOKEN: { secret: 'hugging-face', key: 'token' } } })
    expect(env(own)['HF_TOKEN']).toEqual({ secretKeyRef: { name: 'hugging-face', key: 'token' } })
  })

  it('reads a key literally, whatever Kubernetes would expand in it', () => {
    const desired = { ...trainInput().desired, key: 'a/$(JOB_NAME)/$$/m.json' }
    expect(env(training({}, { desired }))['INPUT_URI']).toBe('s3://acme-datasets/a/$$(JOB_NAME)/$$$$/')
    expect(env(training({}, { desired: { ...desired, key: 'm.json' } }))['INPUT_URI']).toBe('s3://acme-datasets/')
  })

  it('reads what the Jobs of earlier stages wrote, by variables that Kubernetes knows before it expands them', () => {
    const job = evaluation({}, { reads: { train: 'a-train', 'merge-it': 'a-merge-it' } })
    const names = main(job).env!.map(({ name }) => name)
    for (const [variable, made] of [
      ['TRAIN', 'a-train'],
      ['MERGE_IT', 'a-merge-it'],
    ] as const) {
      const path = main(job).env!.find(({ name }) => name === `${variable}_JOB`)!.valueFrom!.fieldRef!.fieldPath!
      expect(job.spec!.template.metadata!.labels![/\['(.+)'\]/.exec(path)![1]!]).toBe(made)
      const uri = main(job).env!.find(({ name }) => name === `${variable}_RESULT_URI`)!.value!
      const used = [...uri.matchAll(/\$\((\w+)\)/g)].map(([, name]) => name!)
      expect(used).toEqual(['RESULTS_URI', `${variable}_JOB`])
      for (const name of used) expect(names.indexOf(name)).toBeLessThan(names.indexOf(`${variable}_RESULT_URI`))
    }
  })

  it('reads what an earlier attempt’s Job wrote where that is carried over, under the same digest', () => {
    const carried = evaluation({}, { run: later, reads: { train: 'pipeline-support-chats-0123abcd-g2a1-train' } })
    expect(Object.values(carried.spec!.template.metadata!.labels!)).toContain(
      'pipeline-support-chats-0123abcd-g2a1-train',
    )
    expect(objectDigest(carried)).toBe(objectDigest(evaluation()))
  })

  it('has its pod patched as the policy says, which is part of what is approved', () => {
    const pod = { schedulerName: 'kai', containers: [{ name: 'train', workingDir: '/work' }] }
    const own = training({ pod })
    expect(own.spec!.template.spec).toMatchObject({ schedulerName: 'kai', restartPolicy: 'Never' })
    expect(main(own)).toEqual({ ...main(training()), workingDir: '/work' })
    expect(objectDigest(own)).not.toBe(objectDigest(training()))
  })

  it('reads a label into the environment by its path', () => {
    expect(fromLabel('A', 'x.dev/b')).toEqual({
      name: 'A',
      valueFrom: { fieldRef: { fieldPath: "metadata.labels['x.dev/b']" } },
    })
  })
})
