import { describe, expect, it } from 'vitest'
import type { ServeDesired } from '../../../core/desired.ts'
import type { Engine, Given } from '../../../core/workloads/engine.ts'
import { ENGINES, engineOf } from '../../../core/workloads/engines.ts'

const [one] = ENGINES.vllm
const two: Engine = { ...one, port: 9000 }
const engines = { ...ENGINES, vllm: [one, two] } as const
const vllm = { engine: 'vllm' } as const
const given: Given = { service: { args: [] } }

it('a version keeps the revision that it was made with, the first where it says none', () => {
  expect(engineOf({}, vllm, engines)).toBe(one)
  expect(engineOf({ engine: { name: 'vllm', revision: 1 } }, vllm, engines)).toBe(one)
  expect(engineOf({ engine: { name: 'vllm', revision: 2 } }, vllm, engines)).toBe(two)
})

it('one that was made with another engine is served by the newest of the one that the policy names now', () => {
  expect(engineOf({ engine: { name: 'tgi', revision: 7 } }, vllm, engines)).toBe(two)
})

it('a revision that there never was is a fault of ours', () => {
  expect(() => engineOf({ engine: { name: 'vllm', revision: 3 } }, vllm, engines)).toThrow(
    'no revision 3 of the engine',
  )
})

it('gives vLLM the model first, under the name that people know it by', () => {
  const desired = { model: 'support-llama', source: 's3://models/8/' } as ServeDesired
  const [first, ...rest] = one.args(desired, { gpusPerReplica: 4 } as never)
  expect(first).toBe('s3://models/8/')
  expect(rest).toContain('--served-model-name=support-llama')
  expect(rest).toContain('--load-format=runai_streamer')
})

it('names a repository of Hugging Face as vLLM does', () => {
  for (const source of ['hf://meta-llama/Llama-3.1-8B', 'meta-llama/Llama-3.1-8B'])
    expect(one.args({ model: 'm', source } as ServeDesired, { gpusPerReplica: 4 } as never)[0]).toBe(
      'meta-llama/Llama-3.1-8B',
    )
})

it('tells vLLM the commit that a version names, of its weights and of its words, and else none', () => {
  const commit = 'a1'.repeat(20)
  const args = (source: string) => one.args({ model: 'm', source } as ServeDesired, { gpusPerReplica: 4 } as never)
  const told = args(`hf://meta-llama/Llama-3.1-8B@${commit}`)
  expect(told).toEqual([
    'meta-llama/Llama-3.1-8B',
    `--revision=${commit}`,
    `--tokenizer-revision=${commit}`,
    ...args('hf://meta-llama/Llama-3.1-8B').slice(1),
  ])
})

describe('what vLLM can load, as far as paper tells', () => {
  it.each(['s3://acme-models/llama/8b/', 's3://b/m', 'hf://meta-llama/Llama-3.1-8B', 'meta-llama/Llama-3.1-8B'])(
    '%s',
    (source) => {
      expect(one.cannotLoad({ source }, given)).toBeNull()
    },
  )

  it.each([
    ['mlflow-artifacts:/1/abc/artifacts/model', "only MLflow's own client"],
    ['runs:/abc/model', "only MLflow's own client"],
    ['models:/support-llama/7', "only MLflow's own client"],
    ['models:/m-107731ba8d984555a5df45ae6778098b', "only MLflow's own client"],
    ['dbfs:/models/7', 'copy the files to S3'],
    ['file:///mnt/models/7', 'a path of one machine'],
    ['gs://acme-models/7', 'copy the files to S3'],
    ['wasbs://c@a.blob.core.windows.net/7', 'loads from S3'],
    ['https://example.org/model', 'loads from S3'],
    ['/mnt/models/7', 'loads from S3'],
    ['a/b/c', 'loads from S3'],
    ['model', 'loads from S3'],
    ['hf://meta-llama/Llama-3.1-8B@main', 'with a whole commit'],
    ['hf://meta-llama/Llama-3.1-8B/8b', 'it is no repository'],
    ['S3://bucket/m', 'loads from S3'],
    ['s3://bucket', 'names a bucket and nothing in it'],
    ['s3://bucket/', 'names a bucket and nothing in it'],
    ['constructor:x', 'loads from S3'],
  ])('not %s, and what to do', (source, why) => {
    expect(one.cannotLoad({ source }, given)).toContain(`vLLM cannot load ${source}: `)
    expect(one.cannotLoad({ source }, given)).toContain(why)
  })

  it.each([
    's3://acme-results/results/a/adapter',
    's3://acme-results/results/a/adapter/',
    's3://b/x/adapter_model.safetensors',
  ])('not an adapter, where its address says that it is one: %s', (source) => {
    expect(one.cannotLoad({ source }, given)).toContain('merge it into its base model')
  })

  it('nor where the version says so of itself', () => {
    expect(one.cannotLoad({ source: 's3://b/m', adapter: true }, given)).toContain('merge it into its base model')
  })
})
