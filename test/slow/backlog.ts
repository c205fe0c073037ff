import { lane } from '../../scripts/lane.ts'
import { type backlogs, playBacklog } from '../journeys/backlogs.ts'

/** As many lanes as outages leave behind are served in order, and a cancel among them is heard within 30 s. */
const LANES: Record<keyof typeof backlogs, number> = {
  clusterAway: 10_000,
  wakesLost: 2_000,
  behindNewer: 2_000,
  endsUnheard: 2_000,
}

await lane(async (check) => {
  for (const [name, lanes] of Object.entries(LANES) as [keyof typeof backlogs, number][])
    await playBacklog(name, { lanes, check, say: console.log })
})
