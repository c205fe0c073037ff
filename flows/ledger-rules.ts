import type { RowKind } from '../core/rows.ts'
import { HEAVIEST, type Key, OWNED, type Page, type Write, weightOf } from './ledger-port.ts'

/** Most rows of one read. */
const MOST_KEYS = 100
/** Kinds that are not listed: each of their rows is read by its id, and `lanes` names the lanes. */
const UNLISTED: ReadonlySet<RowKind> = new Set(['lane', 'plan', 'sum'])
/**
 * Kinds that come and go all the time and leave no tombstones: ids of letters and of places in a line never come again, and a
 * hold changes only beside its lane's document, whose revision guards it, or with such a place, as a contribution does beside its pool's and a rung beside its budget's; an
 * instance changes only beside the meter's own row.
 */
const FLEETING: ReadonlySet<RowKind> = new Set([
  'look',
  'order',
  'out',
  'hold',
  'line',
  'contribution',
  'rung',
  'instance',
])

/** Whether a removed row of the kind is remembered, so that its revisions only grow. */
export const leavesTombstone = (kind: RowKind): boolean => !FLEETING.has(kind)

/** Throws `RangeError` for more rows than one read takes. */
export const checkKeys = (keys: readonly Key[]): void => {
  if (keys.length > MOST_KEYS) throw new RangeError(`a read has at most ${MOST_KEYS} keys, not ${keys.length}`)
}

/** Throws `RangeError` for a listing that no ledger answers: of a kind that is not listed, or of all owners at once. */
export const checkListing = (kind: RowKind, { prefix = '' }: Page): void => {
  if (UNLISTED.has(kind)) throw new RangeError(`rows of the kind ${kind} are not listed: read them by their ids`)
  if (OWNED.has(kind) && !prefix.includes('#'))
    throw new RangeError(`rows of the kind ${kind} are listed of one owner: the prefix is <owner>#…, not "${prefix}"`)
}

/** Throws `RangeError` for a commit that is too heavy, or names a row, a sum or a due row twice. */
export const checkCommit = (writes: readonly Write[]): void => {
  const weight = writes.reduce((sum, write) => sum + weightOf(write), 0)
  if (weight > HEAVIEST) throw new RangeError(`a commit weighs at most ${HEAVIEST}, not ${weight}`)
  const names = writes.map(nameOf).filter((name) => name !== null)
  const twice = names.find((name, n) => names.indexOf(name) !== n)
  if (twice !== undefined) throw new RangeError(`a commit names each row, sum and due row once: ${twice}`)
}

/** What a commit meets: the revision of a row and the amount of a sum, 0 where there is none. */
export interface Standing {
  revision(key: Key): number
  sum(id: string): number
}

/** The first row whose revision does not hold, or sum that would leave its bounds; null when all may be written. */
export const conflictOf = (writes: readonly Write[], standing: Standing): Key | null => {
  for (const write of writes) {
    const row = rowOf(write)
    if (row !== null && standing.revision(row) !== row.revision) return { kind: row.kind, id: row.id }
    if ('add' in write && !isWithin(standing.sum(write.add) + write.by, write)) return { kind: 'sum', id: write.add }
  }
  return null
}

/** Both bounds are inclusive. */
const isWithin = (n: number, { atMost, atLeast }: { atMost: number | null; atLeast: number | null }): boolean =>
  (atMost === null || n <= atMost) && (atLeast === null || n >= atLeast)

const rowOf = (write: Write): (Key & { revision: number }) | null => {
  if ('put' in write) return { kind: write.put, id: write.id, revision: write.revision }
  if ('check' in write) return { kind: write.check, id: write.id, revision: write.revision }
  if ('remove' in write) return { kind: write.remove, id: write.id, revision: write.revision }
  return null
}

/** What a commit may name once; null for moments and counts. */
const nameOf = (write: Write): string | null => {
  if ('add' in write) return `sum ${write.add}`
  if ('due' in write) return `due ${JSON.stringify([write.due.group, write.due.by])}`
  const row = rowOf(write)
  return row === null ? null : `${row.kind} ${row.id}`
}
