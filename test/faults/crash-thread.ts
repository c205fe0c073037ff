import { isDeepStrictEqual } from 'node:util'
import { parentPort, workerData } from 'node:worker_threads'
import { openStage } from './crashing.ts'
import type { Death } from './mortal.ts'
import { sideBySide } from './side-by-side.ts'
import { type Story, stories } from './stories.ts'

/** What a thread tries: a story that dies at each of these, and what it must come to. */
export interface Crashes {
  story: string
  deaths: Death[]
  ended: unknown
}

/** A thread of the slow lane: answers the first problem, or null. */
const { story, deaths, ended } = workerData as Crashes
let problem: string | null = null
const stage = await openStage(stories[story] as Story)
await sideBySide(deaths, 4, async (death) => {
  if (problem !== null) return
  const got = await stage.play(death)
  if (!got.died) problem ??= `dying ${death.when} call ${death.at}: it did not come so far`
  else if (!isDeepStrictEqual(got.ended, ended))
    problem ??= `dying ${death.when} call ${death.at}: ${JSON.stringify(got.ended)} instead of ${JSON.stringify(ended)}`
})
await stage.close()
parentPort?.postMessage(problem)
