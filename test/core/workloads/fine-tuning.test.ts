import { describe, expect, it } from 'vitest'
import { parsePolicy } from '../../../core/policy.ts'
import { fineTuningJob } from '../../../core/workloads/fine-tuning.ts'
import type { TrainingInput } from '../../../core/workloads/gpu-job.ts'
import { DIGEST_ANNOTATION, objectDigest } from '../../../core/workloads/object-digest.ts'
import { exampleConfig, trainInput } from '../training-fixture.ts'

const input = (over: Partial<TrainingInput> = {}): TrainingInput => {
  const base = trainInput()
  return { ...base, dataset: base.policy.datasets['support-chats']!, ...over }
}

const env = (job = fineTuningJob(input())) =>
  Object.fromEntries(
    job.spec!.template.spec!.containers[0]!.env!.map(({ name, value, valueFrom }) => [name, value ?? valueFrom]),
  )

describe('the fine-tuning Job', () => {
  const job = fineTuningJob(input())
  const pod = job.spec!.template
  const main = pod.spec!.containers[0]!

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

  it('is never run twice by Kubernetes for a failure of its own, only for a disruption', () => {
    expect(job.spec).toMatchObject({ backoffLimit: 0, completions: 1, parallelism: 1, podReplacementPolicy: 'Failed' })
    expect(pod.spec!.restartPolicy).toBe('Never')
    expect(job.spec!.podFailurePolicy!.rules).toEqual([
      { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
      { action: 'FailJob', onExitCodes: { containerName: main.name, operator: 'In', values: [42] } },
    ])
  })

  it('ends after three times its bad case, and is kept until its outcome is stored', () => {
    expect(job.spec!.activeDeadlineSeconds).toBe(3 * 3 * 3600)
    expect(job.spec).not.toHaveProperty('ttlSecondsAfterFinished')
  })

  it('stays on its node, in its pool, past the taint of GPU nodes', () => {
    expect(pod.metadata!.annotations).toEqual({ 'karpenter.sh/do-not-disrupt': 'true' })
    expect(pod.spec!.nodeSelector).toEqual({ 'karpenter.sh/nodepool': 'gpu-train' })
    expect(pod.spec!.tolerations).toEqual([{ key: 'nvidia.com/gpu', operator: 'Exists', effect: 'NoSchedule' }])
  })

  it('asks for exactly its GPUs and has shared memory for them', () => {
    expect(main.resources!.requests!['nvidia.com/gpu']).toBe('8')
    expect(main.resources!.limits).toEqual({ 'nvidia.com/gpu': '8' })
    expect(pod.spec!.volumes).toEqual([{ name: 'shared-memory', emptyDir: { medium: 'Memory', sizeLimit: '64Gi' } }])
    expect(main.volumeMounts).toEqual([{ name: 'shared-memory', mountPath: '/dev/shm' }])
  })

  it('may do nothing that training does not need', () => {
    expect(pod.spec!.automountServiceAccountToken).toBe(false)
    expect(pod.spec!.securityContext).toEqual({ seccompProfile: { type: 'RuntimeDefault' } })
    expect(main.securityContext).toEqual({ allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } })
    expect(main.image).toMatch(/@sha256:[0-9a-f]{64}$/)
  })

  it("starts one process per GPU and passes the policy's arguments on", () => {
    expect(main.command).toEqual(['torchrun', '--standalone', '--nproc-per-node=8', 'train.py'])
    expect(main.args).toEqual(['--epochs=3', '--lora-rank=16'])
  })

  it('tells the program what to read, what it must be, and where to write', () => {
    expect(env()).toMatchObject({
      SIGNALBOX_TASK: 'fine-tuning',
      METHOD: 'lora',
      BASE_MODEL: 'meta-llama/Llama-3.1-8B-Instruct',
      INPUT_URI: 's3://acme-datasets/support-chats/2026-11-24/',
      INPUT_MANIFEST: 'manifest.json',
      INPUT_SHA256: 'ab'.repeat(32),
      RESULTS_URI: 's3://acme-results/results',
      JOB_NAME: { fieldRef: { fieldPath: "metadata.labels['batch.kubernetes.io/job-name']" } },
      POD_NAME: { fieldRef: { fieldPath: 'metadata.name' } },
    })
  })

  it('watches for GPUs that hang when there are several, and not for one', () => {
    expect(env()).toMatchObject({ TORCH_NCCL_ASYNC_ERROR_HANDLING: '1', TORCH_NCCL_DUMP_ON_TIMEOUT: '1' })
    const config = exampleConfig()
    config.datasets!['support-chats']!.launch.gpus = 1
    const one = env(fineTuningJob(input({ dataset: parsePolicy(config).datasets['support-chats']! })))
    expect(Object.keys(one).filter((name) => name.includes('NCCL'))).toEqual([])
  })

  it('reads a key literally, whatever Kubernetes would expand in it', () => {
    const desired = { ...trainInput().desired, key: 'a/$(JOB_NAME)/$$/m.json' }
    const { INPUT_URI } = env(fineTuningJob(input({ desired })))
    expect(INPUT_URI).toBe('s3://acme-datasets/a/$$(JOB_NAME)/$$$$/')
    expect(env(fineTuningJob(input({ desired: { ...desired, key: 'm.json' } })))['INPUT_URI']).toBe(
      's3://acme-datasets/',
    )
  })

  it('has the same digest for every attempt at one desired state, and another for another dataset version', () => {
    const again = fineTuningJob(input({ run: { lane: 'pipeline/support-chats', generation: 7, attempt: 3 } }))
    expect(again.metadata.name).not.toBe(job.metadata.name)
    expect(objectDigest(again)).toBe(objectDigest(job))
    const other = fineTuningJob(input({ desired: { ...trainInput().desired, version: 'cd'.repeat(32) } }))
    expect(objectDigest(other)).not.toBe(objectDigest(job))
  })
})
