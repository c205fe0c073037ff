import type { DatabaseSync } from 'node:sqlite'
import type { Card } from '../../core/cards.ts'
import type { Chat, Clock } from '../../flows/ports.ts'
import type { PostedCard } from '../house-type.ts'

const SCHEMA =
  'CREATE TABLE IF NOT EXISTS cards (seq INTEGER PRIMARY KEY, channel TEXT NOT NULL, key TEXT NOT NULL, at INTEGER NOT NULL, card TEXT NOT NULL, UNIQUE (channel, key))'

/** The chat on one machine: cards that the page shows as Slack would. */
export interface LocalChat extends Chat {
  /** Newest first. */
  cards(limit?: number): Promise<PostedCard[]>
}

export const openChat = ({ database, clock }: { database: DatabaseSync; clock: Clock }): LocalChat => {
  database.exec(SCHEMA)
  const post = database.prepare(
    'INSERT INTO cards (channel, key, at, card) VALUES (?, ?, ?, ?) ON CONFLICT (channel, key) DO UPDATE SET card = excluded.card RETURNING seq, at',
  )
  const update = database.prepare('UPDATE cards SET card = ? WHERE channel = ? AND seq = ?')
  const list = database.prepare('SELECT * FROM cards ORDER BY seq DESC LIMIT ?')
  return {
    post: async (channel, key, card) => {
      const { seq, at } = post.get(channel, key, clock.now(), JSON.stringify(card)) as { seq: number; at: number }
      return { channel, ts: tsOf(at, seq) }
    },
    update: async ({ channel, ts }, card) => {
      update.run(JSON.stringify(card), channel, Number(ts.split('.')[1]))
    },
    // A user group is a person of its own here: the page lets you answer as it.
    members: async (group) => [group],
    cards: async (limit = 50) =>
      list.all(limit).map((row) => ({
        channel: String(row['channel']),
        key: String(row['key']),
        ts: tsOf(Number(row['at']), Number(row['seq'])),
        at: Number(row['at']),
        card: JSON.parse(String(row['card'])) as Card,
      })),
  }
}

/** Slack's form of a message's time: seconds, a point, six digits that make it unique. */
const tsOf = (at: number, seq: number): string => `${Math.floor(at / 1000)}.${String(seq).padStart(6, '0')}`
