import { describe, expect, it } from 'vitest'
import type { Point } from '../../../core/plan-point.ts'
import { type Replacing, waitingAt } from '../../../core/planning/waiting.ts'
import { type Given, movesOf, planOf, written } from './serve-fixture.ts'

const pathOf = (...points: [number, number][]): Point[] => points.map(([old, up]) => ({ old, new: up }))
/** Two replicas of 8 GPUs, one by one, where others use so many. */
const waits = (path: Point[], pool: Partial<NonNullable<Replacing['pool']>> = {}): (number | null)[] => {
  const gpusAt = ({ old, new: up }: Point): number => (old + up) * 8
  const seen = { ceiling: 16, used: 16, usedByLane: 16, ...pool }
  return path.map((_, index) => waitingAt({ path, gpusAt, gpus: 8, pool: seen }, index))
}
const swap = pathOf([2, 0], [1, 0], [1, 1], [0, 1], [0, 2])

describe('what takes a place on a full pool', () => {
  it('waits for it with each replica that goes first, as many as come there', () => {
    expect(waits(swap)).toEqual([null, 1, null, 2, null])
    expect(waits(pathOf([1, 0], [0, 0], [0, 2]), { ceiling: 8, used: 8, usedByLane: 8 })).toEqual([null, 2, null])
  })

  it('waits for none that goes where nothing comes after it, or where there is room', () => {
    expect(waits(pathOf([2, 0], [1, 0], [0, 0]))).toEqual([null, null, null])
    expect(waits(swap, { ceiling: 32 })).toEqual(swap.map(() => null))
    expect(waits(swap, { ceiling: null })).toEqual(swap.map(() => null))
  })

  it('waits for none where others only hold the room: it would take that, or a node of its own', () => {
    expect(waits(swap, { ceiling: 24, used: 16 })).toEqual(swap.map(() => null))
    expect(waits(swap, { ceiling: 24, used: 24 })).toEqual([null, 1, null, 2, null])
  })
})

describe('a rollout on a full pool', () => {
  const full: Given = { pool: { used: 16, heldByOthers: 8 } }

  it('has the pods of what comes wait before what stands goes, from the revision on whose pods wait before others’', () => {
    const way = (revision?: number): string =>
      written(planOf({ ...full, ...(revision === undefined ? {} : { revision }) }))
    const before = 'g1=1 → g1=1 g2=1 → gate → judge → to all → g1=0 g2=1 → to g2 → g1=0 g2=2 → notify'
    expect([way(), way(2)]).toEqual([before, before])
    expect(way(3)).toBe('g1=1 g2=1 → g1=1 g2=1 → gate → judge → to all → g1=0 g2=2 → to g2 → g1=0 g2=2 → notify')
  })

  it('makes them before anything leaves, counts them as ready only later, and says so', () => {
    const plan = planOf({ ...full, revision: 3 })
    const [first, second, third] = movesOf(plan)
    expect(first?.objects.map(({ kind }) => kind)).toEqual(['PodDisruptionBudget', 'Deployment', 'Service'])
    expect(second?.objects).toEqual([])
    expect(first?.replicas[1]).toMatchObject({ generation: 2, replicas: 1, replicasReady: 0, waits: true })
    expect(third?.replicas[1]).toMatchObject({ generation: 2, replicas: 2, replicasReady: 1, waits: true })
    expect([first?.brings, second?.brings]).toEqual([null, 2])
    expect(first?.why).toBe('v8 waits for the room already, before others’ pods')
    expect(plan.reasons).toContainEqual(
      expect.stringMatching(/^before a replica goes, the one that takes its place waits/),
    )
    expect(planOf({ ...full, revision: 2 }).reasons.join()).not.toContain('takes its place waits')
  })

  it('takes no more GPUs, costs no more and leaves no fewer answering for it', () => {
    const [two, three] = [2, 3].map((revision) => planOf({ ...full, revision }))
    expect(three?.bounds).toEqual(two?.bounds)
    expect(three?.price).toEqual(two?.price)
    expect(three?.strategy).toEqual(two?.strategy)
  })

  it('goes as it went where others hold the room and use none of it', () => {
    expect(written(planOf({ pool: { used: 8, heldByOthers: 8 }, revision: 3 }))).toMatch(/^g1=1 → g1=1 g2=1 →/)
  })
})
