import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { freeNodes, wholeNodesOf, whyNoNodes } from '../../../core/lane/whole-nodes.ts'
import type { LaunchJobStep, Plan } from '../../../core/plan.ts'
import { emptyPool, trainInput, trainPlan } from '../training-fixture.ts'

/** GPUs that are taken of each node where each pod goes to the first that has room. */
const packed = (pods: readonly number[], each: number): number[] => {
  const nodes: number[] = []
  for (const gpus of pods) {
    const at = nodes.findIndex((taken) => taken + gpus <= each)
    if (at < 0) nodes.push(gpus)
    else nodes[at] = (nodes[at] ?? 0) + gpus
  }
  return nodes
}

const plan = trainPlan()
const onNodes = (...nodes: number[]): Pick<Plan, 'steps'> => {
  const [step] = plan.steps as [LaunchJobStep]
  const steps = nodes.map((completions, index): LaunchJobStep => {
    const spec = { ...step.job.spec!, completions, ...(completions > 1 ? { completionMode: 'Indexed' } : {}) }
    return { ...step, name: `s${index}`, gpus: 8 * completions, job: { ...step.job, spec } }
  })
  return { steps }
}

describe('whole nodes', () => {
  it('are needed by the largest gang of a pool, and of what runs on one node nothing is said', () => {
    expect(wholeNodesOf(plan)).toEqual({})
    expect(wholeNodesOf(onNodes(1, 4, 2))).toEqual({ 'gpu-train': 4 })
  })

  it('are lacking, in words, where others are on too many; nobody says so of what Kueue lends', () => {
    const { policy } = trainInput()
    const [need, world] = [
      { 'gpu-train': 2 },
      { pools: { 'gpu-train': emptyPool('gpu-train', { ceiling: 16, heldByOthers: 1, besides: [7] }) } },
    ]
    expect(whyNoNodes({ policy, world }, need)).toBe(
      'gpu-train has 1 whole nodes of 8 GPUs free for it, and it needs 2 at once',
    )
    const pools = { 'gpu-train': { ...policy.pools['gpu-train']!, queue: 'gpu' } }
    expect(whyNoNodes({ policy: { pools }, world }, need)).toBeNull()
    expect(whyNoNodes({ policy, world }, { 'gpu-train': 1 })).toBeNull()
  })
})

it('never more are free than there could be whole beside others, however these are put together', () => {
  const others = fc.array(fc.integer({ min: 1, max: 8 }), { maxLength: 12 })
  fc.assert(
    fc.property(others, fc.integer({ min: 0, max: 12 }), (pods, nodes) => {
      const used = pods.reduce((sum, gpus) => sum + gpus, 0)
      const on = packed(pods, 8)
      fc.pre(on.length <= nodes)
      const view = emptyPool('gpu-train', {
        ceiling: 8 * nodes,
        heldByOthers: used,
        besides: on.map((gpus) => 8 - gpus),
      })
      const free = freeNodes(view, { gpusPerNode: 8 })
      expect(free).toBe(nodes - on.length)
      // What is about to be held besides takes whole ones, too; without a ceiling there is no end.
      expect(freeNodes(view, { gpusPerNode: 8, taken: 9 })).toBe(Math.max(0, free - 2))
      expect(freeNodes({ ...view, ceiling: null }, { gpusPerNode: 8 })).toBe(Number.POSITIVE_INFINITY)
    }),
  )
})
