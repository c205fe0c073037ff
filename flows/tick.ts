import { asksItself } from '../core/lane/act.ts'
import type { View } from '../core/lane/view.ts'
import type { SideRow } from '../core/rows.ts'
import { sidesAway } from './far-sides.ts'
import type { Due } from './ledger-port.ts'
import type { WorkPorts } from './ports.ts'
import { type Catalogues, sorted } from './served.ts'
import { AT_ONCE, SERVED, wakeOne } from './waking.ts'

/** Due rows that are passed over: of groups that are woken already, however many letters they have, of those that wait for a far side, and of a newer release. */
const PASSED_OVER = 50_000

/** Rows that are read together. */
const TOGETHER = 100

/** What a tick came to. `late`: since when the oldest that it woke was due, milliseconds. */
export interface Ticked {
  woken: number
  /** Whether more is due than a minute serves. */
  left: boolean
  late: number
  /** Groups of which a newer release has left something due that this one does not know: it is passed over, and waits for it. */
  newer: number
}

type TickPorts = Pick<WorkPorts, 'ledger' | 'queue' | 'clock'>

/**
 * The minute's tick: wakes what is due, oldest first, at most what a minute serves. Of those that wait for a far side that does
 * not answer, one: the rest is woken when it answers. What a newer release has left is passed over.
 */
export const tick = async (ports: TickPorts, catalogues: Catalogues, limit = SERVED): Promise<Ticked> => {
  const now = ports.clock.now()
  const { due, newer } = await dueNow(ports.ledger, catalogues, { now, limit: limit + 1 })
  const served = due.slice(0, limit)
  for (const one of served) await wakeOne(ports, one)
  const late = Math.max(0, ...served.map(({ at }) => now - at))
  return { woken: served.length, left: due.length > limit, late, newer }
}

/** What a tick would wake, oldest first: of each group one row. */
const dueNow = async (
  ledger: Pick<WorkPorts['ledger'], 'due' | 'read'>,
  catalogues: Catalogues,
  { now, limit }: { now: number; limit: number },
): Promise<{ due: Due[]; newer: number }> => {
  const [sides, due] = await Promise.all([sidesAway(ledger), ledger.due(now, { limit: limit + PASSED_OVER })])
  const asking = asks(sides, now)
  const groups = new Map<string, Due>()
  const newer = new Set<string>()
  for (const rows = due.values(); groups.size < limit; ) {
    const some = take(rows, TOGETHER, (one) => !groups.has(one.group) && asking.may(one))
    if (some.length === 0) break
    const read = await sorted(ledger, catalogues, some)
    for (const group of read.newer) newer.add(group)
    for (const one of read.served) if (!groups.has(one.group) && asking.does(one)) groups.set(one.group, one)
  }
  return { due: [...groups.values()].slice(0, limit), newer: newer.size }
}

/** The next so many of them. */
const take = <T>(values: Iterator<T>, most: number, isOne: (value: T) => boolean): T[] => {
  const taken: T[] = []
  for (let next = values.next(); next.done !== true; next = values.next()) {
    if (isOne(next.value)) taken.push(next.value)
    if (taken.length === most) break
  }
  return taken
}

/** Who asks far sides that do not answer: of each, one. */
const asks = (sides: View['sides'], now: number): { may(due: Due): boolean; does(due: Due): boolean } => {
  const asked = new Set<string>()
  const awayFor = ({ side }: Due): SideRow | undefined => {
    // Without a policy nobody can do anything.
    const waitsFor = sides['policies'] === undefined ? side : 'policies'
    return waitsFor === null ? undefined : sides[waitsFor]
  }
  const may = (due: Due): boolean => {
    const away = awayFor(due)
    return away === undefined || (asksItself(away, due.group, now) && !asked.has(away.side))
  }
  const does = (due: Due): boolean => {
    if (!may(due)) return false
    const away = awayFor(due)
    if (away !== undefined && !away.refuses) asked.add(away.side)
    return true
  }
  return { may, does }
}

/**
 * How many the watch may wake beside the tick: what is due comes first. A few always: however long a backlog lasts, who has not heard
 * that its Job ended, or falls due, is not left to wait for the whole of it.
 */
export const roomBeside = async (
  { ledger, clock }: Pick<TickPorts, 'ledger' | 'clock'>,
  catalogues: Catalogues,
): Promise<number> => {
  const { due } = await dueNow(ledger, catalogues, { now: clock.now(), limit: SERVED })
  return Math.max(AT_ONCE, SERVED - due.length)
}

/** When the next thing is due, milliseconds since the epoch; null: never. */
export const nextDue = async ({ ledger }: Pick<WorkPorts, 'ledger'>): Promise<number | null> =>
  (await ledger.due(Number.MAX_SAFE_INTEGER, { limit: 1 }))[0]?.at ?? null
