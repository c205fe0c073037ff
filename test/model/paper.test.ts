import { describe, expect, it } from 'vitest'
import { type Drawn, wrongOnPaper } from './paper.ts'

const SEEDS = 120

describe('what is planned can be walked, and keeps what its card says, when all that is asked for comes', () => {
  const worlds: [string, Drawn][] = [
    ['of one size in one pool', {}],
    ['in two pools', { pools: true }],
    ['of several sizes', { sizes: true }],
    ['of several sizes in two pools, some not ready', { pools: true, sizes: true, unready: true }],
    ['in two pools, where no version is promoted any more', { pools: true, none: true }],
    ['in two pools, of whose baseline fewer stand than it had', { pools: true, fewer: true }],
  ]
  it.each(worlds)('up to three generations, %s', (_, drawn) => {
    const found = Array.from({ length: SEEDS }, (_none, seed) => wrongOnPaper(seed + 1, drawn))
    // Most worlds have a plan.
    expect(found.filter((one) => one !== undefined).length).toBeGreaterThan(SEEDS / 3)
    expect(found.filter((one) => one != null)).toEqual([])
  })
})
