import { durableHandler } from '../../../effects/workflow/durable-context.ts'
import { door } from '../../carry-out.ts'
import { failed, logger } from '../lambda.ts'
import { workPorts } from '../work.ts'

const ports = workPorts()
/**
 * Not in the middy chain: replay runs this again and again, and a time-out's timer would outlive an execution that sleeps. What
 * is after the `await` runs once, at the end of the execution.
 */
export const handler = durableHandler(async (context, run) => {
  try {
    const outcome = await door.handler(await ports)({ context, run })
    logger.info(`${door.name} ended`, { ...run, outcome })
    return outcome
  } catch (error) {
    failed(door.name, error)
    throw error
  }
})
