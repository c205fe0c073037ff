import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { lane } from '../../scripts/lane.ts'
import { sideBySide } from '../faults/side-by-side.ts'
import { mutants } from '../model/mutants.ts'
import { roomMutants } from '../model/room-mutants.ts'
import { largeRooms } from '../model/room-worlds.ts'
import type { Answer, Task } from '../model/thread.ts'
import { large } from '../model/worlds.ts'

/** CI has two cores. */
const THREADS = 2

const PROMISES: Record<Task['kind'], string> = {
  lane: 'nothing is ever wrong, and it always comes to rest',
  room: 'nothing is promised twice, nobody is overtaken, nobody waits for ever',
  'lane-guard': 'without it the exploration finds what goes wrong',
  'room-guard': 'without it the exploration finds what goes wrong',
}

const all: Record<Task['kind'], readonly { name: string }[]> = {
  lane: large,
  room: largeRooms,
  'lane-guard': mutants.filter(({ slow }) => slow === true),
  'room-guard': roomMutants.filter(({ slow }) => slow === true),
}
const tasks = (Object.keys(all) as Task['kind'][]).flatMap((kind) =>
  all[kind].map(({ name }): Task => ({ kind, name })),
)

/** Every life that a lane may have in larger worlds: nothing of it is ever wrong, and each guard is missed when it is gone. */
await lane(async (check) => {
  const threads = Array.from({ length: THREADS }, () => new Worker(new URL('../model/thread.ts', import.meta.url)))
  const free = [...threads]
  try {
    await sideBySide(tasks, THREADS, (task) =>
      check(`${task.name}: ${PROMISES[task.kind]}`, async () => {
        const thread = free.pop() as Worker
        thread.postMessage(task)
        const [{ line, problem }] = (await once(thread, 'message')) as [Answer]
        free.push(thread)
        if (line !== null) console.log(line)
        if (problem !== null) throw new Error(problem)
      }),
    )
  } finally {
    for (const thread of threads) await thread.terminate()
  }
})
