import { describe, expect, it } from 'vitest'
import { nodelessFrom, partWithout, sparedByMonth } from '../../../core/money/nodeless.ts'

const HOUR = 3_600_000
const path = (old: number, risen: number) => ({ strategy: { path: [{ old, new: risen }] } }) as never

describe('what part of a point of a way has no node', () => {
  it.each<[string, [number, number], [number, number], number, number]>([
    ['none, where all have', [2, 0], [2, 1], 3, 0],
    ['nor where more have', [2, 0], [1, 1], 3, 0],
    ['all, where as few have as before', [2, 0], [2, 1], 2, 1],
    ['half', [2, 0], [2, 2], 3, 0.5],
    ['all of it and no more', [2, 0], [2, 2], 0, 1],
    ['as much as of all, where no more stand than before', [2, 0], [1, 1], 1, 0.5],
    ['none of nothing', [2, 0], [0, 0], 0, 0],
  ])('%s', (_, before, [old, risen], placed, part) => {
    expect(partWithout(path(...before), { old, new: risen }, placed)).toBe(part)
  })
})

describe('what nodes that pods wait for do not cost', () => {
  it('counts from each look that finds another rate, by month', () => {
    const begin = Date.UTC(2026, 10, 30, 23)
    expect(nodelessFrom(undefined, 0, begin)).toBeUndefined()
    const first = nodelessFrom(undefined, 4, begin)
    expect(nodelessFrom(first, 4, begin + HOUR)).toBe(first)
    expect(sparedByMonth(first, begin + 3 * HOUR)).toEqual({ '2026-11': 4, '2026-12': 8 })
    const over = nodelessFrom(first, 0, begin + 3 * HOUR)
    expect(sparedByMonth(over, begin + 9 * HOUR)).toEqual({ '2026-11': 4, '2026-12': 8 })
  })
})
