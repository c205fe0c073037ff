import { expect, it } from 'vitest'
import type { ServeDesired } from '../../../core/desired.ts'
import { ENGINES, type Engine, engineOf } from '../../../core/workloads/engines.ts'

const [one] = ENGINES.vllm
const two: Engine = { ...one, port: 9000 }
const engines = { vllm: [one, two] } as const
const vllm = { engine: 'vllm' } as const

it('a version keeps the revision that it was made with, the first where it says none', () => {
  expect(engineOf({}, vllm, engines)).toBe(one)
  expect(engineOf({ engine: { name: 'vllm', revision: 1 } }, vllm, engines)).toBe(one)
  expect(engineOf({ engine: { name: 'vllm', revision: 2 } }, vllm, engines)).toBe(two)
})

it('one that was made with another engine is served by the newest of the one that the policy names now', () => {
  expect(engineOf({ engine: { name: 'sglang', revision: 7 } }, vllm, engines)).toBe(two)
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
