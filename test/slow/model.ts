import { lane } from '../../scripts/lane.ts'
import { mutants } from '../model/mutants.ts'
import { faultsOf, lineOf, prove, whatShows } from '../model/prove.ts'
import { exploreRoom, roomFaults, roomLine } from '../model/room-explore.ts'
import { largeRooms } from '../model/room-worlds.ts'
import { large } from '../model/worlds.ts'

/** Every life that a lane may have in larger worlds: nothing of it is ever wrong, and each guard is missed when it is gone. */
await lane(async (check) => {
  for (const config of large)
    await check(`${config.name}: nothing is ever wrong, and it always comes to rest`, () => {
      const proof = prove(config)
      console.log(lineOf(config.name, proof))
      const faults = faultsOf(proof)
      if (faults.length > 0) throw new Error(faults.join('\n'))
    })
  for (const config of largeRooms)
    await check(`${config.name}: nothing is promised twice, nobody is overtaken, nobody waits for ever`, () => {
      const explored = exploreRoom(config)
      console.log(roomLine(config.name, explored))
      const faults = roomFaults(explored)
      if (faults.length > 0) throw new Error(faults.join('\n'))
    })
  for (const mutant of mutants.filter(({ slow }) => slow === true))
    await check(`${mutant.name}: without it the exploration finds what goes wrong`, async () => {
      if ((await whatShows(mutant)) === null) throw new Error('it finds nothing')
    })
})
