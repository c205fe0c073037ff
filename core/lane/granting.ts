import type { LineRow } from '../rows.ts'
import { type Act, frozen, rest } from './act.ts'
import { type Change, changed, type Grant, moment, resting } from './change.ts'
import { budgetOf, budgetRoom, centsOf, poolRoom, poolRooms } from './room.ts'
import type { View } from './view.ts'
import { freeNodes } from './whole-nodes.ts'

/** One who stands in the line, with what counts beside its row. */
export interface Head {
  row: LineRow
  frozenUntil: number | null
  /** What is held for its lane of each of its rooms already. */
  had: Grant['had']
  /** Other rooms in whose line somebody stands before it. */
  behind: string[]
}

/** How much of a room there is, what of it is free for somebody, and how high its sum may be with that. Null: without end. */
interface Free {
  all: number | null
  free: number | null
  most: number | null
}

/** Actions of one commit that grants take at most: it has a weight, and who stands further back is granted by the next. */
const ACTIONS = 60
/**
 * Where nobody was woken, foreign pods and ceilings move all the same, and a wake that was lost costs a minute. Each such look moves the
 * due row on by a commit: one that stayed in the past would be the oldest of all, and the tick's first, for as long as somebody waits.
 * Milliseconds.
 */
const LOOKS = 60_000

/** What is next of the line that a lane grants. */
export const granting = (view: View, line: readonly LineRow[]): Act => {
  // Frozen or not: who stands in the line of a pool that is frozen is passed over, and leaves it.
  if (line.length > 0) return { kind: 'grant' }
  const { doc, now, handover } = view
  const lingers = doc.rest?.why === 'no-room' || view.moved
  const until = lingers ? now + handover : (doc.rest?.until ?? 0)
  const still = frozen(view)
  if (still?.kind === 'rest')
    return { ...still, rest: { ...still.rest, until: until > now ? until : still.rest.until } }
  return rest(view, {
    why: 'done',
    text: isPool(view, doc.lane) ? 'nobody waits in its line' : 'it has no line: nothing of it is held here',
    // Who joined a line that had somebody in it relied on its being looked at: it has joined by then.
    until: until > now ? until : null,
  })
}

/** What becomes of the line: grants from its beginning on, who was passed over, and what the first of the others waits for. */
interface Walked {
  grants: Grant[]
  taken: Record<string, number>
  passed: { lane: string; why: string }[]
  waits: { lane: string; why: string } | null
  /** Whether the commit is full: who comes next is granted by the next one. */
  full: boolean
}

/**
 * Grants those who stand first, in order, everything that each needs at once (law 10). The first who does not fit keeps all
 * behind it waiting, so that no small one starves a large one; who could not take it (frozen, over its time, never fitting) is
 * passed over, and asked to look for itself: it then leaves the line.
 */
export const settleGrant = (view: View, heads: readonly Head[]): Change => {
  const walked = heads.reduce((so, head) => step(view, head, so), NOBODY)
  const { grants, passed, waits, full } = walked
  const left = (view.lines[view.doc.lane] ?? 0) - grants.length
  const text = [
    `${left} wait in its line`,
    ...(waits === null ? [] : [`the first, ${waits.lane}, ${waits.why}`]),
    ...passed.slice(0, 3).map(({ lane, why }) => `passed over: ${lane}, ${why}`),
  ].join('; ')
  const rests =
    !full && grants.length < heads.length ? resting(view, { why: 'no-room', text, until: view.now + LOOKS }) : null
  return changed(view.doc, {
    grants,
    guard: Object.fromEntries(Object.keys(walked.taken).map((room) => [room, mostOf(view, room, grants)])),
    moments: grants.length === 0 ? [] : [moment('hold', `grants ${grants.map(({ head }) => head.lane).join(', ')}`)],
    wakes: [
      ...passed.map(({ lane }) => lane),
      // The first one too: its plan may find another way by now, or no way any more.
      ...(waits === null ? [] : [waits.lane]),
      // All were granted who were read: whoever has come since is next.
      ...(grants.length > 0 && grants.length === heads.length ? [view.doc.lane] : []),
    ],
    rest: rests,
  })
}

const NOBODY: Walked = { grants: [], taken: {}, passed: [], waits: null, full: false }

const step = (view: View, head: Head, so: Walked): Walked => {
  if (so.waits !== null || so.full) return so
  const { lane } = head.row
  const over = whyPassed(view, head, so)
  if (over !== null) return { ...so, passed: [...so.passed, { lane, why: over }] }
  if (weightOf([...so.grants, { head: head.row, had: head.had }]) > ACTIONS && so.grants.length > 0)
    return { ...so, full: true }
  const why = whyNotYet(view, head, so)
  if (why !== null) return { ...so, waits: { lane, why } }
  const taken = { ...so.taken }
  for (const [room, amount] of Object.entries(growthOf(head))) taken[room] = (taken[room] ?? 0) + amount
  return { ...so, taken, grants: [...so.grants, { head: head.row, had: head.had }] }
}

