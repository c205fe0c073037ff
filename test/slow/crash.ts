import { once } from 'node:events'
import { isDeepStrictEqual } from 'node:util'
import { Worker } from 'node:worker_threads'
import fc from 'fast-check'
import { lane } from '../../scripts/lane.ts'
import type { Crashes } from '../faults/crash-thread.ts'
import { openStage, type Stage } from '../faults/crashing.ts'
import { doubled } from '../faults/doubled.ts'
import { deathsOf } from '../faults/side-by-side.ts'
import { stories } from '../faults/stories.ts'
import { tornLife } from '../journeys/tearing.ts'

const THREADS = 2
/** Orders in which the calls of two consumers are let through, for each story. */
const ORDERS = 20

const inThread = async (workerData: Crashes): Promise<void> => {
  const worker = new Worker(new URL('../faults/crash-thread.ts', import.meta.url), { workerData })
  const [problem] = (await once(worker, 'message')) as [string | null]
  if (problem !== null) throw new Error(problem)
}

/** A crash at every call, shared among the threads. Answers how many. */
const crashes = async (story: string, ended: unknown, calls: number): Promise<number> => {
  const deaths = deathsOf(calls, 1)
  const shares = Array.from({ length: THREADS }, (_, n) => deaths.filter((_death, index) => index % THREADS === n))
  await Promise.all(shares.map((share) => inThread({ story, deaths: share, ended })))
  return deaths.length
}

const orders = ({ playIn }: Stage, ended: unknown): Promise<void> =>
  fc.assert(
    fc.asyncProperty(fc.scheduler(), async (scheduler) => {
      const two = doubled((call) => scheduler.schedule(Promise.resolve(), call))
      const got = await scheduler.waitFor(playIn(two))
      if (!isDeepStrictEqual(got, ended)) throw new Error(`${JSON.stringify(got)} instead of ${JSON.stringify(ended)}`)
      const both = [...two.touchedBy].filter(([, who]) => who.size > 1)
      if (both.length > 0 || new Set(two.made).size < two.made.length)
        throw new Error(`made ${two.made.join(', ')}; touched by both: ${both.join()}`)
    }),
    { numRuns: ORDERS, seed: 20_261_124 },
  )

/** One write of each commit of a pipeline's life alone, and all of it but that one, as a restore may tear them. */
const torn = async (): Promise<void> => {
  const life = await tornLife()
  for (const tear of life.tears) {
    const came = await life.restored(tear)
    if (!isDeepStrictEqual(came, life.whole))
      throw new Error(`${tear.name}: ${JSON.stringify(came)} instead of ${JSON.stringify(life.whole)}`)
  }
  console.log(`${life.tears.length} restores`)
  await life.close()
}

/** A crash at every single await of every flow, one at a time, before and after the far side did it; and two consumers at once; and restores that tore commits. */
await lane(async (check) => {
  await check('a pipeline: a restore that tore any of its commits ends as the one that tore none', torn)
  for (const [name, story] of Object.entries(stories)) {
    const stage = await openStage(story)
    const { ended, calls } = await stage.play(null)
    await check(`${name}: a crash at each of its awaits changes nothing`, async () => {
      console.log(`${name}: ${await crashes(name, ended, calls)} crashes at ${calls} calls`)
    })
    if (story.answers === undefined)
      await check(`${name}: two consumers at once, in ${ORDERS} orders, change nothing`, () => orders(stage, ended))
    await stage.close()
  }
})
