import { expect, it } from 'vitest'
import { walkOf } from './walk.ts'

/** More, and longer ones, are walked in `test/slow/walks.ts`. */
it.each([3, 7, 209])(
  'people, outages, deaths and a changing policy in any order (%s): no hold without a run, no run without an end, one Job a step (C)',
  async (seed) => {
    const { wrong, deeds } = await walkOf(seed * 7919 + 13, 25)
    expect(wrong, deeds.join('\n')).toEqual([])
  },
)
