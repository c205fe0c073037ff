import type { DatabaseSync } from 'node:sqlite'
import type { Card } from '../../core/cards.ts'
import { blocksOf } from '../../effects/chat/blocks.ts'
import { whyRefused } from '../../effects/chat/limits.ts'
import { type Chat, type Clock, Refused } from '../../flows/ports.ts'
import type { PostedCard } from '../house-type.ts'

/** A place is never used again, as in Slack: also not of a card that was deleted. */
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS cards (seq INTEGER PRIMARY KEY AUTOINCREMENT, channel TEXT NOT NULL, key TEXT NOT NULL, at INTEGER NOT NULL, card TEXT NOT NULL, UNIQUE (channel, key));
  CREATE TABLE IF NOT EXISTS archived_channels (channel TEXT PRIMARY KEY) WITHOUT ROWID;
`

/** The chat on one machine: cards that the page shows as Slack would. */
export interface LocalChat extends Chat {
  /** Newest first: the last so many, and every other one that asks still. */
  cards(limit?: number): Promise<PostedCard[]>
  /** A person deletes a card. */
  remove(channel: string, ts: string): Promise<void>
  /** A person archives a channel, or takes it back: meanwhile it refuses every card. */
  archive(channel: string, isArchived?: boolean): Promise<void>
}

const prepare = (database: DatabaseSync) => ({
  post: database.prepare(
    'INSERT INTO cards (channel, key, at, card) VALUES (?, ?, ?, ?) ON CONFLICT (channel, key) DO UPDATE SET card = excluded.card RETURNING seq, at',
  ),
  list: database.prepare(
    "SELECT * FROM cards WHERE json_extract(card, '$.question') IS NOT NULL OR seq IN (SELECT seq FROM cards ORDER BY seq DESC LIMIT ? + 0) ORDER BY seq DESC",
  ),
  remove: database.prepare('DELETE FROM cards WHERE channel = ? AND seq = ?'),
  archive: database.prepare('INSERT OR IGNORE INTO archived_channels (channel) VALUES (?)'),
  unarchive: database.prepare('DELETE FROM archived_channels WHERE channel = ?'),
  isArchived: database.prepare('SELECT 1 FROM archived_channels WHERE channel = ?'),
})

export const openChat = ({ database, clock }: { database: DatabaseSync; clock: Clock }): LocalChat => {
  database.exec(SCHEMA)
  const statements = prepare(database)
  return {
    post: async (channel, key, card) => {
      if (statements.isArchived.get(channel) !== undefined)
        throw new Refused('is_archived (unarchive the channel, or name another one in approvals.channel)')
      const why = whyRefused(blocksOf(card))
      if (why !== null) throw new Refused(`${why} (our card is not as Slack takes it: please report this line)`)
      const posted = statements.post.get(channel, key, clock.now(), JSON.stringify(card))
      const { seq, at } = posted as { seq: number; at: number }
      return { channel, ts: tsOf(at, seq) }
    },
    // A user group is a person of its own here: the page lets you answer as it.
    members: async (group) => [group],
    cards: async (limit = 50) =>
      statements.list.all(limit).map((row) => ({
        channel: String(row['channel']),
        key: String(row['key']),
        ts: tsOf(Number(row['at']), Number(row['seq'])),
        at: Number(row['at']),
        card: JSON.parse(String(row['card'])) as Card,
      })),
    remove: async (channel, ts) => void statements.remove.run(channel, Number(ts.split('.')[1])),
    archive: async (channel, isArchived = true) =>
      void (isArchived ? statements.archive : statements.unarchive).run(channel),
  }
}

/** Slack's form of a message's time: seconds, a point, six digits that make it unique. */
const tsOf = (at: number, seq: number): string => `${Math.floor(at / 1000)}.${String(seq).padStart(6, '0')}`
