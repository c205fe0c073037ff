import { describe, expect, it } from 'vitest'
import type { ServeDesired } from '../../../core/desired.ts'
import type { Given } from '../../../core/workloads/engine.ts'
import { TRTLLM_REVISIONS } from '../../../core/workloads/trtllm.ts'

const [trtllm] = TRTLLM_REVISIONS
const given: Given = { service: { args: [] } }
const runner = { image: 'x' }
const desired = (source: string) => ({ model: 'support-llama', source }) as ServeDesired
const service = { gpusPerReplica: 4, maxModelLen: 8192 } as never

it('serves what is brought to a folder by the name of that, which all versions do', () => {
  expect(trtllm.command).toEqual(['trtllm-serve'])
  expect(trtllm.args(desired('s3://b/m/'), service)).toEqual([
    '/signalbox/in/support-llama',
    '--backend=pytorch',
    '--host=0.0.0.0',
    '--port=8000',
    '--tp_size=4',
    '--max_seq_len=8192',
  ])
  expect(trtllm.fetches(desired('s3://b/m/'))).toMatchObject({ from: 's3://b/m/', name: 'support-llama' })
})

it('serves a repository at its commit under the name that people know, where its version can', () => {
  const commit = 'a1'.repeat(20)
  expect(trtllm.args(desired(`hf://a/b@${commit}`), service).slice(0, 3)).toEqual([
    'a/b',
    `--revision=${commit}`,
    '--served_model_name=support-llama',
  ])
  expect(trtllm.cannotLoad({ source: 'hf://a/b' }, given)).toBeNull()
  const why = trtllm.cannotLoad({ source: 'hf://a/b' }, { ...given, service: { args: [], engineVersion: '1.2.1' } })
  expect(why).toMatch(
    /^TensorRT-LLM 1\.2\.1 serves hf:\/\/a\/b under no other name .* or take an image of 1\.3\.0 or later$/,
  )
})

it('leaves the context to the model unless told', () => {
  expect(trtllm.args(desired('s3://b/m/'), { gpusPerReplica: 1 } as never).join(' ')).not.toContain('max_seq_len')
})

describe('what it cannot load', () => {
  it('is what nobody brings from S3', () => {
    expect(trtllm.cannotLoad({ source: 's3://b/m/' }, given)).toContain('TensorRT-LLM loads nothing from S3 itself')
    expect(trtllm.cannotLoad({ source: 's3://b/m/' }, { ...given, runner })).toBeNull()
  })

  it('is an adapter', () => {
    expect(trtllm.cannotLoad({ source: 's3://b/m/', adapter: true, base: 'hf://a/b' }, { ...given, runner })).toContain(
      'trtllm-serve serves whole weights: serve it by vLLM, or merge it',
    )
  })
})
