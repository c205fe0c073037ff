import { describe, expect, it } from 'vitest'
import { play, stories } from './crashing.ts'
import { deathsOf, sideBySide } from './side-by-side.ts'

/** Every call is tried in test/slow/crash.ts; here every so many-th, another choice for each story. */
const STRIDE = 47

describe('the process dies at any await and another one goes on: it ends as the uninterrupted run', () => {
  it.each(Object.entries(stories))('%s', { timeout: 60_000 }, async (_, story) => {
    const { ended, calls } = await play(story, null)
    expect(calls).toBeGreaterThan(300)
    await sideBySide(deathsOf(calls, STRIDE), 16, async (death) => {
      expect((await play(story, death)).ended, `dying ${death.when} call ${death.at}`).toEqual(ended)
    })
  })
})
