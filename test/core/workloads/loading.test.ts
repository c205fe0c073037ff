import { expect, it } from 'vitest'
import { commitOf, whyElsewhere, whyNotBrought } from '../../../core/workloads/loading.ts'

it.each(['s3://acme-models/llama/8b/', 'hf://meta-llama/Llama-3.1-8B', 'meta-llama/Llama-3.1-8B'])(
  'what lies at %s may be loaded',
  (source) => {
    expect(whyElsewhere('SGLang', source)).toBeNull()
  },
)

it.each([
  ['models:/support-llama/7', "only MLflow's own client"],
  ['file:///mnt/models/7', 'a path of one machine'],
  ['gs://acme-models/7', 'copy the files to S3'],
  ['s3://bucket/', 'names a bucket and nothing in it'],
  ['hf://a/b@main', 'with a whole commit'],
  ['constructor:x', 'loads from S3'],
])('not what lies at %s, and what to do is said in the name of who would', (source, why) => {
  expect(whyElsewhere('SGLang', source)).toMatch(new RegExp(`^SGLang cannot load ${source}: `))
  expect(whyElsewhere('SGLang', source)).toContain(why)
})

it('who loads nothing from S3 needs somebody who brings it', () => {
  expect(whyNotBrought('SGLang', 's3://b/m/', {})).toContain('say `runner: { image }` of the whole config')
  expect(whyNotBrought('SGLang', 's3://b/m/', { runner: { image: 'x' } })).toBeNull()
  expect(whyNotBrought('SGLang', 'hf://a/b', {})).toBeNull()
})

it('a commit is said by each flag that takes one, and what was named without one by none', () => {
  const commit = 'a1'.repeat(20)
  expect(commitOf(`hf://a/b@${commit}`, 'revision', 'tokenizer-revision')).toEqual([
    `--revision=${commit}`,
    `--tokenizer-revision=${commit}`,
  ])
  expect([commitOf('hf://a/b', 'revision'), commitOf('s3://b/m/', 'revision')]).toEqual([[], []])
})
