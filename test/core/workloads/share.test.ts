import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Slice } from '../../../core/policy/sharing.ts'
import { ENGINES } from '../../../core/workloads/engines.ts'
import { shareArgs } from '../../../core/workloads/share.ts'

const slice = (perGpu: number, isApart = false): Slice => ({ resource: 'nvidia.com/gpu.shared', perGpu, isApart })
const [vllm, sglang] = [ENGINES.vllm.at(-1)!, ENGINES.sglang.at(-1)!]

it('all that have a GPU in turn take no more of its memory together than it has beside their programs, each the same', () =>
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 32 }), (perGpu) => {
      const [arg = ''] = shareArgs(vllm, slice(perGpu))
      const share = Number(arg.replace('--gpu-memory-utilization=', ''))
      expect(share).toBeGreaterThan(0)
      expect(share * perGpu).toBeLessThanOrEqual(0.9 + 1e-9)
      expect(share * perGpu).toBeGreaterThan(0.9 - 0.01 * perGpu)
    }),
  ))

it('who has memory of its own is told nothing, nor is an engine that nothing tells', () => {
  expect(shareArgs(vllm, undefined)).toEqual([])
  expect(shareArgs(vllm, slice(7, true))).toEqual([])
  expect(shareArgs(sglang, slice(4))).toEqual([])
})
