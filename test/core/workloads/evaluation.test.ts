import { describe, expect, it } from 'vitest'
import { evaluationJob } from '../../../core/workloads/evaluation.ts'
import { fineTuningJob } from '../../../core/workloads/fine-tuning.ts'
import { objectDigest } from '../../../core/workloads/object-digest.ts'
import { trainInput } from '../training-fixture.ts'

type EvaluationInput = Parameters<typeof evaluationJob>[0]
const input = (over: Partial<EvaluationInput> = {}): EvaluationInput => {
  const base = trainInput()
  const building = { ...base, dataset: base.policy.datasets['support-chats']!, ...over }
  return { ...building, trained: over.trained ?? fineTuningJob(building).metadata.name }
}
const later = { lane: 'pipeline/support-chats', generation: 2, attempt: 5 }

describe('the evaluation Job', () => {
  const job = evaluationJob(input())
  const pod = job.spec!.template

  it("runs the image's own program on the GPUs that the policy gives it", () => {
    const [main] = pod.spec!.containers
    expect(main!.command).toBeUndefined()
    expect(main!.args).toBeUndefined()
    expect(main!.resources!.limits).toEqual({ 'nvidia.com/gpu': '1' })
    expect(main!.env).toContainEqual({ name: 'SIGNALBOX_TASK', value: 'evaluation' })
    expect(job.spec!.activeDeadlineSeconds).toBe(5400)
  })

  it('reads what the fine-tuning Job of the same attempt wrote', () => {
    for (const run of [input().run, later]) {
      const { metadata, spec } = evaluationJob(input({ run })).spec!.template
      const trained = fineTuningJob(input({ run })).metadata.name
      const env = spec!.containers[0]!.env!
      const path = env.find(({ name }) => name === 'FINE_TUNING_JOB')!.valueFrom!.fieldRef!.fieldPath!
      const key = /^metadata\.labels\['(.+)'\]$/.exec(path)![1]!
      expect(metadata!.labels![key]).toBe(trained)
      expect(trained.length).toBeLessThanOrEqual(63)
    }
  })

  it('names that result by variables that Kubernetes knows before it expands them', () => {
    const names = pod.spec!.containers[0]!.env!.map(({ name }) => name)
    const uri = pod.spec!.containers[0]!.env!.find(({ name }) => name === 'ADAPTER_RESULT_URI')!.value!
    const used = [...uri.matchAll(/\$\((\w+)\)/g)].map(([, name]) => name!)
    expect(used).toEqual(['RESULTS_URI', 'FINE_TUNING_JOB'])
    for (const name of used) expect(names.indexOf(name)).toBeLessThan(names.indexOf('ADAPTER_RESULT_URI'))
  })

  it('reads what an earlier attempt’s Job wrote where that is carried over, under the same digest', () => {
    const carried = evaluationJob(input({ run: later, trained: 'pipeline-support-chats-0123abcd-g2a1-train' }))
    expect(Object.values(carried.spec!.template.metadata!.labels!)).toContain(
      'pipeline-support-chats-0123abcd-g2a1-train',
    )
    expect(objectDigest(carried)).toBe(objectDigest(job))
  })

  it("has the same digest for every attempt at one desired state, though each reads another Job's result", () => {
    expect(objectDigest(evaluationJob(input({ run: later })))).toBe(objectDigest(job))
  })
})
