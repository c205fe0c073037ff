import type { LaneDocument } from '../core/lane/document.ts'
import { newerIn } from '../core/lane/newer.ts'
import { type Maker, waitsFor } from '../core/lane/waits.ts'
import type { Ledger } from './ledger-port.ts'
import { readRow } from './rows.ts'

/** Of a lane that waited when it was read, so long nothing is asked again before it is woken. Milliseconds. */
const BELIEVED = 30_000

interface Known {
  doc: LaneDocument
  readAt: number
}

/** Whose an object is. */
export interface Whose {
  /** What lanes' documents said when they were read. */
  know(docs: readonly LaneDocument[], now: number): void
  /** The lane of this name, and which of these its current act waits for, by what its own document says; null: none of them. */
  awaited<T extends { maker: Maker }>(name: string, changes: readonly T[], now: number): Promise<Awaited<T> | null>
}

interface Awaited<T> {
  lane: string
  change: T
}

/**
 * The lanes that wait for something, as their documents said when they were read. What they did not say is read again: a lane may
 * have begun meanwhile. A lane that waited is woken first and read again beside it, so that nothing stands before its wake.
 */
export const openWhose = (ledger: Ledger): Whose => {
  const known = new Map<string, Known>()
  const read = async (name: string, at: number): Promise<LaneDocument | null> => {
    const lane = known.get(name)?.doc.lane ?? (await readRow(ledger, 'name', name))?.value.lane
    const doc = lane === undefined ? undefined : (await readRow(ledger, 'lane', lane))?.value
    // A name is minted once and kept: what a row says of another lane is no name of it.
    if (doc === undefined || doc.name !== name || newerIn(doc) !== null) return null
    known.set(name, { doc, readAt: at })
    return doc
  }
  return {
    know: (docs, at) => {
      for (const doc of docs) known.set(doc.name, { doc, readAt: at })
    },
    awaited: async (name, changes, at) => {
      const before = known.get(name)
      const waited = before === undefined ? null : among(before.doc, changes)
      if (before === undefined || waited === null) {
        const doc = await read(name, at)
        return doc === null ? null : among(doc, changes)
      }
      if (at - before.readAt > BELIEVED) void read(name, at).catch(() => null)
      return waited
    },
  }
}

const among = <T extends { maker: Maker }>(doc: LaneDocument, changes: readonly T[]): Awaited<T> | null => {
  const change = changes.find(({ maker }) => waitsFor(doc, maker))
  return change === undefined ? null : { lane: doc.lane, change }
}
