import {
  CallbackTimeoutError,
  type CheckpointDurableExecutionRequest,
  type DurableContext,
  type DurableExecutionClient,
  type DurableLambdaHandler,
  type OperationUpdate,
  type WireOperation,
  withDurableExecution,
} from '@aws/durable-execution-sdk-js'
import type { RunKey } from '../../core/names.ts'
import type { Unavailable, WorkflowContext } from '../../flows/ports.ts'

/** What a client of the durable service must do, and what it is handed: the SDK's own types. */
export type Client = DurableExecutionClient
export type Handler = DurableLambdaHandler
export type StoredOperation = WireOperation
export type Update = OperationUpdate
export type Updates = CheckpointDurableExecutionRequest['Updates']

/** Tries of a step whose far side could not be asked: with 1 s doubling to 60 s, about a quarter of an hour. */
const TRIES = 20

/**
 * A workflow as a Lambda handler of the durable SDK. On one machine the same SDK runs it, with a client of ours in place
 * of the service: replay is exercised at every invocation, so what is not deterministic fails at once.
 */
export const durableHandler = (
  run: (context: WorkflowContext, run: RunKey) => Promise<unknown>,
  options: { client?: DurableExecutionClient } = {},
): DurableLambdaHandler =>
  withDurableExecution<RunKey, unknown>(
    (key, context) => run(workflowContext(context), key),
    options.client === undefined ? {} : { durableExecutionClient: options.client },
  )

const workflowContext = (context: DurableContext): WorkflowContext => ({
  step: <T>(name: string, work: () => Promise<T>): Promise<T> =>
    context.step(name, work, { retryStrategy }) as unknown as Promise<T>,
  sleep: async (name, seconds, listen) => {
    const [rung, bell] = await context.createCallback(name, { timeout: { seconds } })
    const sleeps = await context.step(`${name} listen`, () => listen(bell), { retryStrategy })
    if (!sleeps) return 'awake'
    try {
      await rung
      return 'awake'
    } catch (error) {
      if (error instanceof CallbackTimeoutError) return 'over'
      throw error
    }
  },
})

/** Only what could not be asked is asked again; any other error is a bug and ends the execution at once. */
const retryStrategy = (error: Error, attempt: number): { shouldRetry: boolean; delay?: { seconds: number } } =>
  isUnavailable(error) && attempt < TRIES
    ? { shouldRetry: true, delay: { seconds: Math.max(Math.min(60, 2 ** (attempt - 1)), askedToWait(error)) } }
    : { shouldRetry: false }

/** What a rate limit asks for, at most an hour. Seconds. */
const askedToWait = (error: Error): number => {
  const { retryAfter } = error as Partial<Unavailable>
  if (typeof retryAfter === 'number' && retryAfter > 0) return Math.min(3600, Math.ceil(retryAfter))
  return error.cause instanceof Error ? askedToWait(error.cause) : 0
}

const isUnavailable = (error: Error): boolean =>
  error.name === 'Unavailable' || (error.cause instanceof Error && isUnavailable(error.cause))
