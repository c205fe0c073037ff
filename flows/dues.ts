import type { LaneDocument } from '../core/lane/document.ts'
import { waitsForSide } from '../core/lane/halfway.ts'
import { newerIn } from '../core/lane/newer.ts'
import { everyDue } from './lanes.ts'
import type { Due, Key, Write } from './ledger-port.ts'
import { outboxOf } from './outbox.ts'
import type { Ports } from './ports.ts'
import { readKeys, readRow } from './rows.ts'

/** Works through values, some side by side; one that fails keeps no other from its turn. */
export type Each = <T>(values: T[], work: (value: T) => Promise<void>) => Promise<void>

/** Makes due rows what documents, letters and tellings say: law 5. Where they agree nothing is written. */
export const mendDues = async (
  ports: Pick<Ports, 'ledger' | 'clock'>,
  docs: readonly LaneDocument[],
  eachOf: Each,
): Promise<void> => {
  const torn = await tornIn(ports, docs)
  await eachOf(torn.lanes, (one) => mendDue(ports, one))
  await forgetGone(ports, torn.late)
}

/** What is due for so long and is not gone has perhaps nobody whose it is. Milliseconds. */
const LATE = 10 * 60_000
/** Due rows of one commit. */
const TOGETHER = 30

/** A lane whose due rows are not what its document says, those that it has, and when the document was written that said so. */
interface Torn {
  lane: string
  rows: Due[]
  writtenAt: number | null
}

/** What a document says of when its lane is due. */
type Says = Pick<LaneDocument, 'due' | 'rest' | 'writtenAt' | 'run' | 'halfwayCosts'>

/** The lanes whose due row is not there, is another or one too many; and what is due late without being a document's. */
const tornIn = async (
  { ledger, clock }: Pick<Ports, 'ledger' | 'clock'>,
  docs: readonly LaneDocument[],
): Promise<{ lanes: Torn[]; late: Due[] }> => {
  const rows = await everyDue(ledger)
  const own = Map.groupBy(
    rows.filter(({ by }) => by === 'lane'),
    ({ group }) => group,
  )
  const known = new Map(docs.map((doc) => [doc.lane, doc]))
  const lanes = [...new Set([...known.keys(), ...own.keys()])].map((lane) => ({
    lane,
    rows: own.get(lane) ?? [],
    writtenAt: known.get(lane)?.writtenAt ?? null,
  }))
  const now = clock.now()
  return {
    lanes: lanes.filter(({ lane, rows: has }) => !isAsWritten(has, known.get(lane) ?? null)),
    late: rows.filter(({ by, at }) => by !== 'lane' && at < now - LATE),
  }
}

/** The far side that it waits for is part of it: of those that wait for one that is away a tick wakes one. */
const isAsWritten = (rows: readonly Due[], doc: Says | null): boolean =>
  doc === null || doc.due === null
    ? rows.length === 0
    : rows.length === 1 && rows[0]?.at === doc.due && rows[0].side === sideOf(doc)

const sideOf = (doc: Says | null): string | null => (doc === null ? null : waitsForSide(doc))

/**
 * Due rows are a cache of what documents say (law 5): a restore may hold the one without the other, and then nobody would ever wake
 * the lane, or somebody for nothing each minute. Written only while the document is as it was read.
 */
const mendDue = async ({ ledger }: Pick<Ports, 'ledger'>, { lane, rows, writtenAt }: Torn): Promise<void> => {
  const row = await readRow(ledger, 'lane', lane)
  const doc = row?.value ?? null
  // One that was written since it was listed has moved its rows too, which may have been read before; a newer release's are its own.
  if ((doc?.writtenAt ?? null) !== writtenAt || (doc !== null && newerIn(doc) !== null)) return
  const at = doc?.due ?? null
  const check: Write = { check: 'lane', id: lane, revision: row?.revision ?? 0 }
  const due = (was: number | null): Write => ({ due: { group: lane, by: 'lane' }, at, was, side: sideOf(doc) })
  const strays = rows.filter((one) => one.at !== at).map((one) => one.at)
  // Whoever loses this was told the same, or has written it.
  for (const was of strays.length === 0 ? [null] : strays)
    await ledger.commit([check, due(was), { count: 'mended:due', by: 1 }])
}

/**
 * Takes away what is due of letters and tellings that are no more: each is written together with its row, and none comes again.
 */
const forgetGone = async ({ ledger }: Pick<Ports, 'ledger'>, late: readonly Due[]): Promise<void> => {
  const keys = late.map(whereOf)
  const found = await readKeys(ledger, keys.flat())
  const there = new Set(found.flatMap((row, n) => (row === null ? [] : [keys.flat()[n]])))
  const gone = late.filter((_, n) => !keys[n]?.some((key) => there.has(key)))
  for (let from = 0; from < gone.length; from += TOGETHER)
    await ledger.commit(
      gone
        .slice(from, from + TOGETHER)
        .map(({ group, by, at }): Write => ({ due: { group, by }, at: null, was: at, side: null })),
    )
}

/** Where that may lie of which a due row is. */
const whereOf = ({ group, by }: Due): Key[] => {
  const outbox = outboxOf(group)
  if (outbox !== null) return [{ kind: 'out', id: `${outbox.lane}#${by}` }]
  return (['look', 'order'] as const).map((kind): Key => ({ kind, id: `${group}#${by}` }))
}
