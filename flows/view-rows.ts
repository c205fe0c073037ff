import type { LaneDocument } from '../core/lane/document.ts'
import { holdingOf, lanesOfPools, lineSum, poolRooms, roomsOf } from '../core/lane/room.ts'
import type { View } from '../core/lane/view.ts'
import type { LaneKind } from '../core/lane-kinds/kind.ts'
import { groupsOf } from '../core/policy/approvals.ts'
import type { Policy } from '../core/policy.ts'
import { type LineRow, lineId, type RowKind, SELF } from '../core/rows.ts'
import { ladderOf, rungKeys } from './ladder.ts'
import type { Key, Ledger, Stored } from './ledger-port.ts'
import { everyRow, readKeys, valuesOf } from './rows.ts'
import { SIDES } from './sides.ts'

/** Rows by kind and id. */
export type FoundRows = Map<string, Stored<RowKind>>

export const rowKey = (kind: RowKind, id: string): string => `${kind} ${id}`

/** Who stands first in a line: so many are looked at together. */
export const HEADS = 25

/** Rows by kind and id: those of the policy in force, and in a second batch what only the document still names. */
export const rowsOf = async (
  ledger: Ledger,
  { policy, lane, lost }: { policy: Policy; lane: string; lost: readonly Key[] },
): Promise<FoundRows> => {
  const rooms = roomsOf(policy)
  const rows: FoundRows = new Map()
  const read = async (keys: Key[]): Promise<void> => {
    const found = await readKeys(ledger, keys)
    for (const [index, row] of found.entries())
      if (row !== null) rows.set(rowKey((keys[index] as Key).kind, row.id), row)
  }
  await read([...keysOf(policy, lane), ...lost])
  const doc = (rows.get(rowKey('lane', lane))?.value ?? { run: null }) as Pick<LaneDocument, 'run' | 'stands'>
  const named = new Set([
    ...Object.keys(holdingOf(doc)),
    ...Object.keys(holdingOf({ ...doc, run: null })),
    ...Object.keys(doc.run?.line?.needs ?? {}),
  ])
  const others = [...named].filter((room) => !rooms.includes(room))
  const more = [...placesIn(others, lane), ...standingIn(doc)]
  if (more.length > 0) await read(more)
  return rows
}

/** Where the document says that its run stands in line: a restore may hold the one without the other. */
const standingIn = ({ run }: Pick<LaneDocument, 'run'>): Key[] => {
  const { place = '', rooms = [] } = run?.line ?? {}
  return rooms.map((room): Key => ({ kind: 'line', id: lineId(room, place) }))
}

/**
 * What the lane's kind reads besides. Of a pool: who stands first in its line, and what goes on top of its ceiling; of a budget: every rung
 * that is written, and what nodes have cost.
 */
export const ownRows = async (
  ledger: Pick<Ledger, 'list' | 'read'>,
  kind: LaneKind,
  { lane, ...given }: { lane: string; policy: Policy; now: number; kinds: readonly LaneKind[] },
): Promise<OwnRows> => {
  if (kind.ladder === true) {
    const { rungs, metered } = await ladderOf(ledger, lane, given)
    return { rows: rungs.map((row) => [rowKey('rung', row.id), row]), seen: { metered } }
  }
  if (kind.grants !== true) return { rows: [], seen: {} }
  const [line, found] = await Promise.all([headsOf(ledger, lane), everyRow(ledger, 'contribution', `${lane}#`)])
  const rows = found.map((row): [string, Stored<RowKind>] => [rowKey('contribution', row.id), row])
  return { rows, seen: { line, contributions: valuesOf(found) } }
}

/** Rows by kind and id, and what of them a view says. */
interface OwnRows {
  rows: [string, Stored<RowKind>][]
  seen: Partial<Pick<View, 'line' | 'contributions' | 'metered'>>
}

/** Who stands first in a room's line, in order. */
export const headsOf = async (ledger: Pick<Ledger, 'list'>, room: string): Promise<LineRow[]> =>
  valuesOf(await ledger.list('line', { prefix: `${room}#`, limit: HEADS }))

const placesIn = (rooms: string[], lane: string): Key[] =>
  rooms.map((room): Key => ({ kind: 'hold', id: `${room}#${lane}` }))

const keysOf = (policy: Policy, lane: string): Key[] => [
  { kind: 'lane', id: lane },
  { kind: 'plan', id: lane },
  { kind: 'freeze', id: lane },
  { kind: 'freeze', id: '*' },
  ...lanesOfPools(policy)
    .filter((pool) => pool !== lane)
    .map((pool): Key => ({ kind: 'freeze', id: pool })),
  { kind: 'identity', id: SELF },
  ...SIDES.map((side) => ({ kind: 'side' as const, id: side })),
  ...groupsOf(policy.approvals).map((group) => ({ kind: 'group' as const, id: group })),
  ...placesIn(roomsOf(policy), lane),
  ...rungKeys(policy),
  ...poolRooms(policy).map((room): Key => ({ kind: 'sum', id: lineSum(room) })),
]
