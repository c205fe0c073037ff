import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Moment, RowKind } from '../../core/rows.ts'
import type { Committed, Ledger, Page, Stored, Write } from '../../flows/ports.ts'

/** Most writes of one commit: what every ledger can do in one transaction. */
const MOST_WRITES = 25

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS rows (kind TEXT NOT NULL, id TEXT NOT NULL, revision INTEGER NOT NULL, value TEXT, PRIMARY KEY (kind, id)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS moments (seq INTEGER PRIMARY KEY AUTOINCREMENT, lane TEXT NOT NULL, value TEXT NOT NULL);
  CREATE INDEX IF NOT EXISTS moments_of_lane ON moments (lane, seq);
  CREATE TABLE IF NOT EXISTS counts (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
`

/** The ledger in one SQLite file. A removed row leaves a tombstone, so that revisions only grow. */
export const openLedger = (database: DatabaseSync): Ledger => {
  database.exec(SCHEMA)
  const statements = prepare(database)
  return {
    read: async (kind, id) => storedOf(statements.read.get(kind, id)),
    list: async (kind, page = {}) => listRows(database, kind, page) as never,
    commit: async (writes) => commit(database, statements, writes),
    moments: async (lane, { limit = 100, before } = {}) => {
      const from = before === undefined ? Number.MAX_SAFE_INTEGER : Number(before)
      const rows = lane === null ? statements.allMoments.all(from, limit) : statements.moments.all(lane, from, limit)
      return rows.map(momentOf)
    },
    counts: async () =>
      Object.fromEntries(statements.counts.all().map((row) => [String(row['name']), Number(row['value'])])),
  }
}

type Statements = ReturnType<typeof prepare>

const prepare = (database: DatabaseSync) => ({
  read: database.prepare('SELECT id, revision, value FROM rows WHERE kind = ? AND id = ? AND value IS NOT NULL'),
  revision: database.prepare('SELECT revision, value IS NOT NULL AS live FROM rows WHERE kind = ? AND id = ?'),
  put: database.prepare(
    'INSERT INTO rows (kind, id, revision, value) VALUES (?, ?, 1, ?) ON CONFLICT DO UPDATE SET revision = revision + 1, value = excluded.value',
  ),
  remove: database.prepare('UPDATE rows SET revision = revision + 1, value = NULL WHERE kind = ? AND id = ?'),
  moment: database.prepare('INSERT INTO moments (lane, value) VALUES (?, ?)'),
  count: database.prepare(
    'INSERT INTO counts (name, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = value + excluded.value',
  ),
  moments: database.prepare('SELECT seq, value FROM moments WHERE lane = ? AND seq < ? ORDER BY seq DESC LIMIT ?'),
  allMoments: database.prepare('SELECT seq, value FROM moments WHERE seq < ? ORDER BY seq DESC LIMIT ?'),
  counts: database.prepare('SELECT name, value FROM counts ORDER BY name'),
})

const storedOf = (row: ReturnType<StatementSync['get']>) =>
  row === undefined
    ? null
    : ({ id: String(row['id']), revision: Number(row['revision']), value: JSON.parse(String(row['value'])) } as never)

const momentOf = (row: Record<string, unknown>): Moment => ({
  id: String(row['seq']).padStart(12, '0'),
  ...(JSON.parse(String(row['value'])) as Omit<Moment, 'id'>),
})

/** SQLite compares TEXT by its UTF-8 bytes. */
const listRows = (
  database: DatabaseSync,
  kind: RowKind,
  { prefix = '', limit = 100, reverse = false, after }: Page,
): Stored<RowKind>[] => {
  const conditions = ['kind = ?', 'value IS NOT NULL', 'substr(id, 1, ?) = ?']
  const values: (string | number)[] = [kind, [...prefix].length, prefix]
  if (prefix !== '') {
    conditions.push('id >= ?')
    values.push(prefix)
  }
  if (after !== undefined) {
    conditions.push(reverse ? 'id < ?' : 'id > ?')
    values.push(after)
  }
  const sql = `SELECT id, revision, value FROM rows WHERE ${conditions.join(' AND ')} ORDER BY id ${reverse ? 'DESC' : 'ASC'} LIMIT ?`
  return database
    .prepare(sql)
    .all(...values, limit)
    .map((row) => storedOf(row) as unknown as Stored<RowKind>)
}

const commit = (database: DatabaseSync, statements: Statements, writes: Write[]): Committed => {
  const rows = writes.flatMap((write) => (rowOf(write) === null ? [] : [rowOf(write) as NamedRow]))
  if (writes.length > MOST_WRITES)
    throw new RangeError(`a commit has at most ${MOST_WRITES} writes, not ${writes.length}`)
  const named = new Set(rows.map(({ kind, id }) => `${kind} ${id}`))
  if (named.size !== rows.length) throw new RangeError('a commit names each row once')
  database.exec('BEGIN IMMEDIATE')
  try {
    const lost = rows.find(({ kind, id, revision }) => liveRevision(statements, kind, id) !== revision)
    if (lost === undefined) for (const write of writes) apply(statements, write)
    database.exec(lost === undefined ? 'COMMIT' : 'ROLLBACK')
    return lost === undefined ? { ok: true } : { ok: false, conflict: { kind: lost.kind, id: lost.id } }
  } catch (error) {
    database.exec('ROLLBACK')
    throw error
  }
}

interface NamedRow {
  kind: RowKind
  id: string
  revision: number
}

const rowOf = (write: Write): NamedRow | null => {
  if ('put' in write) return { kind: write.put, id: write.id, revision: write.revision }
  if ('check' in write) return { kind: write.check, id: write.id, revision: write.revision }
  if ('remove' in write) return { kind: write.remove, id: write.id, revision: write.revision }
  return null
}

/** 0 for a row that is not there. */
const liveRevision = ({ revision }: Statements, kind: RowKind, id: string): number => {
  const row = revision.get(kind, id)
  return row === undefined || row['live'] === 0 ? 0 : Number(row['revision'])
}

const apply = (statements: Statements, write: Write): void => {
  if ('put' in write) statements.put.run(write.put, write.id, JSON.stringify(write.value))
  else if ('remove' in write) statements.remove.run(write.remove, write.id)
  else if ('moment' in write) statements.moment.run(write.moment.lane, JSON.stringify(write.moment))
  else if ('count' in write) statements.count.run(write.count, write.by)
}
