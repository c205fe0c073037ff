import { DatabaseSync } from 'node:sqlite'
import type { Handler, StoredOperation, Updates } from '../../../effects/workflow/durable-context.ts'
import type { Clock } from '../../../flows/ports.ts'
import { openExecutions } from '../../../local/workflow/executions.ts'

/** Operations that an invocation is handed with its event; the rest it asks for. Few, so that trials do ask. */
const PAGE = 8

/** What Lambda answers in place of doing it: its error's name, its status and its words. */
export class Refused extends Error {
  readonly status: number
  constructor(name: string, status: number, message: string) {
    super(message)
    this.name = name
    this.status = status
  }
}

export interface FunctionOptions {
  name: string
  /** The one alias that there is. It points to the version that was published last. */
  alias: string
  handler: Handler
  clock: Clock
  onError?: (execution: string, error: unknown) => void
}

export interface Listed {
  DurableExecutionArn: string
  DurableExecutionName: string
  FunctionArn: string
  Status: string
  StartTimestamp: number
}

/** What the invocation under way may ask about: a token is good for one checkpoint. */
interface Invocation {
  token: string
  operations: StoredOperation[]
  /** The last checkpoint and its answer: whoever lost the answer asks again, in the same words. */
  last: { token: string; client: string; answer: object } | null
}

const STATUS = { open: 'RUNNING', succeeded: 'SUCCEEDED', failed: 'FAILED' } as const
const invalidToken = (): Refused =>
  new Refused('InvalidParameterValueException', 400, 'Invalid Checkpoint Token: it is not the last one')

/**
 * One durable function as Lambda keeps it: executions stay with the version that they were started on. What they remember
 * is the engine's that runs them on one machine.
 */
export const openDurableFunction = ({ name, alias, handler, clock, onError }: FunctionOptions) => {
  const database = new DatabaseSync(':memory:')
  const arn = `arn:aws:lambda:eu-central-1:111122223333:function:${name}`
  const started = new Map<string, { version: number; at: number }>()
  const invocations = new Map<string, Invocation>()
  let version = 1
  const arnOf = (execution: string): string =>
    `${arn}:${started.get(execution)?.version}/durable-execution/${execution}/id-of-${execution}`
  const invoke: Handler = (event, context) => {
    const execution = event.DurableExecutionArn
    const operations = event.InitialExecutionState.Operations ?? []
    const token = `${event.CheckpointToken}.0`
    invocations.set(execution, { token, operations, last: null })
    const input = {
      DurableExecutionArn: arnOf(execution),
      CheckpointToken: token,
      InitialExecutionState: page(operations, 0),
    }
    return handler(JSON.parse(JSON.stringify(input)), context)
  }
  const open = () => openExecutions({ database, clock, handler: invoke, onError })
  let executions = open()
  return {
    /** As it is started: by its alias. */
    arn: `${arn}:${alias}`,
    advance: (now: number) => executions.advance(now),
    /** Its process dies at once: nothing that it was doing writes another word. Lambda itself goes on. */
    die: () => executions.close(),
    /** Another process takes over: what was under way is invoked again, and the old tokens are good for nothing. */
    revive: () => {
      executions.close()
      invocations.clear()
      executions = open()
    },
    /** A new version, and the alias points to it. */
    publish: () => void version++,
    knows: (qualifier: string | null) => qualifier === null || qualifier === alias || Number(qualifier) <= version,
    /** Starts it, or finds that it was; answers its ARN. */
    start: (execution: string, payload: string): string => {
      if (!executions.start(execution, payload))
        throw new Refused('DurableExecutionAlreadyStartedException', 409, `${execution} has another payload`)
      if (!started.has(execution)) started.set(execution, { version, at: clock.now() })
      return arnOf(execution)
    },
    ring: (bell: string): boolean => executions.ring(bell) === 'rung',
    checkpoint: (execution: string, given: { token: string; client: string; updates: Updates }): object => {
      const invocation = invocations.get(execution)
      const { token, client, updates } = given
      if (invocation?.last?.token === token && invocation.last.client === client) return invocation.last.answer
      const [of = '', count] = token.split('.')
      const operations =
        invocation?.token === token ? executions.checkpoint({ name: execution, token: of, updates }) : null
      if (invocation === undefined || operations === null) throw invalidToken()
      invocation.token = `${of}.${Number(count) + 1}`
      const answer = { CheckpointToken: invocation.token, NewExecutionState: { Operations: operations.map(inSeconds) } }
      invocation.last = { token, client, answer }
      return answer
    },
    /** A further page of what the execution remembers, as it was when the invocation began. */
    state: (execution: string, token: string, from: number): object => {
      const invocation = invocations.get(execution)
      if (invocation?.token !== token) throw invalidToken()
      const { Operations, ...more } = page(invocation.operations, from)
      return { Operations: Operations.map(inSeconds), ...more }
    },
    /** Oldest first. Through the alias: those of the version that it points to now, and no others. */
    list: (qualifier: string | null): Listed[] =>
      [...started].flatMap(([execution, { version: of, at }]) => {
        const status = executions.status(execution)
        const asked = qualifier === null || of === (qualifier === alias ? version : Number(qualifier))
        if (status === undefined || !asked) return []
        return {
          DurableExecutionArn: arnOf(execution),
          DurableExecutionName: execution,
          FunctionArn: `${arn}:${of}`,
          Status: STATUS[status],
          StartTimestamp: at / 1000,
        }
      }),
  }
}
export type DurableFunction = ReturnType<typeof openDurableFunction>

const page = (operations: StoredOperation[], from: number): { Operations: StoredOperation[]; NextMarker?: string } => ({
  Operations: operations.slice(from, from + PAGE),
  ...(operations.length > from + PAGE ? { NextMarker: String(from + PAGE) } : {}),
})

/** Times as the API says them: seconds. In an event they are ISO 8601. */
const inSeconds = (operation: StoredOperation): object =>
  JSON.parse(JSON.stringify(operation), (key, value: unknown) =>
    key.endsWith('Timestamp') ? Date.parse(String(value)) / 1000 : value,
  )
