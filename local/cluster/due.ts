import type { DatabaseSync } from 'node:sqlite'
import type { Kind } from '../../core/kube.ts'

const SCHEMA = `
CREATE TABLE IF NOT EXISTS cluster_due (
  kind TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL, at INTEGER NOT NULL, turn INTEGER NOT NULL,
  PRIMARY KEY (kind, namespace, name)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS cluster_due_at ON cluster_due (at, turn);
CREATE TABLE IF NOT EXISTS cluster_memos (uid TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;
`

/** Who has to be looked at: an object, the dependents of one that is gone (`Gone`, named by its uid), or Kueue's queues. */
export interface Turn {
  kind: Kind | 'Gone' | 'Queue'
  namespace: string
  name: string
  at: number
}

/** Who is looked at next, and what its controller remembers of it. Both survive the process. */
export class Due {
  readonly #sql

  constructor(database: DatabaseSync) {
    database.exec(SCHEMA)
    this.#sql = {
      wake: database.prepare(
        `INSERT INTO cluster_due (kind, namespace, name, at, turn)
         VALUES (?, ?, ?, ?, (SELECT coalesce(max(turn), 0) + 1 FROM cluster_due WHERE at = ?))
         ON CONFLICT (kind, namespace, name) DO UPDATE SET at = excluded.at, turn = excluded.turn WHERE excluded.at < at`,
      ),
      first: database.prepare('SELECT kind, namespace, name, at FROM cluster_due ORDER BY at, turn LIMIT 1'),
      done: database.prepare('DELETE FROM cluster_due WHERE kind = ? AND namespace = ? AND name = ?'),
      read: database.prepare('SELECT body FROM cluster_memos WHERE uid = ?'),
      write: database.prepare('INSERT OR REPLACE INTO cluster_memos (uid, body) VALUES (?, ?)'),
      forget: database.prepare('DELETE FROM cluster_memos WHERE uid = ?'),
    }
  }

  /** Looks at it at this time, or earlier when that was asked before. */
  wake({ kind, namespace, name, at }: Turn): void {
    const whole = Math.ceil(at)
    this.#sql.wake.run(kind, namespace, name, whole, whole)
  }

  first(): Turn | null {
    return (this.#sql.first.get() as unknown as Turn | undefined) ?? null
  }

  done({ kind, namespace, name }: Turn): void {
    this.#sql.done.run(kind, namespace, name)
  }

  memo<M>(uid: string | undefined): M | null {
    const row = this.#sql.read.get(uid ?? '')
    return row === undefined ? null : JSON.parse(String(row['body']))
  }

  remember(uid: string | undefined, memo: object): void {
    this.#sql.write.run(uid ?? '', JSON.stringify(memo))
  }

  forget(uid: string | undefined): void {
    this.#sql.forget.run(uid ?? '')
  }
}
