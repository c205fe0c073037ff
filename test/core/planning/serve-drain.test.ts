import { describe, expect, it } from 'vitest'
import type { KubeObject } from '../../../core/kube.ts'
import { PRICED } from '../../../core/money/nodes.ts'
import type { Replica } from '../../../core/planning/generations.ts'
import { drainAt, drainTexts } from '../../../core/planning/serve-drain.ts'
import { planOf } from './serve-fixture.ts'

const replica = (grace: number, sleep: number) => {
  const containers = [{ name: 'vllm', lifecycle: { preStop: { sleep: { seconds: sleep } } } }]
  const spec = { template: { spec: { terminationGracePeriodSeconds: grace, containers } } }
  return { view: { object: { spec } as unknown as KubeObject } } as unknown as Replica
}
const [usual, long] = [replica(330, 15), replica(2730, 1815)]
const path = [
  { old: 2, new: 0 },
  { old: 1, new: 1 },
  { old: 1, new: 2 },
  { old: 0, new: 2 },
]
const minutes = (leaving: Replica[], priced = PRICED) =>
  path
    .map((_, index) => drainAt({ desired: { priced }, path, leaving }, index))
    .map(({ p50, p95 }) => [p50 * 60, p95 * 60].map(Math.round))

describe('what may take long to end', () => {
  it('is waited for at each point at which some leaves: as a rule what it waits itself, at most its grace', () => {
    expect(minutes([usual, usual])).toEqual([[0, 0], [0, 6], [0, 0], [0, 6]]) // biome-ignore format: a line
    expect(minutes([usual, long])).toEqual([[0, 0], [0, 6], [0, 0], [30, 46]]) // biome-ignore format: a line
    expect(minutes([replica(20, 600)])).toEqual([[0, 0], [0, 0], [0, 0], [0, 0]]) // biome-ignore format: a line
  })

  it('is only what is beyond what any has where that was wanted before the rest was priced', () => {
    expect(minutes([usual, usual], 2)).toEqual([[0, 0], [0, 0], [0, 0], [0, 0]]) // biome-ignore format: a line
    expect(minutes([usual, long], 2)).toEqual([[0, 0], [0, 0], [0, 0], [30, 40]]) // biome-ignore format: a line
    expect(minutes([long, usual], 2)).toEqual([[0, 0], [30, 40], [0, 0], [0, 0]]) // biome-ignore format: a line
    expect(minutes([replica(20, 600)], 2)).toEqual([[0, 0], [0, 0], [0, 0], [0, 0]]) // biome-ignore format: a line
  })

  it('is said, and priced: its nodes are paid until it has ended', () => {
    expect(drainTexts([usual])).toEqual([])
    expect(drainTexts([usual, long])).toEqual([expect.stringMatching(/^what leaves may take 46 min to end/)])
    const object = { ...long.view.object, metadata: { name: 'm-g1' } } as Replica['view']['object']
    const [plan, more] = [planOf(), planOf({ change: { object } })]
    expect(more.reasons).toContainEqual(expect.stringMatching(/^what leaves may take 46 min to end/))
    expect(more.price.total.p95).toBeGreaterThan(plan.price.total.p95)
    expect(more.bounds.dollars).toBeGreaterThan(plan.bounds.dollars)
  })
})
