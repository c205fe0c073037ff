import type { Change, Grant, Guard } from '../core/lane/change.ts'
import type { LaneDocument } from '../core/lane/document.ts'
import type { InLine } from '../core/lane/hold.ts'
import type { GoOnLetter } from '../core/lane/letters.ts'
import {
  budgetOf,
  budgetRoom,
  centsByMonth,
  centsOf,
  holdingOf,
  holdRowOf,
  lineSum,
  poolRoom,
  poolRooms,
  spentIn,
  spentSum,
} from '../core/lane/room.ts'
import type { View } from '../core/lane/view.ts'
import { type HoldRow, lineId } from '../core/rows.ts'
import type { Write } from './ledger-port.ts'
import { type Loaded, roomsIn } from './view.ts'
import { rowKey } from './view-rows.ts'

/** Sums that one commit adds to, each named once. */
type Sums = Map<string, { by: number; atMost: number | null; atLeast: number | null }>

const add = (sums: Sums, room: string, by: number): void => {
  const so = sums.get(room) ?? { by: 0, atMost: null, atLeast: null }
  sums.set(room, { ...so, by: so.by + by })
}

/**
 * Everything that a commit changes of rooms: holds, places in lines, and their sums. A row and its sum change together, and a
 * sum that grows is bounded (law 10).
 */
export const roomWrites = (
  { view, rows }: Pick<Loaded, 'view' | 'rows'>,
  before: { doc: LaneDocument },
  change: Change,
): Write[] => {
  const sums: Sums = new Map()
  const { lane } = view.doc
  const holds = holdWrites({ lane, rows, sums }, before.doc, change.doc)
  const lines = lineWrites({ lane, rows, sums }, before.doc, change.doc)
  const named = new Set(holds.map(({ id }) => id))
  const writes = [
    ...holds,
    // What is written is checked with it.
    ...lines.filter((write) => !('check' in write && write.check === 'hold' && named.has(write.id))),
    ...change.grants.flatMap((grant) => grantWrites(grant, view.now, sums)),
    ...goOns({ view, before, change }),
  ]
  for (const room of change.beside) add(sums, lineSum(room), 0)
  const budget = budgetOf(view.policy)
  for (const [month, by] of Object.entries(centsByMonth(change.past))) add(sums, spentIn(budget, month), by)
  const shared = { ...sharedBudget(view, sums, change.guard), ...capped(view, change) }
  for (const name of Object.keys(shared)) add(sums, name, 0)
  return [...writes, ...sumWrites(sums, change, shared)]
}

/**
 * What is held and what was spent of a budget are two sums, which nobody can bound together, and both grow while this is on its way: others
 * begin, and the ends of others are booked. So what the two leave is shared between them.
 */
const sharedBudget = ({ policy, world, holds, now }: View, sums: Sums, guard: Guard): Guard => {
  const room = budgetRoom(budgetOf(policy))
  const most = guard[room] ?? null
  const by = sums.get(room)?.by ?? 0
  if (most === null || by <= 0) return {}
  const held = centsOf(world?.dollars.held ?? 0) + (holds[room]?.amount ?? 0)
  const share = Math.max(0, Math.floor((most - held - by) / 2))
  return { [room]: most - share, [spentSum(budgetOf(policy), now)]: centsOf(policy.budget.dollars) - most + share }
}

/** Pools are capped at no less than is held of them: what was granted since that was read makes it be read again. */
const capped = ({ policy }: View, { rungs }: Pick<Change, 'rungs'>): Guard => {
  const caps = rungs.flatMap(({ row, gone }) =>
    gone || row.lifted !== undefined ? [] : Object.entries(row.caps ?? {}),
  )
  const rooms = poolRooms(policy)
  return Object.fromEntries(
    caps.map(([pool, gpus]) => [poolRoom(pool), gpus] as const).filter(([room]) => rooms.includes(room)),
  )
}

type HoldWrite = Extract<Write, { put: 'hold' } | { remove: unknown }>

interface Hands {
  lane: string
  rows: Loaded['rows']
  sums: Sums
}

/** What is held for the lane becomes what its document says. What a run that waits is granted is for its own act to take up. */
const holdWrites = ({ lane, rows, sums }: Hands, before: LaneDocument, after: LaneDocument): HoldWrite[] => {
  const place = after.run?.line?.place
  if (place !== undefined && place === before.run?.line?.place) return []
  const [had, has] = [roomsIn(rows, lane).holds, holdingOf(after)]
  return [...new Set([...Object.keys(had), ...Object.keys(has)])].flatMap((room): HoldWrite[] => {
    const [old, now] = [had[room], holdRowOf(lane, after, room)]
    if (old?.amount === now?.amount && old?.lasts === now?.lasts && old?.place === undefined) return []
    const id = `${room}#${lane}`
    const revision = rows.get(rowKey('hold', id))?.revision ?? 0
    if (now?.amount !== old?.amount) add(sums, room, (now?.amount ?? 0) - (old?.amount ?? 0))
    return now === undefined ? [{ remove: 'hold', id, revision }] : [{ put: 'hold', id, revision, value: now }]
  })
}

