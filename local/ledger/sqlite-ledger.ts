import type { DatabaseSync, SQLInputValue, SQLOutputValue, StatementSync } from 'node:sqlite'
import type { Moment, RowKind } from '../../core/rows.ts'
import type { Committed, Due, Key, Ledger, Page, Stored, Write } from '../../flows/ledger-port.ts'
import { checkCommit, checkKeys, checkListing, conflictOf, leavesTombstone } from '../../flows/ledger-rules.ts'
import { Unavailable } from '../../flows/ports.ts'
import { readOnce } from '../read-once.ts'

/** Rows lie apart from their index: they are long (a plan has 20 KB), and so a commit is a third faster. */
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS rows (kind TEXT NOT NULL, id TEXT NOT NULL, revision INTEGER NOT NULL, value TEXT, PRIMARY KEY (kind, id));
  CREATE TABLE IF NOT EXISTS sums (id TEXT PRIMARY KEY, revision INTEGER NOT NULL, n REAL NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS due ("group" TEXT NOT NULL, "by" TEXT NOT NULL, at INTEGER NOT NULL, side TEXT, PRIMARY KEY ("group", "by")) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS due_at ON due (at);
  CREATE TABLE IF NOT EXISTS moments (seq INTEGER PRIMARY KEY AUTOINCREMENT, lane TEXT NOT NULL, value TEXT NOT NULL);
  CREATE INDEX IF NOT EXISTS moments_of_lane ON moments (lane, seq);
  CREATE TABLE IF NOT EXISTS counts (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
`

/** The ledger in one SQLite file. A removed row leaves a tombstone where its id may come again, so that revisions only grow. */
export const openLedger = (database: DatabaseSync): Ledger => {
  database.exec(SCHEMA)
  const statements = prepare(database)
  return {
    read: async (keys) => {
      checkKeys(keys)
      return asking(() => keys.map((key) => readRow(statements, key))) as never
    },
    list: async (kind, page = {}) => {
      checkListing(kind, page)
      return asking(() => listRows(statements, kind, page)) as never
    },
    commit: async (writes) => {
      checkCommit(writes)
      return asking(() => commit(database, statements, writes))
    },
    lanes: async ({ after = '', limit = 1000 } = {}) =>
      asking(() => statements.lanes.all(after, limit).map((row) => String(row['id']))),
    due: async (
      until,
      { limit = 100, side = null, after = -1 }: { limit?: number; side?: string | null; after?: number } = {},
    ) => asking(() => statements.dueBefore.all({ until, limit, side, after }).map(dueOf)),
    moments: async (lane, { limit = 100, before } = {}) => {
      const from = before === undefined ? Number.MAX_SAFE_INTEGER : Number(before)
      const rows = () =>
        lane === null ? statements.allMoments.all(from, limit) : statements.moments.all(lane, from, limit)
      return asking(() => rows().map(momentOf))
    },
    counts: async () =>
      asking(() =>
        Object.fromEntries(statements.counts.all().map((row) => [String(row['name']), Number(row['value'])])),
      ),
  }
}

/** Above every id: SQLite compares TEXT by its bytes, and no byte of UTF-8 is as great. */
const LAST = "CAST(x'FF' AS TEXT)"
const PAGE = `SELECT id, revision, value FROM rows WHERE kind = :kind AND value IS NOT NULL
  AND id >= max(:prefix, :from) AND id < min(:prefix || ${LAST}, coalesce(:before, ${LAST})) ORDER BY id`

type Statements = ReturnType<typeof prepare>

const prepare = (database: DatabaseSync) => ({ ...prepareReads(database), ...prepareWrites(database) })

/** `LIMIT ? + 0`, since SQLite compiles a statement anew whenever a bare `LIMIT ?` is bound: a page costs five times as much. */
const prepareReads = (database: DatabaseSync) => ({
  row: database.prepare('SELECT id, revision, value FROM rows WHERE kind = ? AND id = ? AND value IS NOT NULL'),
  sum: database.prepare('SELECT id, revision, n FROM sums WHERE id = ?'),
  revision: database.prepare('SELECT revision FROM rows WHERE kind = ? AND id = ? AND value IS NOT NULL'),
  upwards: database.prepare(`${PAGE} ASC LIMIT :limit + 0`),
  downwards: database.prepare(`${PAGE} DESC LIMIT :limit + 0`),
  lanes: database.prepare(
    "SELECT id FROM rows WHERE kind = 'lane' AND id > ? AND value IS NOT NULL ORDER BY id LIMIT ? + 0",
  ),
  dueBefore: database.prepare(
    'SELECT * FROM due WHERE at > :after AND at <= :until AND (:side IS NULL OR side = :side) ORDER BY at, "group", "by" LIMIT :limit + 0',
  ),
  moments: database.prepare('SELECT seq, value FROM moments WHERE lane = ? AND seq < ? ORDER BY seq DESC LIMIT ? + 0'),
  allMoments: database.prepare('SELECT seq, value FROM moments WHERE seq < ? ORDER BY seq DESC LIMIT ? + 0'),
  counts: database.prepare('SELECT name, value FROM counts ORDER BY name'),
})

const prepareWrites = (database: DatabaseSync) => ({
  begin: database.prepare('BEGIN IMMEDIATE'),
  commit: database.prepare('COMMIT'),
  put: database.prepare(
    'INSERT INTO rows (kind, id, revision, value) VALUES (?, ?, 1, ?) ON CONFLICT DO UPDATE SET revision = revision + 1, value = excluded.value',
  ),
  bury: database.prepare('UPDATE rows SET revision = revision + 1, value = NULL WHERE kind = ? AND id = ?'),
  forget: database.prepare('DELETE FROM rows WHERE kind = ? AND id = ?'),
  add: database.prepare(
    'INSERT INTO sums (id, revision, n) VALUES (?, 1, ?) ON CONFLICT DO UPDATE SET revision = revision + 1, n = n + excluded.n',
  ),
  setDue: database.prepare(
    'INSERT INTO due ("group", "by", at, side) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET at = excluded.at, side = excluded.side',
  ),
  notDue: database.prepare('DELETE FROM due WHERE "group" = ? AND "by" = ?'),
  moment: database.prepare('INSERT INTO moments (lane, value) VALUES (?, ?)'),
  count: database.prepare(
    'INSERT INTO counts (name, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = value + excluded.value',
  ),
})

/** SQLite's codes of a file that cannot be asked now: busy, locked, an error of the disk, a full disk, no file. */
const AWAY: ReadonlySet<number> = new Set([5, 6, 10, 13, 14])

/** What SQLite answers; `Unavailable` where the file cannot be asked now. */
const asking = <T>(ask: () => T): T => {
  try {
    return ask()
  } catch (error) {
    const { errcode = 0, message } = error as Error & { errcode?: number }
    // The lower byte tells the kind; the rest only which case of it.
    if (AWAY.has(errcode & 0xff)) throw new Unavailable(`the ledger's file does not answer: ${message}`)
    throw error
  }
}

