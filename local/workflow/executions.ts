import type { DatabaseSync } from 'node:sqlite'
import type { Handler, StoredOperation, Updates } from '../../effects/workflow/durable-context.ts'
import type { Clock } from '../../flows/ports.ts'
import {
  applyUpdates,
  atomically,
  completeCallback,
  expireCallbacks,
  nextDue,
  operationsOf,
  prepare,
  type Statements,
} from './history.ts'

/** Executions invoked side by side: each waits ~20 ms in the SDK's own timers, so many run at once. */
const SIDE_BY_SIDE = 64
/** Names of closed executions are forgotten after this long: the ledger must not need them (law 2). Milliseconds. */
const RETENTION = 14 * 24 * 3_600_000
/** An invocation that died is repeated after this long. Milliseconds. */
const AGAIN_AFTER = 1000

export interface ExecutionsOptions {
  database: DatabaseSync
  clock: Clock
  /** Invoked for what is due. An invocation that throws is repeated. */
  handler: Handler
  retentionMs?: number | undefined
  onError?: ((name: string, error: unknown) => void) | undefined
}

/** The executions of one durable function: what they remember, who sleeps on which bell, and what is due. */
export interface Executions {
  /** False when the name was started with another payload: nothing has changed then. */
  start(name: string, payload: string): boolean
  ring(bell: string): 'rung' | 'closed'
  /** Undefined: never started, or forgotten. */
  status(name: string): 'open' | 'succeeded' | 'failed' | undefined
  /** Null when the token is not of the invocation that is under way: a newer one is, or this handle is closed. */
  checkpoint(given: { name: string; token: string; updates: Updates }): StoredOperation[] | null
  /** Invokes everything that is due, side by side, until nothing is; answers the next due time (ms) or null. */
  advance(now: number): Promise<number | null>
  /** Executions that are open. */
  executions(): number
  /** Operations that are kept, for tests of what memory holds. */
  operations(): number
  /** Nothing of this handle runs or writes any more. */
  close(): void
}

/** Opens them where an earlier process left them: whatever it was invoking when it died is invoked again. */
export const openExecutions = (given: ExecutionsOptions): Executions => {
  const { database, clock, handler, retentionMs = RETENTION, onError = () => undefined } = given
  const statements = prepare(database)
  statements.revive.run()
  const engine: Engine = {
    database,
    statements,
    clock,
    onError,
    closed: false,
    invoking: new Map(),
    handler,
    nudge: () => undefined,
  }
  return {
    start: (name, payload) => startNamed(engine, name, payload),
    ring: (bell) => atomically(database, () => wake(engine, bell)),
    status: (name) => statements.find.get(name)?.['status'] as ReturnType<Executions['status']>,
    checkpoint: (update) => checkpoint(engine, update),
    advance: async (now) => {
      await drain(engine, now)
      if (engine.closed) return null
      statements.forget.run(now - retentionMs)
      const due = statements.nextDue.get()?.['due']
      return typeof due === 'number' ? due : null
    },
    executions: () => Number(statements.open.get()?.['n']),
    operations: () => Number(database.prepare('SELECT count(*) AS n FROM operations').get()?.['n']),
    close: () => {
      engine.closed = true
    },
  }
}

interface Engine {
  database: DatabaseSync
  statements: Statements
  clock: Clock
  onError: (name: string, error: unknown) => void
  closed: boolean
  /** Executions that are being invoked, with the promise of their end. */
  invoking: Map<string, Promise<void>>
  handler: Handler
  /** Lets a drain that waits for the invocations under way look again for what is due. */
  nudge: () => void
}

const startNamed = ({ statements, clock, nudge }: Engine, name: string, payload: string): boolean => {
  const found = statements.find.get(name)
  if (found !== undefined) return found['payload'] === payload
  statements.start.run(name, payload, clock.now())
  nudge()
  return true
}

const wake = ({ statements, clock, nudge }: Engine, bell: string): 'rung' | 'closed' => {
  const name = completeCallback(statements, bell)
  if (name === null) return 'closed'
  statements.soonest.run(name, clock.now())
  nudge()
  return 'rung'
}

const drain = async (engine: Engine, now: number): Promise<void> => {
  const { statements, invoking, clock } = engine
  while (!engine.closed) {
    const nudged = new Promise<void>((resolve) => {
      engine.nudge = resolve
    })
    for (const { name } of statements.due.all(Math.max(now, clock.now()), SIDE_BY_SIDE)) {
      if (invoking.size >= SIDE_BY_SIDE) break
      if (invoking.has(String(name))) continue
      const invocation = invoke(engine, String(name)).finally(() => invoking.delete(String(name)))
      invoking.set(String(name), invocation)
    }
    if (invoking.size === 0) return
    await Promise.race([nudged, ...invoking.values()])
  }
  await Promise.all(invoking.values())
}

const invoke = async (engine: Engine, name: string): Promise<void> => {
  const { database, statements, clock } = engine
  const event = atomically(database, () => {
    expireCallbacks(statements, name, clock.now())
    const { token, payload } = statements.begin.get(name) as { token: number; payload: string }
    return {
      DurableExecutionArn: name,
      CheckpointToken: String(token),
      InitialExecutionState: { Operations: operationsOf(statements, name, { payload, now: clock.now() }) },
    }
  })
  try {
    const output = await engine.handler(event, lambdaContext(name))
    if (!engine.closed) atomically(database, () => settle(engine, name, output))
  } catch (error) {
    if (engine.closed) return
    engine.onError(name, error)
    statements.soonest.run(name, clock.now() + AGAIN_AFTER)
  }
}

const settle = ({ statements, clock, onError }: Engine, name: string, output: Awaited<ReturnType<Handler>>): void => {
  if (output.Status === 'PENDING') {
    const due = nextDue(statements, name)
    if (due !== null) statements.soonest.run(name, due)
    return
  }
  if (output.Status === 'FAILED')
    onError(name, new Error(`the execution failed: ${output.Error?.ErrorType}: ${output.Error?.ErrorMessage}`))
  statements.close.run(name, output.Status === 'SUCCEEDED' ? 'succeeded' : 'failed', clock.now())
  statements.dropOperations.run(name)
  statements.dropCallbacks.run(name)
}

const checkpoint = (
  { database, statements, clock, closed }: Engine,
  { name, token, updates }: Parameters<Executions['checkpoint']>[0],
): StoredOperation[] | null =>
  closed
    ? null
    : atomically(database, () =>
        String(statements.find.get(name)?.['token']) === token
          ? applyUpdates(statements, name, { updates, now: clock.now() })
          : null,
      )

/** No time left, so that the SDK sets no real timers for waits: virtual time decides when to invoke again. */
const lambdaContext = (name: string): Parameters<Handler>[1] =>
  ({
    awsRequestId: name,
    functionName: 'carry-out',
    getRemainingTimeInMillis: () => 0,
  }) as Parameters<Handler>[1]
