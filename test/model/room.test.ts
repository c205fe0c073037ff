import { describe, expect, it } from 'vitest'
import { exploreRoom, roomFaults, roomLine } from './room-explore.ts'
import { roomMutants, whatRoomShows } from './room-mutants.ts'
import { roomConfigs } from './room-worlds.ts'

/** Far more than it takes: other tests run beside it. Milliseconds. */
const PATIENCE = 120_000

describe('room, explored', () => {
  it.each(roomConfigs)(
    '$name: nothing is promised twice, nobody is overtaken, nobody waits for ever',
    { timeout: PATIENCE },
    (config) => {
      const explored = exploreRoom(config)
      console.log(roomLine(config.name, explored))
      expect(roomFaults(explored)).toEqual([])
    },
  )
})

describe('a guard of it', () => {
  it.each(roomMutants.filter(({ slow }) => slow !== true))(
    '$name: without it the exploration finds what goes wrong',
    { timeout: PATIENCE },
    async (mutant) => {
      expect(await whatRoomShows(mutant)).not.toBeNull()
    },
  )
})
