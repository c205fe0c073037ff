import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { Check } from '../../scripts/lane.ts'
import { sideBySide } from '../faults/side-by-side.ts'
import { LENGTHS, SIDES, type stories } from './outage.ts'
import type { Answer, Task } from './thread.ts'

/** CI has two cores. */
const THREADS = 2

/** A task, and what it proves. */
interface Promised {
  what: string
  task: Task
}

/** Every far side, for every length, from every moment of these stories on: a task each for side and length. */
export const outagesOf = (names: readonly (keyof typeof stories)[]): Promised[] =>
  names.flatMap((story) =>
    SIDES.flatMap((side) =>
      LENGTHS.map(({ how, minutes }) => ({
        what: `${story}: ${side} ${how} for ${minutes} minutes, from each moment on`,
        task: { story, side, how, minutes },
      })),
    ),
  )

/** Plays all of them, as many at a time as there are threads: a check each. */
export const playAll = async (check: Check, all: readonly Promised[]): Promise<void> => {
  const free = Array.from({ length: THREADS }, () => new Worker(new URL('./thread.ts', import.meta.url)))
  const threads = [...free]
  let plays = 0
  try {
    await sideBySide([...all], THREADS, ({ what, task }) =>
      check(what, async () => {
        const thread = free.pop() as Worker
        const more = await played(thread, task)
        plays += more
        free.push(thread)
      }),
    )
    for (const thread of threads) thread.postMessage(null)
    await Promise.all(threads.map((thread) => once(thread, 'exit')))
  } finally {
    for (const thread of threads) await thread.terminate()
    console.log(`${plays} plays`)
  }
}

const played = async (thread: Worker, task: Task): Promise<number> => {
  thread.postMessage(task)
  const [{ plays, problem }] = (await once(thread, 'message')) as [Answer]
  if (problem !== null) throw new Error(problem)
  return plays
}
