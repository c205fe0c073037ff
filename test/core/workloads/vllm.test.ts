import { describe, expect, it } from 'vitest'
import type { ServeDesired } from '../../../core/desired.ts'
import type { Given } from '../../../core/workloads/engine.ts'
import { VLLM_REVISIONS } from '../../../core/workloads/vllm.ts'

const [, , , fourth, fifth] = VLLM_REVISIONS
const service = { gpusPerReplica: 4, args: [] as string[] }
const given = (more: Partial<Given> = {}): Given => ({ service, runner: { image: 'x' }, ...more })
const whole = { model: 'support-llama', source: 's3://b/m/' } as ServeDesired
const adapter = { ...whole, source: 's3://b/a/adapter/', base: 'hf://meta-llama/Llama-3.1-8B' } as ServeDesired

it('serves whole weights as the revision before it, to the last argument', () => {
  const { args, cannotLoad, fetches, ...rest } = fifth
  expect(fourth).toMatchObject(rest)
  expect(args(whole, service as never)).toEqual(fourth.args(whole, service as never))
  expect(fetches(whole)).toBeNull()
  expect(cannotLoad(whole, given({ runner: undefined }))).toBeNull()
})

describe('an adapter', () => {
  it('is served on its base, and answers to the name of the model; its base answers to another', () => {
    expect(fifth.args(adapter, service as never)).toEqual([
      'meta-llama/Llama-3.1-8B',
      '--served-model-name=support-llama-base',
      '--port=8000',
      '--tensor-parallel-size=4',
      '--shutdown-timeout=300',
      '--disable-access-log-for-endpoints=/health,/metrics',
      '--enable-lora',
      '--max-lora-rank=64',
      '--lora-modules=support-llama=/signalbox/in/support-llama',
    ])
  })

  it('has its base at its commit, or streamed from S3', () => {
    const on = (base: string) => fifth.args({ ...adapter, base }, service as never)
    const commit = 'a1'.repeat(20)
    expect(on(`hf://a/b@${commit}`)).toContain(`--revision=${commit}`)
    expect(on('s3://acme/base/')).toContain('--load-format=runai_streamer')
    expect(on('s3://acme/base/')[0]).toBe('s3://acme/base/')
  })

  it('is brought by `signalbox-run`, and has a bound', () => {
    expect(fifth.fetches(adapter)).toEqual({ from: 's3://b/a/adapter/', name: 'support-llama', most: 5 })
    expect(fifth.cannotLoad(adapter, given())).toBeNull()
  })

  it.each<[string, Partial<ServeDesired>, Partial<Given>, string]>([
    ['that lies elsewhere', { source: 'hf://acme/lora', adapter: true }, {}, 'copy its files there'],
    ['that is one file', { source: 's3://b/a/adapter_model.safetensors' }, {}, 'the address of its folder'],
    ['without a base', { base: undefined }, {}, 'set the tag `signalbox.dev/base`'],
    ['on an adapter', { base: 's3://b/c/adapter' }, {}, 'is one itself'],
    ['on what nobody can load', { base: 'gs://b/c' }, {}, 'and of its base: vLLM cannot load gs://b/c'],
    ['that nobody brings', {}, { runner: undefined }, 'say `runner: { image }` of the whole config'],
    ['beside others', {}, { service: { args: ['--lora-modules=a=/a'] } }, 'would take its place'],
  ])('%s is refused, and what to do is said', (_, change, more, words) => {
    expect(fifth.cannotLoad({ ...adapter, ...change } as ServeDesired, given(more))).toContain(words)
  })

  it('is still none for what was made with an earlier revision', () => {
    expect(fourth.cannotLoad(adapter, given())).toContain('vLLM serves whole weights: merge it into its base model')
  })
})
