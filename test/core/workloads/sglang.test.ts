import { describe, expect, it } from 'vitest'
import type { ServeDesired } from '../../../core/desired.ts'
import type { Given } from '../../../core/workloads/engine.ts'
import { SGLANG_REVISIONS } from '../../../core/workloads/sglang.ts'

const [sglang] = SGLANG_REVISIONS
const given: Given = { service: { args: [] } }
const runner = { image: 'x' }
const desired = (source: string) => ({ model: 'support-llama', source }) as ServeDesired
const service = { gpusPerReplica: 4 } as never

it('runs its own server, since its image runs none by itself', () => {
  expect(sglang.command).toEqual(['python3', '-m', 'sglang.launch_server'])
})

it('serves a repository of Hugging Face at its commit, under the name that people know', () => {
  const commit = 'a1'.repeat(20)
  expect(sglang.args(desired(`hf://a/b@${commit}`), service)).toEqual([
    '--model-path=a/b',
    `--revision=${commit}`,
    '--served-model-name=support-llama',
    '--host=0.0.0.0',
    '--port=30000',
    '--tp-size=4',
    '--enable-metrics',
  ])
})

it('reads what lies in S3 from the folder that it is brought to', () => {
  const fetch = sglang.fetches(desired('s3://b/m/'))
  expect(fetch).toEqual({ from: 's3://b/m/', name: 'support-llama', most: null })
  expect(sglang.args(desired('s3://b/m/'), service)[0]).toBe('--model-path=/signalbox/in/support-llama')
  expect(sglang.fetches(desired('hf://a/b'))).toBeNull()
})

it('leaves the context to the model unless told', () => {
  const args = (more: object) => sglang.args(desired('hf://a/b'), { gpusPerReplica: 1, ...more } as never).join(' ')
  expect(args({})).not.toContain('context')
  expect(args({ maxModelLen: 8192 })).toContain('--context-length=8192')
})

describe('what it cannot load', () => {
  it('is what nobody brings from S3', () => {
    expect(sglang.cannotLoad({ source: 's3://b/m/' }, given)).toContain('say `runner: { image }`')
    expect(sglang.cannotLoad({ source: 's3://b/m/' }, { ...given, runner })).toBeNull()
    expect(sglang.cannotLoad({ source: 'hf://a/b' }, given)).toBeNull()
  })

  it('is an adapter, which would be answered by its base under the name of the model', () => {
    const why = sglang.cannotLoad({ source: 's3://b/adapter/', base: 'hf://a/b' }, { ...given, runner })
    expect(why).toContain('by its base alone: serve it by vLLM, or merge it into its base model')
  })
})

it('says of itself that whoever reaches it may change what it serves', () => {
  expect(sglang.open).toContain('say by a NetworkPolicy who may')
})

it('is asked for its health without a token that it would have to generate behind all that waits', () => {
  expect(sglang.env).toMatchObject({ SGLANG_ENABLE_HEALTH_ENDPOINT_GENERATION: 'false', USER: 'signalbox' })
})
