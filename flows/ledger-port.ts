import type { Moment, RowKind, Rows } from '../core/rows.ts'

/** A row with the revision it was read at. Revisions start at 1 and grow by 1 with each write. */
export interface Stored<K extends RowKind> {
  id: string
  revision: number
  value: Rows[K]
}

export interface Key<K extends RowKind = RowKind> {
  kind: K
  id: string
}

/** One write of a commit. `revision` is what was read; 0 means that the row must not exist. */
export type Write =
  | { [K in Exclude<RowKind, 'sum'>]: { put: K; id: string; revision: number; value: Rows[K] } }[Exclude<
      RowKind,
      'sum'
    >]
  | { check: Exclude<RowKind, 'sum'>; id: string; revision: number }
  | { remove: Exclude<RowKind, 'sum'>; id: string; revision: number }
  /** Adds a whole number to a sum, only while it then is within both bounds (inclusive; null: unbounded). One that is not there is 0. */
  | { add: string; by: number; atMost: number | null; atLeast: number | null }
  /**
   * Moves, makes or takes away (`at: null`) a due row. `was` is where the writer knows it to be; null: it is not there. A wrong
   * `was` may leave a row behind that wakes its group for nothing, until resync.
   */
  | { due: DueKey; at: number | null; was: number | null; side: string | null }
  | { moment: Omit<Moment, 'id'> }
  | { count: string; by: number }

/** A group of the queue may have several due rows: one of its document, one of each letter. */
export interface DueKey {
  /** The group that is woken. */
  group: string
  /** Whose: `lane`, or a letter's id. */
  by: string
}

/** A due row: wake the group from then on. `side` is the far side that it waits for. */
export interface Due extends DueKey {
  at: number
  side: string | null
}

/** `conflict` names the first row whose revision or bound did not hold: read everything again. Nothing was written. */
export type Committed = { ok: true } | { ok: false; conflict: Key }

export interface Page {
  /** Rows whose id starts with this. */
  prefix?: string
  /** At most so many, 100 unless told. */
  limit?: number
  /** Highest ids first. */
  reverse?: boolean
  /** Only rows after this id (before it when `reverse`). */
  after?: string
}

/** Kinds whose rows lie under an owner (a lane, a room, a day): they are listed one owner at a time, by a prefix that has its `#`. */
export const OWNED: ReadonlySet<RowKind> = new Set([
  'past',
  'result',
  'look',
  'order',
  'shadow',
  'out',
  'hold',
  'line',
  'contribution',
  'rung',
  'booked',
])

/** What a write weighs: a commit weighs at most `HEAVIEST`, the actions that DynamoDB takes in one transaction. */
export const weightOf = (write: Write): number => {
  if ('moment' in write) return 2
  // A lane's first document also puts it among the lanes.
  if ('put' in write && write.put === 'lane' && write.revision === 0) return 2
  if ('due' in write) return Number(write.at !== null) + Number(write.was !== null && write.was !== write.at)
  return 1
}
export const HEAVIEST = 100

/**
 * What we remember. Rows are documents with revisions; a commit is all or nothing, and each of its rows, sums and due rows is
 * named once. A commit whose answer was lost (`Unavailable`) may have happened. Throws `RangeError` for a commit that is too
 * heavy, and for a listing of `lane`, `plan` or `sum`, or of an owned kind without its owner.
 */
export interface Ledger {
  /** Many rows at once, at most 100, in the order of the keys; all that are there, or `Unavailable`. */
  read<const T extends readonly Key[]>(keys: T): Promise<{ -readonly [I in keyof T]: Stored<T[I]['kind']> | null }>
  /** In the order of ids (UTF-8 bytes). */
  list<K extends RowKind>(kind: K, page?: Page): Promise<Stored<K>[]>
  commit(writes: Write[]): Promise<Committed>
  /** Lanes that have a document, in the order of their names, after that one; 1,000 unless told. */
  lanes(page?: { after?: string; limit?: number }): Promise<string[]>
  /**
   * Due rows at or before then, the oldest first; only those due later than `after`, and that wait for this far side, when these are
   * named.
   */
  due(until: number, page?: { limit?: number; side?: string; after?: number }): Promise<Due[]>
  /** The timeline of a lane, or of everything (`null`), newest first; `before` is a moment's id. */
  moments(lane: string | null, page?: { limit?: number; before?: string }): Promise<Moment[]>
  /** Every counter that was ever bumped. */
  counts(): Promise<Record<string, number>>
}
