import { randomBytes } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'
import type { StoredOperation, Update, Updates } from '../../effects/workflow/durable-context.ts'

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS executions (name TEXT PRIMARY KEY, payload TEXT NOT NULL, status TEXT NOT NULL, due INTEGER, token INTEGER NOT NULL DEFAULT 0, closed INTEGER) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS executions_due ON executions (due) WHERE status = 'open';
  CREATE INDEX IF NOT EXISTS executions_closed ON executions (closed) WHERE closed IS NOT NULL;
  CREATE TABLE IF NOT EXISTS operations (seq INTEGER PRIMARY KEY, execution TEXT NOT NULL, id TEXT NOT NULL, value TEXT NOT NULL, UNIQUE (execution, id));
  CREATE TABLE IF NOT EXISTS callbacks (id TEXT PRIMARY KEY, execution TEXT NOT NULL, operation TEXT NOT NULL, deadline INTEGER) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS callbacks_of_execution ON callbacks (execution);
`

export const prepare = (database: DatabaseSync) => {
  database.exec(SCHEMA)
  return {
    find: database.prepare('SELECT payload, status, token FROM executions WHERE name = ?'),
    start: database.prepare("INSERT INTO executions (name, payload, status, due) VALUES (?, ?, 'open', ?)"),
    due: database.prepare("SELECT name FROM executions WHERE status = 'open' AND due <= ? ORDER BY due LIMIT ?"),
    nextDue: database.prepare("SELECT min(due) AS due FROM executions WHERE status = 'open' AND due IS NOT NULL"),
    open: database.prepare("SELECT count(*) AS n FROM executions WHERE status = 'open'"),
    begin: database.prepare(
      'UPDATE executions SET token = token + 1, due = NULL WHERE name = ? RETURNING token, payload',
    ),
    soonest: database.prepare(
      "UPDATE executions SET due = min(coalesce(due, ?2), ?2) WHERE name = ?1 AND status = 'open'",
    ),
    close: database.prepare('UPDATE executions SET status = ?2, due = NULL, closed = ?3 WHERE name = ?1'),
    revive: database.prepare("UPDATE executions SET due = 0 WHERE status = 'open' AND due IS NULL"),
    forget: database.prepare('DELETE FROM executions WHERE closed < ?'),
    operations: database.prepare('SELECT value FROM operations WHERE execution = ? ORDER BY seq'),
    operation: database.prepare('SELECT value FROM operations WHERE execution = ? AND id = ?'),
    putOperation: database.prepare(
      'INSERT INTO operations (execution, id, value) VALUES (?, ?, ?) ON CONFLICT (execution, id) DO UPDATE SET value = excluded.value',
    ),
    dropOperations: database.prepare('DELETE FROM operations WHERE execution = ?'),
    callback: database.prepare('SELECT execution, operation FROM callbacks WHERE id = ?'),
    late: database.prepare('SELECT id, operation FROM callbacks WHERE execution = ? AND deadline <= ?'),
    deadline: database.prepare('SELECT min(deadline) AS due FROM callbacks WHERE execution = ?'),
    putCallback: database.prepare('INSERT INTO callbacks (id, execution, operation, deadline) VALUES (?, ?, ?, ?)'),
    dropCallback: database.prepare('DELETE FROM callbacks WHERE id = ?'),
    dropCallbacks: database.prepare('DELETE FROM callbacks WHERE execution = ?'),
  }
}
export type Statements = ReturnType<typeof prepare>

/** Runs `work` as one transaction: all or nothing. */
export const atomically = <T>(database: DatabaseSync, work: () => T): T => {
  database.exec('BEGIN IMMEDIATE')
  try {
    const answer = work()
    database.exec('COMMIT')
    return answer
  } catch (error) {
    database.exec('ROLLBACK')
    throw error
  }
}

const iso = (ms: number): string => new Date(ms).toISOString()

/** What an execution remembers, as the service hands it to an invocation; retries whose time has come are ready. */
export const operationsOf = (
  statements: Statements,
  name: string,
  { payload, now }: { payload: string; now: number },
): StoredOperation[] => {
  const stored = statements.operations.all(name).map(({ value }) => JSON.parse(String(value)) as StoredOperation)
  const execution: StoredOperation = {
    Id: `execution-${name}`,
    Type: 'EXECUTION',
    Status: 'STARTED',
    StartTimestamp: iso(0),
    ExecutionDetails: { InputPayload: payload },
  }
  return [execution, ...stored.map((operation) => readied(operation, now))]
}

const readied = (operation: StoredOperation, now: number): StoredOperation =>
  operation.Status === 'PENDING' && Date.parse(String(operation.StepDetails?.NextAttemptTimestamp)) <= now
    ? { ...operation, Status: 'READY' }
    : operation

/** When the execution must be invoked again though nobody rings: a callback's deadline or a step's next try. */
export const nextDue = (statements: Statements, name: string): number | null => {
  const retries = statements.operations
    .all(name)
    .map(({ value }) => JSON.parse(String(value)) as StoredOperation)
    .filter(({ Status }) => Status === 'PENDING')
    .map(({ StepDetails }) => Date.parse(String(StepDetails?.NextAttemptTimestamp)))
  const deadline = statements.deadline.get(name)?.['due']
  const times = [...retries, ...(typeof deadline === 'number' ? [deadline] : [])]
  return times.length === 0 ? null : Math.min(...times)
}

/** Closes callbacks whose time is over. */
export const expireCallbacks = (statements: Statements, name: string, now: number): void => {
  for (const { id, operation } of statements.late.all(name, now)) {
    setStatus(statements, name, String(operation), 'TIMED_OUT')
    statements.dropCallback.run(String(id))
  }
}

/** Completes a callback; null when nobody sleeps on it. Answers the execution's name. */
export const completeCallback = (statements: Statements, id: string): string | null => {
  const row = statements.callback.get(id)
  if (row === undefined) return null
  setStatus(statements, String(row['execution']), String(row['operation']), 'SUCCEEDED')
  statements.dropCallback.run(id)
  return String(row['execution'])
}

const setStatus = (
  statements: Statements,
  name: string,
  operation: string,
  status: StoredOperation['Status'],
): void => {
  const row = statements.operation.get(name, operation)
  if (row === undefined) return
  const value = { ...(JSON.parse(String(row['value'])) as StoredOperation), Status: status }
  statements.putOperation.run(name, operation, JSON.stringify(value))
}

/** Applies a checkpoint's updates; answers the operations as they are now. */
export const applyUpdates = (
  statements: Statements,
  name: string,
  { updates, now }: { updates: Updates; now: number },
): StoredOperation[] =>
  (updates ?? []).map((update) => {
    const id = String(update.Id)
    const row = statements.operation.get(name, id)
    const before = row === undefined ? null : (JSON.parse(String(row['value'])) as StoredOperation)
    const after = applied(before, update, now)
    if (after.Type === 'CALLBACK' && before === null) {
      const seconds = update.CallbackOptions?.TimeoutSeconds
      statements.putCallback.run(
        String(after.CallbackDetails?.CallbackId),
        name,
        id,
        seconds === undefined ? null : now + seconds * 1000,
      )
    }
    statements.putOperation.run(name, id, JSON.stringify(after))
    return after
  })

const applied = (before: StoredOperation | null, update: Update, now: number): StoredOperation => {
  const base: StoredOperation = before ?? {
    Id: update.Id,
    ParentId: update.ParentId,
    Name: update.Name,
    Type: update.Type,
    SubType: update.SubType,
    StartTimestamp: iso(now),
    Status: 'STARTED',
  }
  const attempt = base.StepDetails?.Attempt ?? 0
  switch (update.Action) {
    case 'SUCCEED':
      return { ...base, Status: 'SUCCEEDED', EndTimestamp: iso(now), ...detailsOf(base, { Result: update.Payload }) }
    case 'FAIL':
      return { ...base, Status: 'FAILED', EndTimestamp: iso(now), ...detailsOf(base, { Error: update.Error }) }
    case 'RETRY': {
      const next = iso(now + (update.StepOptions?.NextAttemptDelaySeconds ?? 1) * 1000)
      return {
        ...base,
        Status: 'PENDING',
        StepDetails: { Attempt: attempt + 1, NextAttemptTimestamp: next, Error: update.Error, Result: update.Payload },
      }
    }
    default:
      if (base.Type === 'CALLBACK' && before === null)
        return { ...base, CallbackDetails: { CallbackId: randomBytes(24).toString('base64url') } }
      return { ...base, Status: 'STARTED' }
  }
}

const detailsOf = (
  base: StoredOperation,
  details: { Result?: string | undefined; Error?: Update['Error'] },
): Partial<StoredOperation> =>
  base.Type === 'CONTEXT'
    ? { ContextDetails: { ...base.ContextDetails, ...details } }
    : { StepDetails: { ...base.StepDetails, ...details } }
