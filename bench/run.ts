import { decisionCost } from './decision.ts'
import { eventToJob } from './event-to-job.ts'
import { executions } from './executions.ts'

/** Every figure that the README quotes: `npm run bench`. Trust ratios of one run, not absolute times. */
for (const part of [eventToJob, decisionCost, executions]) for (const line of await part()) console.log(line)
