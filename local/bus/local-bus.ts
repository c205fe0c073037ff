import type { DatabaseSync } from 'node:sqlite'
import type { Pattern } from '../../events/contract.ts'
import type { Bus, Clock } from '../../flows/ports.ts'
import { checkPattern, matches } from './match-pattern.ts'

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS deliveries (seq INTEGER PRIMARY KEY, target TEXT NOT NULL, event TEXT NOT NULL, due INTEGER NOT NULL, tries INTEGER NOT NULL, until INTEGER NOT NULL, dead INTEGER NOT NULL DEFAULT 0);
  CREATE INDEX IF NOT EXISTS deliveries_due ON deliveries (due) WHERE dead = 0;
  CREATE TABLE IF NOT EXISTS published (seq INTEGER PRIMARY KEY, event TEXT NOT NULL);
`
/** EventBridge's own: a delivery is tried for a day, then goes to the dead-letter queue. Milliseconds. */
const PATIENCE = 24 * 3_600_000

export interface BusTarget {
  name: string
  pattern: Pattern
  deliver(event: unknown): Promise<void>
}

export interface LocalBus extends Bus {
  /** Delivers what is due; answers when the next delivery is due (ms), or null. */
  advance(now: number): Promise<number | null>
  /** Deliveries that were given up. */
  dead(): number
  /** The last events that were published, the newest first. */
  published(limit: number): Record<string, unknown>[]
}

const prepare = (database: DatabaseSync) => ({
  queue: database.prepare('INSERT INTO deliveries (target, event, due, tries, until) VALUES (?, ?, ?, 0, ?)'),
  record: database.prepare('INSERT INTO published (event) VALUES (?) RETURNING seq'),
  due: database.prepare(
    'SELECT seq, target, event, tries, until FROM deliveries WHERE dead = 0 AND due <= ? ORDER BY due, seq LIMIT 100',
  ),
  done: database.prepare('DELETE FROM deliveries WHERE seq = ?'),
  again: database.prepare('UPDATE deliveries SET due = ?, tries = tries + 1, dead = ? WHERE seq = ?'),
  next: database.prepare('SELECT min(due) AS due FROM deliveries WHERE dead = 0'),
})

/** EventBridge on one machine: at least once, with back-off, surviving the process. Throws for a pattern that it does not know. */
export const openBus = ({
  database,
  clock,
  targets,
}: {
  database: DatabaseSync
  clock: Clock
  targets: BusTarget[]
}): LocalBus => {
  for (const { name, pattern } of targets) {
    const why = checkPattern(pattern)
    if (why !== null) throw new Error(`target ${name}: ${why}`)
  }
  database.exec(SCHEMA)
  const { queue, record, due, done, again, next } = prepare(database)
  const deliver = async (row: Record<string, unknown>, now: number): Promise<void> => {
    const target = targets.find(({ name }) => name === row['target'])
    try {
      await target?.deliver(JSON.parse(String(row['event'])))
      done.run(Number(row['seq']))
    } catch {
      const at = now + 1000 * 2 ** Math.min(Number(row['tries']), 9)
      again.run(at, at > Number(row['until']) ? 1 : 0, Number(row['seq']))
    }
  }
  return {
    publish: async (events) => {
      for (const { source, detailType, detail, resources = [] } of events) {
        const event = {
          version: '0',
          source,
          'detail-type': detailType,
          account: '000000000000',
          time: new Date(clock.now()).toISOString(),
          region: 'local-1',
          resources,
          detail,
        }
        const seq = Number(record.get(JSON.stringify(event))?.['seq'])
        for (const { name, pattern } of targets)
          if (matches(pattern, event))
            queue.run(name, JSON.stringify({ ...event, id: `local-${seq}` }), clock.now(), clock.now() + PATIENCE)
      }
    },
    advance: async (now) => {
      for (let rows = due.all(now); rows.length > 0; rows = due.all(now))
        for (const row of rows) await deliver(row, now)
      const at = next.get()?.['due']
      return typeof at === 'number' ? at : null
    },
    dead: () => Number(database.prepare('SELECT count(*) AS n FROM deliveries WHERE dead = 1').get()?.['n']),
    published: (limit) =>
      database
        .prepare('SELECT event FROM published ORDER BY seq DESC LIMIT ?')
        .all(limit)
        .map(({ event }) => JSON.parse(String(event)) as Record<string, unknown>),
  }
}
