import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  availabilityFloor,
  heldAt,
  keptBy,
  type PathInput,
  readyAt,
  readyNow,
  roomOf,
  startOf,
  surgeOf,
  swapOf,
  useAt,
  useNow,
} from '../../../core/planning/path-input.ts'

const input = (change: Partial<PathInput> = {}): PathInput => ({
  old: [
    { gpus: 8, ready: true },
    { gpus: 4, ready: true },
  ],
  present: { asked: 0, ready: 0 },
  want: 2,
  gpusPerReplica: 2,
  freeGpus: 0,
  maxUnavailable: 1,
  baselineReplicas: 2,
  ...change,
})

describe('what stands at a point', () => {
  it('is what has not left yet, from the end of the order in which it leaves, and what has risen', () => {
    expect([0, 1, 2].map((old) => useAt(input(), { old, new: 1 }))).toEqual([2, 6, 14])
    expect([0, 1, 2].map((old) => readyAt(input(), { old, new: 1 }))).toEqual([1, 2, 3])
    expect([useNow(input()), readyNow(input())]).toEqual([12, 2])
    const half = input({ old: [{ gpus: 4, ready: false }], present: { asked: 2, ready: 1 } })
    expect([useNow(half), readyNow(half)]).toEqual([8, 1])
  })

  it('holds nothing for what waits beyond the ceiling and leaves before it gets a GPU', () => {
    const over = { old: [{ gpus: 4, ready: false }], freeGpus: -3 }
    expect(heldAt(input(over), { old: 1, new: 0 })).toBe(1)
    expect(heldAt(input({ ...over, old: [{ gpus: 4, ready: true }] }), { old: 1, new: 0 })).toBe(4)
  })
})

describe('where a rollout starts', () => {
  it.each([
    ['with all that has risen', { present: { asked: 3, ready: 1 } }, 3],
    ['without what waits beyond the ceiling', { present: { asked: 3, ready: 1 }, freeGpus: -3 }, 1],
    ['never without what is ready', { present: { asked: 3, ready: 3 }, freeGpus: -9 }, 3],
  ])('is %s', (_what, change, start) => {
    expect(startOf(input(change))).toBe(start)
  })
})

const inputs = fc.record({
  old: fc.array(fc.record({ gpus: fc.integer({ min: 1, max: 8 }), ready: fc.boolean() }), { maxLength: 4 }),
  present: fc
    .tuple(fc.nat({ max: 3 }), fc.nat({ max: 3 }))
    .map(([asked, ready]) => ({ asked, ready: Math.min(asked, ready) })),
  want: fc.integer({ min: 1, max: 4 }),
  gpusPerReplica: fc.integer({ min: 1, max: 8 }),
  freeGpus: fc.integer({ min: -8, max: 16 }),
  maxUnavailable: fc.nat({ max: 5 }),
  baselineReplicas: fc.nat({ max: 3 }),
})

it('ready replicas that must remain are never none where some count, unless more may be away than that; a surge lets none be away, and takes one replica more at most', () => {
  fc.assert(
    fc.property(inputs, (given) => {
      const [floor, kept] = [availabilityFloor(given), keptBy(given)]
      expect(floor).toBe(given.maxUnavailable > kept ? 0 : Math.max(kept - given.maxUnavailable, kept === 0 ? 0 : 1))
      const [surge, swap] = [surgeOf(given), swapOf(given)]
      expect([surge.floor, swap.floor]).toEqual([kept, floor])
      expect(swap.room).toBe(roomOf(given))
      const most = Math.max(useNow(given), given.want * given.gpusPerReplica) + given.gpusPerReplica
      expect(surge.room).toBe(Math.min(swap.room, most))
    }),
  )
})
