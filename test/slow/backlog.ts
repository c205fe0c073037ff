import { lane } from '../../scripts/lane.ts'
import { backlogs, playBacklog } from '../journeys/backlogs.ts'

const LANES = 10_000

/** As many lanes as outages leave behind are served in order, and a cancel among them is heard within 30 s. */
await lane(async (check) => {
  const lanes = Number(process.argv[2] ?? LANES)
  for (const name of Object.keys(backlogs) as (keyof typeof backlogs)[])
    await playBacklog(name, { lanes, check, say: console.log })
})
