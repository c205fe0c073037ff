import { asksItself } from '../core/lane/act.ts'
import { sidesAway } from './far-sides.ts'
import type { Due } from './ledger-port.ts'
import type { WorkPorts } from './ports.ts'
import { SERVED, wakeOne } from './waking.ts'

/** Due rows that are passed over: of groups that are woken already, however many letters they have, and of those that wait for a far side. */
const PASSED_OVER = 50_000

/** What a tick came to. `late`: since when the oldest that it woke was due, milliseconds. */
export interface Ticked {
  woken: number
  /** Whether more is due than a minute serves. */
  left: boolean
  late: number
}

type TickPorts = Pick<WorkPorts, 'ledger' | 'queue' | 'clock'>

/**
 * The minute's tick: wakes what is due, oldest first, at most what a minute serves. Of those that wait for a far side that does
 * not answer, one: the rest is woken when it answers.
 */
export const tick = async (ports: TickPorts, limit = SERVED): Promise<Ticked> => {
  const now = ports.clock.now()
  const due = await dueNow(ports.ledger, now, limit + 1)
  const served = due.slice(0, limit)
  for (const one of served) await wakeOne(ports, one)
  return { woken: served.length, left: due.length > limit, late: Math.max(0, ...served.map(({ at }) => now - at)) }
}

/** What a tick would wake, oldest first: of each group one row. */
const dueNow = async (
  ledger: Pick<WorkPorts['ledger'], 'due' | 'read'>,
  now: number,
  limit: number,
): Promise<Due[]> => {
  const [sides, due] = await Promise.all([sidesAway(ledger), ledger.due(now, { limit: limit + PASSED_OVER })])
  const asked = new Set<string>()
  const asks = ({ side, group }: Due): boolean => {
    // Without a policy nobody can do anything.
    const waitsFor = sides['policies'] === undefined ? side : 'policies'
    const away = waitsFor === null ? undefined : sides[waitsFor]
    if (waitsFor === null || away === undefined) return true
    if (!asksItself(away, group, now) || asked.has(waitsFor)) return false
    if (!away.refuses) asked.add(waitsFor)
    return true
  }
  const groups = new Map<string, Due>()
  for (const one of due) if (!groups.has(one.group) && asks(one)) groups.set(one.group, one)
  return [...groups.values()].slice(0, limit)
}

/** How many the watch may wake beside the tick when it compares: what is due comes first. */
export const roomBeside = async ({ ledger, clock }: Pick<TickPorts, 'ledger' | 'clock'>): Promise<number> =>
  SERVED - (await dueNow(ledger, clock.now(), SERVED)).length

/** When the next thing is due, milliseconds since the epoch; null: never. */
export const nextDue = async ({ ledger }: Pick<WorkPorts, 'ledger'>): Promise<number | null> =>
  (await ledger.due(Number.MAX_SAFE_INTEGER, { limit: 1 }))[0]?.at ?? null
