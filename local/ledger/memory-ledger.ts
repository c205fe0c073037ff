import type { Moment, RowKind, Rows } from '../../core/rows.ts'
import type { Due, Key, Ledger, Page, Stored, Write } from '../../flows/ledger-port.ts'
import { checkCommit, checkKeys, checkListing, conflictOf, leavesTombstone } from '../../flows/ledger-rules.ts'

/** A row as it is kept; a tombstone has no value. */
interface Kept {
  revision: number
  value: Rows[RowKind] | null
}

interface Memory {
  rows: Map<RowKind, Map<string, Kept>>
  /** By group and whose. */
  due: Map<string, Due>
  /** The oldest first. */
  moments: Moment[]
  counts: Map<string, number>
}

/** The ledger in memory. What goes in or out is a copy, so nobody shares an object with it. */
export const memoryLedger = (): Ledger => {
  const memory: Memory = { rows: new Map(), due: new Map(), moments: [], counts: new Map() }
  return {
    read: async (keys) => {
      checkKeys(keys)
      return keys.map((key) => storedOf(key.id, keptOf(memory, key))) as never
    },
    list: async (kind, page = {}) => {
      checkListing(kind, page)
      return idsOf(memory, kind, page).map((id) => storedOf(id, keptOf(memory, { kind, id }))) as never
    },
    commit: async (writes) => {
      checkCommit(writes)
      const conflict = conflictOf(writes, {
        revision: (key) => liveOf(memory, key)?.revision ?? 0,
        sum: (id) => sumOf(memory, id),
      })
      if (conflict !== null) return { ok: false, conflict }
      // All is copied before anything is written: a value that cannot be copied leaves no half of a commit.
      for (const write of structuredClone(writes)) apply(memory, write)
      return { ok: true }
    },
    lanes: async ({ after, limit = 1000 } = {}) => idsOf(memory, 'lane', { after, limit }),
    due: async (until, { limit = 100, side, after = -1 } = {}) =>
      [...memory.due.values()]
        .filter((due) => due.at > after && due.at <= until && (side === undefined || due.side === side))
        .sort((a, b) => a.at - b.at || byBytes(a.group, b.group) || byBytes(a.by, b.by))
        .slice(0, limit)
        .map((due) => ({ ...due })),
    moments: async (lane, { limit = 100, before } = {}) =>
      memory.moments
        .filter((moment) => (lane === null || moment.lane === lane) && (before === undefined || moment.id < before))
        .toReversed()
        .slice(0, limit)
        .map((moment) => structuredClone(moment)),
    counts: async () => Object.fromEntries(memory.counts),
  }
}

/** The order of UTF-8 bytes. */
const byBytes = (a: string, b: string): number => (a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b)))

const keptOf = ({ rows }: Memory, { kind, id }: Key): Kept | undefined => rows.get(kind)?.get(id)

const liveOf = (memory: Memory, key: Key): Kept | null => {
  const kept = keptOf(memory, key)
  return kept === undefined || kept.value === null ? null : kept
}

const storedOf = (id: string, kept: Kept | undefined): Stored<RowKind> | null =>
  kept === undefined || kept.value === null
    ? null
    : ({ id, revision: kept.revision, value: structuredClone(kept.value) } as Stored<RowKind>)

const sumOf = (memory: Memory, id: string): number => {
  const value = liveOf(memory, { kind: 'sum', id })?.value as Rows['sum'] | undefined
  return value?.n ?? 0
}

/** Ids of the rows of a page that are there. */
const idsOf = (memory: Memory, kind: RowKind, page: Page): string[] => {
  const { prefix = '', limit = 100, reverse = false, after } = page
  const sign = reverse ? -1 : 1
  return [...(memory.rows.get(kind) ?? [])]
    .filter(([id, { value }]) => value !== null && id.startsWith(prefix))
    .map(([id]) => id)
    .filter((id) => after === undefined || sign * byBytes(id, after) > 0)
    .sort((a, b) => sign * byBytes(a, b))
    .slice(0, limit)
}

const apply = (memory: Memory, write: Write): void => {
  if ('put' in write) set(memory, { kind: write.put, id: write.id }, write.value)
  else if ('remove' in write) remove(memory, { kind: write.remove, id: write.id })
  else if ('add' in write) set(memory, { kind: 'sum', id: write.add }, { n: sumOf(memory, write.add) + write.by })
  else if ('due' in write) applyDue(memory, write)
  else if ('moment' in write)
    memory.moments.push({ ...write.moment, id: String(memory.moments.length + 1).padStart(12, '0') })
  else if ('count' in write) memory.counts.set(write.count, (memory.counts.get(write.count) ?? 0) + write.by)
}

const set = (memory: Memory, key: Key, value: Kept['value']): void => {
  const ofKind = memory.rows.get(key.kind) ?? new Map<string, Kept>()
  ofKind.set(key.id, { revision: (ofKind.get(key.id)?.revision ?? 0) + 1, value })
  memory.rows.set(key.kind, ofKind)
}

const remove = (memory: Memory, key: Key): void => {
  if (!leavesTombstone(key.kind)) memory.rows.get(key.kind)?.delete(key.id)
  else if (keptOf(memory, key) !== undefined) set(memory, key, null)
}

const applyDue = ({ due: rows }: Memory, { due, at, side }: Extract<Write, { due: unknown }>): void => {
  const name = JSON.stringify([due.group, due.by])
  if (at === null) rows.delete(name)
  else rows.set(name, { group: due.group, by: due.by, at, side })
}
