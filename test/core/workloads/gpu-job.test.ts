import { describe, expect, it } from 'vitest'
import { QUEUE_LABEL } from '../../../core/kube.ts'
import { evaluationJob } from '../../../core/workloads/evaluation.ts'
import { fineTuningJob } from '../../../core/workloads/fine-tuning.ts'
import { BAD_INPUT_EXIT, fromLabel, gpuJob } from '../../../core/workloads/gpu-job.ts'
import { objectDigest } from '../../../core/workloads/object-digest.ts'
import { trainInput } from '../training-fixture.ts'

const base = trainInput()
const input = { ...base, dataset: base.policy.datasets['support-chats']!, trained: 'a-train' }

describe('a run-once GPU Job', () => {
  it.each([fineTuningJob, evaluationJob])(
    'fails at once, for good, when its own container says that its input is bad',
    (build) => {
      const { podFailurePolicy, template } = build(input).spec!
      const rule = podFailurePolicy!.rules.find(({ action }) => action === 'FailJob')!
      expect(rule.onExitCodes!.values).toEqual([BAD_INPUT_EXIT])
      expect(template.spec!.containers.map(({ name }) => name)).toContain(rule.onExitCodes!.containerName)
    },
  )

  it('has a whole number of seconds to live, however odd its hours', () => {
    const uses = { ...input.dataset.launch, hours: { p50: 0.1, p95: 1 / 7 } }
    const { activeDeadlineSeconds } = gpuJob(input, { step: 'x', task: 'evaluation', uses, env: [] }).spec!
    expect(activeDeadlineSeconds).toBe(1543)
  })

  it('never says its attempt in a value, only in names and labels', () => {
    const run = { ...input.run, generation: 71, attempt: 83 }
    const values = JSON.stringify(evaluationJob({ ...input, run }).spec!.template.spec)
    expect(values).not.toContain('g71a83')
  })

  it('begins suspended in the queue of a pool that Kueue owns, which is part of what it is; elsewhere in none', () => {
    const pools = { ...input.policy.pools, 'gpu-train': { ...input.policy.pools['gpu-train']!, queue: 'gpu' } }
    const [own, queued] = [fineTuningJob(input), fineTuningJob({ ...input, policy: { ...input.policy, pools } })]
    expect(queued.metadata.labels).toEqual({ ...own.metadata.labels, [QUEUE_LABEL]: 'gpu' })
    expect(queued.spec).toEqual({ ...own.spec, suspend: true })
    expect(own.spec).not.toHaveProperty('suspend')
    expect(objectDigest(queued)).not.toBe(objectDigest(own))
    // Kueue lifts the suspension: it is the same Job.
    expect(objectDigest({ ...queued, spec: { ...queued.spec!, suspend: false } })).toBe(objectDigest(queued))
  })

  it('reads a label into the environment by its path', () => {
    expect(fromLabel('A', 'x.dev/b')).toEqual({
      name: 'A',
      valueFrom: { fieldRef: { fieldPath: "metadata.labels['x.dev/b']" } },
    })
  })
})
