import type { RunKey } from '../../core/names.ts'
import { type Client, durableHandler, type Handler } from '../../effects/workflow/durable-context.ts'
import { Unavailable, type Workflow, type WorkflowContext } from '../../flows/ports.ts'
import { type Executions, type ExecutionsOptions, openExecutions } from './executions.ts'

export interface WorkflowOptions extends Omit<ExecutionsOptions, 'handler'> {
  run: (context: WorkflowContext, run: RunKey) => Promise<unknown>
}

/** The durable SDK on one machine: our client on SQLite, and invocations when `advance` says that time has come. */
export type LocalWorkflow = Workflow & Pick<Executions, 'advance' | 'executions' | 'operations' | 'close'>

export const openWorkflow = ({ run, ...options }: WorkflowOptions): LocalWorkflow => {
  const handler: Handler = (event, context) => durable(event, context)
  const executions = openExecutions({ ...options, handler })
  const durable = durableHandler(run, { client: clientOf(executions) })
  return {
    ...executions,
    start: async (name, key) => {
      if (!executions.start(name, JSON.stringify(key)))
        throw new RangeError(`execution ${name} was started with another payload`)
    },
    ring: async (bell) => executions.ring(bell),
    describe: async (name) => {
      const status = executions.status(name)
      return status === undefined ? 'unknown' : status === 'open' ? 'running' : 'closed'
    },
  }
}

/** The two operations of the service. A token is good for one invocation, and for none once the handle is closed. */
const clientOf = (executions: Executions): Client => ({
  getExecutionState: async () => ({ Operations: [] }),
  checkpoint: async ({ DurableExecutionArn, CheckpointToken = '', Updates: updates }) => {
    const name = String(DurableExecutionArn)
    const operations = executions.checkpoint({ name, token: CheckpointToken, updates })
    if (operations === null) throw new Unavailable(`this invocation of ${name} has ended, or its process`)
    return { CheckpointToken, NewExecutionState: { Operations: operations } }
  },
})
