import { calls } from './calls.ts'
import { eventToRealJob } from './event-to-job.ts'
import { inFlight } from './in-flight.ts'

/** The figures of a real API server: `npm run bench:real`. Needs Go. Trust ratios of one run, not absolute times. */
for (const part of [eventToRealJob, calls, inFlight]) for (const line of await part()) console.log(line)
