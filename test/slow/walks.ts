import { lane } from '../../scripts/lane.ts'
import { playAll } from '../journeys/outage.ts'
import { walkOf } from '../journeys/walk.ts'

/** Walks of sixty deeds. */
const WALKS = 40

/** Far sides that are away at each moment of a way back; and whatever people, outages and deaths do, in many orders. */
await lane(async (check) => {
  await playAll(check, ['walk-back'])
  for (let seed = 1; seed <= WALKS; seed++)
    await check(`walk ${seed}: it comes to rest, as the sources say`, async () => {
      const { wrong, deeds } = await walkOf(seed, 60)
      if (wrong.length > 0) throw new Error(`${wrong.join('\n')}\nafter\n${deeds.join('\n')}`)
    })
})
