import { decisionCost } from './decision.ts'
import { doorCosts } from './doors.ts'
import { eventToJob } from './event-to-job.ts'
import { executions } from './executions.ts'
import { importTimes } from './imports.ts'

/** Every figure that the README quotes: `npm run bench`. Trust ratios of one run, not absolute times. */
for (const part of [eventToJob, decisionCost, doorCosts, executions, importTimes])
  for (const line of await part()) console.log(line)
