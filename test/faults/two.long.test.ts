import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { openStage } from './crashing.ts'
import { doubled } from './doubled.ts'
import { stories } from './stories.ts'

/** Orders in which the calls of both are let through, for each story; test/slow/crash.ts tries more. */
const ORDERS = 1

describe('two consumers of every lane at once, in any order of their calls: one outcome, each thing touched once', () => {
  it.each(Object.entries(stories).filter(([, { answers }]) => answers === undefined))(
    '%s',
    { timeout: 60_000 },
    async (_, story) => {
      const stage = await openStage(story)
      const { ended } = await stage.play(null)
      await fc.assert(
        fc.asyncProperty(fc.scheduler(), async (scheduler) => {
          const two = doubled((call) => scheduler.schedule(Promise.resolve(), call))
          expect(await scheduler.waitFor(stage.playIn(two))).toEqual(ended)
          expect(two.seconds()).toBeGreaterThan(10)
          expect(two.made).toEqual([...new Set(two.made)])
          expect([...two.touchedBy].filter(([, who]) => who.size > 1)).toEqual([])
        }),
        { numRuns: ORDERS },
      )
      await stage.close()
    },
  )
})
