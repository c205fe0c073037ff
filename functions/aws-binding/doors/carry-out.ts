import { durableHandler } from '../../../effects/workflow/durable-context.ts'
import { door } from '../../carry-out.ts'
import { workPorts } from '../work.ts'

const ports = workPorts()
/** Not in the middy chain: replay runs this again and again, and the durable SDK logs and retries by itself. */
export const handler = durableHandler(async (context, run) => door.handler(await ports)({ context, run }))
