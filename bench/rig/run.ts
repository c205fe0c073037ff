import { calls } from './calls.ts'
import { eventToRealJob } from './event-to-job.ts'
import { inFlight } from './in-flight.ts'
import { roundTripsInAws } from './round-trips-in-aws.ts'

/** The figures of a real API server, and of DynamoDB's stand-in: `npm run bench:real`. Needs Go and Rust. Trust ratios of one run, not absolute times. */
for (const part of [roundTripsInAws, eventToRealJob, calls, inFlight])
  for (const line of await part()) console.log(line)