type Row = Record<string, SQLOutputValue>

/** A plan has 20 KB, and is read with its lane's document each time. */
const parsed = readOnce()

const storedOf = (row: Row): Stored<RowKind> =>
  ({ id: String(row['id']), revision: Number(row['revision']), value: parsed(String(row['value'])) }) as never

const momentOf = (row: Row): Moment => ({
  id: String(row['seq']).padStart(12, '0'),
  ...(JSON.parse(String(row['value'])) as Omit<Moment, 'id'>),
})

const dueOf = (row: Row): Due => ({
  group: String(row['group']),
  by: String(row['by']),
  at: Number(row['at']),
  side: row['side'] === null ? null : String(row['side']),
})

const readRow = (statements: Statements, { kind, id }: Key): Stored<RowKind> | null => {
  const row = kind === 'sum' ? statements.sum.get(id) : statements.row.get(kind, id)
  if (row === undefined) return null
  return kind === 'sum'
    ? { id, revision: Number(row['revision']), value: { n: Number(row['n']) } as never }
    : storedOf(row)
}

const listRows = (statements: Statements, kind: RowKind, page: Page): Stored<RowKind>[] => {
  const { prefix = '', limit = 100, reverse = false, after } = page
  // Nothing stands between an id and the same with a zero byte.
  const from = reverse || after === undefined ? '' : `${after}\0`
  const before = reverse && after !== undefined ? after : null
  const rows = reverse ? statements.downwards : statements.upwards
  return rows.all({ kind, prefix, from, before, limit }).map(storedOf)
}

const commit = (database: DatabaseSync, statements: Statements, writes: Write[]): Committed => {
  statements.begin.run()
  try {
    const conflict = conflictOf(writes, {
      revision: ({ kind, id }) => numberOf(statements.revision, 'revision', [kind, id]),
      sum: (id) => numberOf(statements.sum, 'n', [id]),
    })
    if (conflict === null) for (const write of writes) apply(statements, write)
    statements.commit.run()
    return conflict === null ? { ok: true } : { ok: false, conflict }
  } catch (error) {
    // A full disk has rolled back by itself.
    if (database.isTransaction) database.exec('ROLLBACK')
    throw error
  }
}

/** 0 where there is no row. */
const numberOf = (statement: StatementSync, column: string, key: SQLInputValue[]): number =>
  Number(statement.get(...key)?.[column] ?? 0)

const apply = (statements: Statements, write: Write): void => {
  if ('put' in write) statements.put.run(write.put, write.id, JSON.stringify(write.value))
  else if ('remove' in write)
    (leavesTombstone(write.remove) ? statements.bury : statements.forget).run(write.remove, write.id)
  else if ('add' in write) statements.add.run(write.add, write.by)
  else if ('due' in write) applyDue(statements, write)
  else if ('moment' in write) statements.moment.run(write.moment.lane, JSON.stringify(write.moment))
  else if ('count' in write) statements.count.run(write.count, write.by)
}

const applyDue = ({ setDue, notDue }: Statements, { due, at, side }: Extract<Write, { due: unknown }>): void => {
  if (at === null) notDue.run(due.group, due.by)
  else setDue.run(due.group, due.by, at, side)
}
