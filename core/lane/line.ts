import type { Plan } from '../plan.ts'
import type { LaneDocument, Run } from './document.ts'
import type { InLine } from './hold.ts'
import { gpusOfRooms, needsOf, nodesToTake, poolRoom, whyFull } from './room.ts'
import type { View } from './view.ts'

/** Whether all that a run waited for is held for it: its line's rows have become holds. */
export const isGranted = ({ holds }: Pick<View, 'holds'>, line: InLine | undefined): boolean =>
  line !== undefined && Object.values(holds).some(({ place }) => place === line.place)

/** Rooms of pools of which a plan needs more than is held for the lane. */
const growing = (view: View, plan: Plan): string[] => {
  const needs = needsOf(view, plan)
  return Object.keys(gpusOfRooms(view, plan))
    .map(poolRoom)
    .filter((room) => (needs[room] ?? 0) > (view.holds[room]?.amount ?? 0))
}

/**
 * Why a plan cannot be held now; null: it can. Nobody overtakes: where there is a line only the pool's own lane grants, all
 * rooms at once or none, so nobody holds one room while it waits for another.
 */
export const whyWaits = (view: View, { line }: Run, plan: Plan): string | null => {
  const [needs, grows] = [needsOf(view, plan), growing(view, plan)]
  if (
    isGranted(view, line) &&
    Object.keys(needs).every((room) => (needs[room] ?? 0) <= (view.holds[room]?.amount ?? 0))
  )
    return null
  const full = whyFull(view, plan)
  if (full !== null) return full
  if (line !== undefined && grows.some((room) => line.rooms.includes(room)))
    return `its turn in the line of ${line.rooms.join(' and ')} has not come`
  const room = grows.find((one) => (view.lines[one] ?? 0) > 0)
  return room === undefined ? null : `${view.lines[room]} wait before it in the line of ${room}`
}

/** Rooms of which a plan takes more beside the line: only while nobody stands in it. */
export const besideLine = (view: View, { line }: Run, plan: Plan): string[] =>
  isGranted(view, line) ? [] : growing(view, plan)

/** Where a run waits for this plan: where it stood, while it needs the same; in another place of the same rank, when not. */
export const inLineFor = (view: View, { line }: Run, { plan, until }: { plan: Plan; until: number | null }): InLine => {
  const needs = needsOf(view, plan)
  const rooms = growing(view, plan)
  const nodes = Object.entries(nodesToTake(view, plan)).map(([pool, count]) => [poolRoom(pool), count] as const)
  const gang = nodes.length === 0 ? {} : { nodes: Object.fromEntries(nodes) }
  const wanted = { rooms, needs, until, ...gang, ...(goesAhead(view) ? { ahead: true as const } : {}) }
  const same = line !== undefined && !isGranted(view, line) && alike(wanted, line)
  if (same) return line
  const since = line?.since ?? view.doc.inLineFrom ?? view.now
  const place = `${padded(since, 14)}.${padded(view.revision, 8)}.${view.doc.lane}`
  return { place, since, ...wanted }
}

/** Whether pods of what the lane wants go before others' that wait for a GPU. */
const goesAhead = ({ kind, doc: { desired } }: Pick<View, 'kind' | 'doc'>): boolean =>
  desired !== null && kind.ahead?.(desired as never) === true

/** What a place says. A time by which it is passed over is the same all the while it is one, or it is none. */
const saysOf = ({ rooms, needs, ahead, until, nodes }: Omit<InLine, 'place' | 'since'>): string =>
  JSON.stringify([rooms, needs, ahead, until === null, nodes])

const alike = (a: Parameters<typeof saysOf>[0], b: Parameters<typeof saysOf>[0]): boolean => saysOf(a) === saysOf(b)

const padded = (n: number, digits: number): string => String(n).padStart(digits, '0')

/** How many stand in lines once the document has become this one: what it left it does not wait behind. */
export const linesAfter = (view: View, doc: LaneDocument): View['lines'] => {
  const [was, is] = [view.doc.run?.line, doc.run?.line]
  if (was === undefined || was.place === is?.place || isGranted(view, was)) return view.lines
  return Object.fromEntries(
    Object.entries(view.lines).map(([room, count]) => [room, was.rooms.includes(room) ? count - 1 : count]),
  )
}
