import type { LaneDocument } from '../core/lane/document.ts'
import type { InLine } from '../core/lane/hold.ts'
import { newerIn } from '../core/lane/newer.ts'
import { lineSum, poolRooms } from '../core/lane/room.ts'
import type { Policy } from '../core/policy.ts'
import { lineId } from '../core/rows.ts'
import type { Key, Stored, Write } from './ledger-port.ts'
import type { Ports } from './ports.ts'
import { everyRow, readKeys } from './rows.ts'

/** Rows of one commit that stand where nobody does; the next comparison finds the rest. */
const TOGETHER = 30

type Docs = ReadonlyMap<string, LaneDocument>

/** A lane that stands elsewhere in lines than its document says, and the places where it was found. */
export interface TornLine {
  lane: string
  found: string[]
}

/**
 * The lanes whose places in lines are not what their documents say. Both are written in one commit, so only a restore tears them:
 * then a run would wait for ever in a line in which it does not stand, or others behind one that is not there. A place that was
 * granted is a hold in place of its rows: whoever mends looks at that too.
 */
export const tornLines = async (
  { ledger }: Pick<Ports, 'ledger'>,
  policy: Pick<Policy, 'pools'>,
  docs: Docs,
): Promise<TornLine[]> => {
  const rooms = new Set([...poolRooms(policy), ...[...docs.values()].flatMap(({ run }) => run?.line?.rooms ?? [])])
  const rows = (await Promise.all([...rooms].map((room) => everyRow(ledger, 'line', `${room}#`)))).flat()
  const found = Map.groupBy(rows, ({ value }) => value.lane)
  const waiting = [...docs.values()].filter(({ run }) => run?.line !== undefined).map(({ lane }) => lane)
  return [...new Set([...found.keys(), ...waiting])]
    .map((lane) => ({ lane, found: (found.get(lane) ?? []).map(({ id }) => id) }))
    .filter((one) => !isSame(one.found, placesOf(docs.get(one.lane)?.run?.line)))
}

const placesOf = (line: InLine | undefined): string[] =>
  line === undefined ? [] : line.rooms.map((room) => lineId(room, line.place))

const isSame = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((id) => b.includes(id))

/**
 * Puts a run back where its document says that it stands, under the same place, and takes away where it does not: only while the
 * document and the holds are as they were read, since a grant changes the holds and not the document.
 */
export const mendLine = async ({ ledger }: Pick<Ports, 'ledger'>, { lane, found }: TornLine): Promise<void> => {
  const [row = null] = (await readKeys(ledger, [{ kind: 'lane', id: lane }])) as (Stored<'lane'> | null)[]
  if (row !== null && newerIn(row.value) !== null) return
  const line = row?.value.run?.line
  const ids = [...new Set([...found, ...placesOf(line)])]
  const holdIds = Object.keys(line?.needs ?? {}).map((room) => `${room}#${lane}`)
  const places = await readKeys(ledger, keysOf('line', ids))
  const holds = (await readKeys(ledger, keysOf('hold', holdIds))) as (Stored<'hold'> | null)[]
  const isGranted = holds.some((hold) => hold?.value.place !== undefined && hold.value.place === line?.place)
  const wanted = isGranted ? [] : placesOf(line)
  const there = places.filter((place) => place !== null) as Stored<'line'>[]
  const strays = there.filter(({ id }) => !wanted.includes(id)).slice(0, TOGETHER)
  const missing = ids.filter((id, n) => wanted.includes(id) && places[n] === null)
  if (strays.length + missing.length === 0) return
  // Whoever loses this has moved since, and writes both.
  await ledger.commit([
    { check: 'lane', id: lane, revision: row?.revision ?? 0 },
    ...holdIds.map((id, n): Write => ({ check: 'hold', id, revision: holds[n]?.revision ?? 0 })),
    ...strays.map(({ id, revision }): Write => ({ remove: 'line', id, revision })),
    ...(line === undefined ? [] : missing.map((id) => joining(id, { lane, ...line }))),
    ...sumWrites([...strays.map(({ id }) => ({ id, by: -1 })), ...missing.map((id) => ({ id, by: 1 }))]),
    { count: 'mended:line', by: 1 },
  ])
}

const keysOf = (kind: 'line' | 'hold', ids: readonly string[]): Key[] => ids.map((id) => ({ kind, id }))

const joining = (id: string, value: InLine & { lane: string }): Write => ({ put: 'line', id, revision: 0, value })

/** What each sum changes by, named once. */
const sumWrites = (changes: readonly { id: string; by: number }[]): Write[] =>
  [...Map.groupBy(changes, ({ id }) => lineSum(id.slice(0, id.indexOf('#'))))].flatMap(([add, of]): Write[] => {
    const by = of.reduce((sum, one) => sum + one.by, 0)
    return by === 0 ? [] : [{ add, by, atMost: null, atLeast: by < 0 ? 0 : null }]
  })
