import { parentPort } from 'node:worker_threads'
import { mutants } from './mutants.ts'
import { faultsOf, lineOf, prove, whatShows } from './prove.ts'
import { exploreRoom, roomFaults, roomLine } from './room-explore.ts'
import { roomMutants, whatRoomShows } from './room-mutants.ts'
import { largeRooms } from './room-worlds.ts'
import { large } from './worlds.ts'

/** What a thread explores: a world of a lane or of a room, or a lane without one of its guards. */
export interface Task {
  kind: 'lane' | 'room' | 'lane-guard' | 'room-guard'
  name: string
}

/** What came of it: what is said of it, and what is wrong. */
export interface Answer {
  line: string | null
  problem: string | null
}

const named = <T extends { name: string }>(all: readonly T[], name: string): T => {
  const found = all.find((one) => one.name === name)
  if (found === undefined) throw new Error(`there is no ${name}`)
  return found
}

const explored = async ({ kind, name }: Task): Promise<Answer> => {
  switch (kind) {
    case 'lane': {
      const proof = prove(named(large, name))
      return answerOf(lineOf(name, proof), faultsOf(proof))
    }
    case 'room': {
      const proof = exploreRoom(named(largeRooms, name))
      return answerOf(roomLine(name, proof), roomFaults(proof))
    }
    case 'lane-guard':
      return answerOf(null, (await whatShows(named(mutants, name))) === null ? ['it finds nothing'] : [])
    case 'room-guard':
      return answerOf(null, (await whatRoomShows(named(roomMutants, name))) === null ? ['it finds nothing'] : [])
  }
}

const answerOf = (line: string | null, faults: readonly string[]): Answer => ({
  line,
  problem: faults.length === 0 ? null : faults.join('\n'),
})

parentPort?.on('message', async (task: Task | null) => {
  if (task === null) return parentPort?.close()
  return parentPort?.postMessage(
    await explored(task).catch((error: unknown): Answer => ({ line: null, problem: String(error) })),
  )
})
