import { isDeepStrictEqual } from 'node:util'
import { parentPort } from 'node:worker_threads'
import { boundedWalkOf } from './bounded-walk.ts'
import { isTakenBack, type Outage, openStage, type Stage, type stories, whyProblem } from './outage.ts'
import { walkOf } from './walk.ts'

/** What a thread of a slow lane plays: a far side that fails for so long, from each moment of a story on; or a walk of one kind. */
export type Task = OutageTask | WalkTask
export interface WalkTask {
  walk: keyof typeof WALKS
  seed: number
  steps: number
}
export interface OutageTask extends Omit<Outage, 'after'> {
  story: keyof typeof stories
}

/** What came of a task: how much was played, and the first thing that is wrong. */
export interface Answer {
  plays: number
  problem: string | null
}

const stages = new Map<string, Promise<Stage>>()
const stageOf = (story: OutageTask['story']): Promise<Stage> => {
  const found = stages.get(story) ?? openStage(story)
  stages.set(story, found)
  return found
}

const playOutages = async ({ story, ...outage }: OutageTask): Promise<Answer> => {
  const { reference, play } = await stageOf(story)
  const moments = ['nothing', ...reference.commits]
  for (const [after, moment] of moments.entries()) {
    const played = await play({ ...outage, after })
    const wrong = isDeepStrictEqual(played.ended, reference.ended)
      ? whyProblem(outage, played)
      : story !== 'dataset' && isTakenBack(outage, played.ended)
        ? null
        : `${JSON.stringify(played.ended)} instead of ${JSON.stringify(reference.ended)}`
    if (wrong !== null) return { plays: after + 1, problem: `after ${moment}: ${wrong}` }
  }
  return { plays: moments.length, problem: null }
}

/** Whatever people and the world do; and what costs GPUs and dollars, over the end of a month. */
const WALKS = { whatever: walkOf, bounded: boundedWalkOf } as const

const playWalk = async ({ walk, seed, steps }: WalkTask): Promise<Answer> => {
  const { wrong, deeds } = await WALKS[walk](seed, steps)
  return { plays: 1, problem: wrong.length === 0 ? null : `${wrong.join('\n')}\nafter\n${deeds.join('\n')}` }
}

parentPort?.on('message', async (task: Task | null) => {
  if (task !== null) return parentPort?.postMessage(await ('seed' in task ? playWalk(task) : playOutages(task)))
  for (const stage of stages.values()) await (await stage).close()
  parentPort?.close()
})
