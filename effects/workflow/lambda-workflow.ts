import {
  type Execution,
  InvokeCommand,
  type LambdaClient,
  ListDurableExecutionsByFunctionCommand,
  SendDurableExecutionCallbackSuccessCommand,
} from '@aws-sdk/client-lambda'
import type { Workflow } from '../../flows/ports.ts'
import { asking, isNamed } from '../aws/errors.ts'

/**
 * Executions of a durable Lambda function. `functionArn` is qualified by its alias: a durable function cannot be started
 * without one. A name that was started with another payload rejects with a `RangeError`.
 */
export const openLambdaWorkflow = ({
  client,
  functionArn,
}: {
  client: Pick<LambdaClient, 'send'>
  functionArn: string
}): Workflow => {
  const lambda = client as LambdaClient
  const name = functionOf(functionArn)
  return {
    start: async (execution, run) => {
      const invoke = new InvokeCommand({
        FunctionName: functionArn,
        // A synchronous start would end the whole execution after a quarter of an hour.
        InvocationType: 'Event',
        DurableExecutionName: execution,
        Payload: Buffer.from(JSON.stringify(run)),
      })
      try {
        await lambda.send(invoke)
      } catch (error) {
        if (isNamed(error, 'DurableExecutionAlreadyStartedException'))
          throw new RangeError(`execution ${execution} was started with another payload`)
        await asking(`starting ${execution}`, () => Promise.reject(error))
      }
    },
    ring: async (bell) => {
      try {
        await lambda.send(new SendDurableExecutionCallbackSuccessCommand({ CallbackId: bell }))
        return 'rung'
      } catch (error) {
        // Closed: answered, over its time, or its execution has ended.
        if (isNamed(error, 'CallbackTimeoutException', 'ResourceNotFoundException', 'InvalidParameterValueException'))
          return 'closed'
        return asking('ringing a bell', () => Promise.reject(error))
      }
    },
    describe: async (execution) => {
      const found = await findExecution(lambda, execution, name)
      if (found === undefined) return 'unknown'
      return found.Status === 'RUNNING' ? 'running' : 'closed'
    },
  }
}

/**
 * Without a qualifier the list is of every version: an execution stays on the one that it was started on, while the alias moves
 * with each deployment. Lambda takes no qualifier beside a name. It lists every execution whose name contains this one,
 * `…-g1a10` too for `…-g1a1`, so all pages count.
 */
const findExecution = async (lambda: LambdaClient, execution: string, name: string): Promise<Execution | undefined> => {
  let marker: string | undefined
  do {
    const list = new ListDurableExecutionsByFunctionCommand({
      FunctionName: name,
      DurableExecutionName: execution,
      Marker: marker,
      MaxItems: 100,
    })
    const { DurableExecutions = [], NextMarker } = await asking(`looking for ${execution}`, () => lambda.send(list))
    const found = DurableExecutions.find(({ DurableExecutionName }) => DurableExecutionName === execution)
    if (found !== undefined) return found
    marker = NextMarker || undefined
  } while (marker !== undefined)
  return undefined
}

/** `arn:aws:lambda:REGION:ACCOUNT:function:NAME:ALIAS`, or `NAME:ALIAS` in the client's own account, as the function without its alias. */
const functionOf = (arn: string): string => {
  if (!/^(arn(:[^:]+){4}:function:)?[\w-]+:[\w-]+$/.test(arn))
    throw new RangeError(`${arn} must name an alias: NAME:ALIAS or …:function:NAME:ALIAS`)
  return arn.slice(0, arn.lastIndexOf(':'))
}