/** A place is written once and never changes: its revision is 1 for as long as it is there. */
const PLACE = 1

/** A run joins the lines of all pools that it waits for at once, and leaves them so; a place that was granted is gone already. */
const lineWrites = ({ lane, rows, sums }: Hands, before: LaneDocument, after: LaneDocument): Write[] => {
  const [was, is] = [before.run?.line, after.run?.line]
  if (was?.place === is?.place) return []
  const granted = Object.values(roomsIn(rows, lane).holds).some(({ place }) => place === was?.place)
  return [
    ...(was === undefined || granted
      ? []
      : was.rooms.flatMap((room) => leavingIfThere({ lane, rows, sums }, was, room))),
    ...(is === undefined ? [] : is.rooms.map((room) => joining(room, { lane, ...is }, sums))),
  ]
}

/**
 * A restore may have torn the row from its run: then there is nothing to leave, and the run ends all the same. Unless it was granted
 * meanwhile, which takes the row too and shows in the hold.
 */
const leavingIfThere = ({ lane, rows, sums }: Hands, { place }: InLine, room: string): Write[] => {
  const [line, hold] = [lineId(room, place), `${room}#${lane}`]
  if (rows.has(rowKey('line', line))) return [leaving(room, place, sums)]
  return [
    { check: 'line', id: line, revision: 0 },
    { check: 'hold', id: hold, revision: rows.get(rowKey('hold', hold))?.revision ?? 0 },
  ]
}

const leaving = (room: string, place: string, sums: Sums): Write => {
  add(sums, lineSum(room), -1)
  return { remove: 'line', id: lineId(room, place), revision: PLACE }
}

const joining = (room: string, value: InLine & { lane: string }, sums: Sums): Write => {
  add(sums, lineSum(room), 1)
  return { put: 'line', id: lineId(room, value.place), revision: 0, value }
}

/** The line's rows, which must exist, become the holds and the sums; and its lane hears of it. */
const grantWrites = ({ head, had }: Grant, at: number, sums: Sums): Write[] => [
  ...head.rooms.map((room) => leaving(room, head.place, sums)),
  ...Object.entries(head.needs).map(([room, amount]): Write => {
    const before = had[room]?.value
    add(sums, room, amount - (before?.amount ?? 0))
    // Until its lane takes it up, and says what of it stays.
    const lasts = Math.min(amount, before?.lasts ?? before?.amount ?? 0)
    const value: HoldRow = { lane: head.lane, amount, ...(lasts < amount ? { lasts } : {}), place: head.place }
    return { put: 'hold', id: `${room}#${head.lane}`, revision: had[room]?.revision ?? 0, value }
  }),
  ...goOn(head.lane, `${String(at).padStart(14, '0')}.line.${head.place.slice(0, 23)}`, at),
]

/** Who joins an empty line tells its pool's lane, whose row says so until it has looked. */
const goOns = ({
  view,
  before,
  change,
}: {
  view: Loaded['view']
  before: { doc: LaneDocument }
  change: Change
}): Write[] => {
  const [was, is] = [before.doc.run?.line, change.doc.run?.line]
  if (is === undefined || is.place === was?.place) return []
  const id = `${String(view.now).padStart(14, '0')}.line.${view.identity.name}.${view.revision}`
  return is.rooms.filter((room) => (view.lines[room] ?? 0) === 0).flatMap((room) => goOn(room, id, view.now))
}

const goOn = (lane: string, id: string, at: number): Write[] => {
  const letter: GoOnLetter = { kind: 'go-on', lane, id, at, due: at }
  return [
    { put: 'look', id: `${lane}#${id}`, revision: 0, value: letter },
    { due: { group: lane, by: id }, at, was: null, side: null },
  ]
}

/** What grows is bounded by what was seen to be left; what is taken beside a line only while nobody stands in it. */
const sumWrites = (sums: Sums, { guard, beside }: Change, shared: Guard): Write[] => {
  const alone = new Set(beside.map(lineSum))
  return [...sums].map(([name, { by }]) => ({
    add: name,
    by,
    atMost: alone.has(name) ? 0 : (shared[name] ?? (by > 0 ? (guard[name] ?? null) : null)),
    atLeast: by < 0 ? 0 : null,
  }))
}