/** What a head needs of each room beyond what is held for it. */
const growthOf = ({ row, had }: Head): Record<string, number> =>
  Object.fromEntries(Object.entries(row.needs).map(([room, need]) => [room, need - (had[room]?.value.amount ?? 0)]))

/** Of which rooms it needs more than is held for it: what it merely keeps is no matter of room any more. */
const moreOf = (head: Head): [room: string, amount: number][] =>
  Object.entries(growthOf(head)).filter(([, amount]) => amount > 0)

/** Why it could not take what it waits for, whoever else there is; null: it could. */
const whyPassed = (view: View, head: Head, { taken }: Walked): string | null => {
  const { until, needs } = head.row
  if (until !== null && view.now > until) return 'whose time is over'
  if ((head.frozenUntil ?? 0) > view.now) return 'which is frozen'
  for (const [room, amount] of moreOf(head)) {
    const [need, seen] = [needs[room] ?? 0, freeOf(view, room, head.row)]
    if (seen === null) return `since nothing is held of ${room} any more`
    if (seen.all !== null && need > seen.all) return `which needs ${need} and ${room} has ${seen.all} in all`
    // A budget is no pool's room: its plan says no, in place of a line that waits for somebody's dollars.
    const lacks = !isPool(view, room) && seen.free !== null && amount > seen.free - (taken[room] ?? 0)
    if (lacks) return `for which ${room} has too few dollars`
  }
  return null
}

/** What keeps it, and everybody behind it, waiting. */
const whyNotYet = (view: View, head: Head, { taken }: Walked): string | null => {
  const behind = head.behind.filter((room) => room !== view.doc.lane)
  if (behind.length > 0) return `waits for its turn in the line of ${behind.join(' and ')}`
  for (const [room, amount] of moreOf(head)) {
    const free = freeOf(view, room, head.row)?.free ?? null
    const left = free === null ? null : free - (taken[room] ?? 0)
    if (left !== null && amount > left) return `needs ${amount} more of ${room}, which has ${Math.max(0, left)} free`
    const apart = whyApart(view, { room, need: head.row.nodes?.[room] ?? 0, taken: taken[room] ?? 0 })
    if (apart !== null) return apart
  }
  return null
}

/** Of a gang why a room has too few whole nodes; null: it has enough, or it needs none. */
const whyApart = (
  { world, policy }: View,
  { room, need, taken }: { room: string; need: number; taken: number },
): string | null => {
  const pool = Object.values(world?.pools ?? {}).find((seen) => poolRoom(seen.pool) === room)
  const rule = policy.pools[pool?.pool ?? '']
  if (need === 0 || pool === undefined || rule === undefined) return null
  const free = freeNodes(pool, { gpusPerNode: rule.gpusPerNode, taken })
  return free < need ? `needs ${need} whole nodes of ${room} at once, which has ${free} free` : null
}

/** A row less and one sum less a line, a hold and a sum a room, a letter and its due row. */
const weightOf = (grants: readonly Grant[]): number =>
  grants.reduce((sum, { head }) => sum + 2 * head.rooms.length + 2 * Object.keys(head.needs).length + 2, 0)

const isPool = ({ policy }: View, room: string): boolean => poolRooms(policy).includes(room)

/** How high a room's sum may be with all of these. */
const mostOf = (view: View, room: string, grants: readonly Grant[]): number | null => {
  const mosts = grants.flatMap(({ head }) => freeOf(view, room, head)?.most ?? [])
  return mosts.length === 0 ? null : Math.max(...mosts)
}

/** As it counts itself: what others' pods wait for is free for whoever goes before them. */
const freeOf = (view: View, room: string, { ahead }: Pick<LineRow, 'ahead'>): Free | null => {
  const { world, policy } = view
  if (world === null) return null
  if (room === budgetRoom(budgetOf(policy))) {
    const most = centsOf(policy.budget.dollars - world.dollars.spent)
    return { all: null, free: most - centsOf(world.dollars.held), most }
  }
  const pool = Object.values(world.pools).find((seen) => poolRoom(seen.pool) === room)
  if (pool === undefined || !isPool(view, room)) return null
  const { ceiling, heldByOthers, beyondHolds } = pool
  if (ceiling === null) return { all: null, free: null, most: null }
  const behind = ahead === true ? (pool.behind ?? 0) : 0
  return { all: ceiling, free: ceiling - heldByOthers + behind, most: ceiling - beyondHolds + behind }
}
