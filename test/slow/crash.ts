import { isDeepStrictEqual } from 'node:util'
import { lane } from '../../scripts/lane.ts'
import { play, stories } from '../faults/crashing.ts'
import { deathsOf, sideBySide } from '../faults/side-by-side.ts'

/** A crash at every single await of every flow, one at a time, before and after the far side did it. */
await lane(async (check) => {
  for (const [name, story] of Object.entries(stories))
    await check(`${name}: a crash at each of its awaits changes nothing`, async () => {
      const { ended, calls } = await play(story, null)
      const deaths = deathsOf(calls, 1)
      await sideBySide(deaths, 16, async (death) => {
        const got = await play(story, death)
        if (!isDeepStrictEqual(got.ended, ended))
          throw new Error(
            `dying ${death.when} call ${death.at}: ${JSON.stringify(got.ended)} instead of ${JSON.stringify(ended)}`,
          )
      })
      console.log(`${name}: ${deaths.length} crashes at ${calls} calls`)
    })
})
