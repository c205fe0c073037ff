import { alertStorm } from './alert-storm.ts'
import { decisionCost } from './decision.ts'
import { doorCosts } from './doors.ts'
import { eventToJob } from './event-to-job.ts'
import { importTimes } from './imports.ts'
import { inFlight } from './in-flight.ts'
import { metering } from './meter.ts'
import { restingLanes } from './resting.ts'
import { roundTrips } from './round-trips.ts'

/** Every figure that the README quotes: `npm run bench`. Counts are exact; trust ratios of one run, not absolute times. */
for (const part of [
  () => roundTrips(),
  eventToJob,
  decisionCost,
  doorCosts,
  restingLanes,
  inFlight,
  metering,
  alertStorm,
  importTimes,
])
  for (const line of await part()) console.log(line)
