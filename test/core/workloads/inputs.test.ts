import { describe, expect, it } from 'vitest'
import type { LaunchJobStep } from '../../../core/plan.ts'
import type { ResultRow } from '../../../core/rows.ts'
import { withInputs } from '../../../core/workloads/inputs.ts'
import { objectDigest } from '../../../core/workloads/object-digest.ts'
import { environmentOf } from '../../../local/cluster/environment.ts'
import type { Pod } from '../../../local/cluster/wire.ts'
import { trainPlan } from '../training-fixture.ts'

const { job } = trainPlan().steps[1] as LaunchJobStep
const folder = 'pipeline-support-chats-0123abcd-g1a1-train-x7k2p'
const row: ResultRow = {
  row: '000001.0001.train',
  step: 'train',
  key: 'k',
  values: { loss: 1, model: `s3://acme-results/results/${folder}/adapter` },
  made: {
    ref: { kind: 'Job', namespace: 'training', name: 'pipeline-support-chats-0123abcd-g1a1-train' },
    uid: 'u',
    result: { bucket: 'acme-results', key: `results/${folder}/result.json` },
  },
  etag: 'e',
  by: 'file',
  pins: { model: 'version:3' },
  generation: 1,
  attempt: 1,
  at: 1,
}
/** What the program of a Job's pod would find in its environment. */
const told = (of: typeof job): Record<string, string> => {
  const { metadata, spec } = of.spec!.template
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { ...metadata, name: 'p' }, spec } as Pod
  return environmentOf(pod, pod.spec?.containers[0])
}

describe('a Job that reads what another has made', () => {
  it('is told exactly which: the result that was read, the artifact, and what that was', () => {
    expect(told(withInputs(job, [row]))).toMatchObject({
      TRAIN_RESULT_URI: `s3://acme-results/results/${folder}/result.json`,
      TRAIN_URI: `s3://acme-results/results/${folder}/adapter`,
      TRAIN_PIN: 'version:3',
    })
  })

  it('is the Job that was approved: its digest, its name and all else are as they were planned', () => {
    const with_ = withInputs(job, [row])
    expect(objectDigest(with_)).toBe(objectDigest(job))
    expect(with_.metadata).toEqual(job.metadata)
    expect(with_.spec?.template.spec).toEqual(job.spec?.template.spec)
  })

  it.each<[string, Record<string, string>, string]>([
    ['its weights before all else', { dataset: 's3://a/d', adapter: 's3://a/a', model: 's3://a/m' }, 'model'],
    [
      'its adapter where it made no weights',
      { dataset: 's3://a/d', adapter: 's3://a/a', garak: 's3://a/g' },
      'adapter',
    ],
    ['its rows where it made nothing else', { dataset: 's3://a/d', report: 's3://a/r' }, 'dataset'],
  ])('is told of %s, with its pin', (_, values, which) => {
    const pins = Object.fromEntries(Object.keys(values).map((name) => [name, `listing:${name}`]))
    expect(told(withInputs(job, [{ ...row, values, pins }]))).toMatchObject({
      TRAIN_URI: values[which],
      TRAIN_PIN: `listing:${which}`,
    })
  })

  it('says nothing of an artifact that was not there, or was read by an earlier release', () => {
    const { pins: _, ...earlier } = row
    for (const one of [earlier, { ...row, pins: {} }])
      expect(told(withInputs(job, [one]))).toMatchObject({ TRAIN_URI: row.values['model'], TRAIN_PIN: '' })
    expect(told(withInputs(job, [{ ...row, values: { loss: 1 } }]))['TRAIN_URI']).toBe('')
    expect(withInputs(job, [])).toBe(job)
  })
})
