import { spentSum } from '../core/lane/room.ts'
import { laneLabel, laneOfLabel } from '../core/names.ts'
import type { HoldRow } from '../core/rows.ts'
import type { Key, Ledger, Stored } from './ledger-port.ts'
import { readKeys, readRows, valuesOf } from './rows.ts'

/** What a room's sum says is held of it, and by the lane that looks. */
export interface Held {
  total: number
  own: number
}

/** Sums change with their holds in one commit: what thousands of lanes hold of a room is read as two rows. */
export const heldIn = async (
  ledger: Pick<Ledger, 'read'>,
  rooms: readonly string[],
  { lane, budget, now }: { lane: string; budget: string; now: number },
): Promise<{ spent: number; held: Map<string, Held> }> => {
  const keys = rooms.flatMap((room): Key<'sum' | 'hold'>[] => [
    { kind: 'sum', id: room },
    { kind: 'hold', id: `${room}#${lane}` },
  ])
  const [spent, ...rows] = (await readKeys(ledger, [{ kind: 'sum', id: spentSum(budget, now) }, ...keys])) as [
    Stored<'sum'> | null,
    ...(Stored<'sum' | 'hold'> | null)[],
  ]
  const held = rooms.map((room, index): [string, Held] => {
    const [sum, own] = rows.slice(2 * index) as [Stored<'sum'> | null, Stored<'hold'> | null]
    return [room, { total: sum?.value.n ?? 0, own: own?.value.amount ?? 0 }]
  })
  return { spent: spent?.value.n ?? 0, held: new Map(held) }
}

/** Holds that are read beside the look at the cluster, before it is known whose pods are there. */
const PAGE = 8

/** The first holds of a room, which are all of them in most. */
export const firstHolds = async (ledger: Pick<Ledger, 'list'>, room: string): Promise<HoldRow[]> =>
  valuesOf(await ledger.list('hold', { prefix: `${room}#`, limit: PAGE }))

/** What the lanes of these labels hold of a room, by label: those that are not among its first holds are read by their keys. */
export const holdsOf = async (
  ledger: Pick<Ledger, 'read'>,
  room: string,
  { first, labels }: { first: HoldRow[]; labels: readonly string[] },
): Promise<Map<string, HoldRow>> => {
  const known = new Map(first.map((hold) => [laneLabel(hold.lane), hold]))
  const left = first.length < PAGE ? [] : labels.filter((label) => label !== '' && !known.has(label))
  const rows = await readRows(
    ledger,
    'hold',
    left.map((label) => `${room}#${laneOfLabel(label)}`),
  )
  for (const hold of valuesOf(rows)) known.set(laneLabel(hold.lane), hold)
  return known
}
