import { budgetOf, budgetRoom, lineSum, poolRooms, roomOfSum } from '../core/lane/room.ts'
import type { Policy } from '../core/policy.ts'
import type { Due, Write } from './ledger-port.ts'
import type { WorkPorts } from './ports.ts'
import { readRows } from './rows.ts'

/**
 * At most what is woken of its own accord in a minute: 20 lanes side by side, 2 s each, are 24 s of work. So a person's word, which
 * waits behind what was woken before it, is heard within 30 s, whatever an outage has left.
 */
export const SERVED = 240
/** So many are woken at once, 2 s of work, by who finds many beside the tick and the watch; those find the others. */
export const AT_ONCE = 20

type WakingPorts = Pick<WorkPorts, 'ledger' | 'queue' | 'clock'>

/** A wake is only a hint: one that is lost costs a minute, since the due row stands. */
export const wake = ({ queue }: Pick<WorkPorts, 'queue'>, group: string, id: string): Promise<void> =>
  queue.wake(group, id.slice(0, 128)).catch(() => undefined)

/** A queue that takes no more than is left, and how many wakes it has taken. */
export interface Bounded {
  queue: WorkPorts['queue']
  taken(): number
}

/**
 * The same queue, which takes no more wakes than are left of so many: of the rest a due row, or the next comparison, tells. Several
 * may take of the same, so that each counts its own.
 */
export const bounded = (queue: WorkPorts['queue'], room: { left: number }): Bounded => {
  let taken = 0
  const wake = async (group: string, id: string): Promise<void> => {
    if (room.left <= 0) return
    room.left--
    await queue.wake(group, id)
    taken++
  }
  return { queue: { wake }, taken: () => taken }
}

/** Wakes the other groups whose due rows a commit has just made due. */
export const wakeDue = async (ports: WakingPorts, writes: readonly Write[]): Promise<void> => {
  const now = ports.clock.now()
  const due = writes.flatMap((write) =>
    'due' in write && write.at !== null && write.at <= now && write.due.by !== 'lane' ? [write.due] : [],
  )
  const groups = new Map(due.map(({ group, by }) => [group, by]))
  await Promise.all([...groups].map(([group, by]) => wake(ports, group, by)))
}

/** Those of some rooms in whose line somebody stands. */
export const linesOf = async ({ ledger }: Pick<WorkPorts, 'ledger'>, rooms: readonly string[]): Promise<string[]> =>
  (await readRows(ledger, 'sum', rooms.map(lineSum))).filter(({ value }) => value.n > 0).map(({ id }) => roomOfSum(id))

/**
 * Wakes the lanes of pools with a line when a commit has made room there, or has let somebody out of the line; dollars that come
 * free may be waited for in any.
 */
export const wakeLines = async (
  ports: WakingPorts,
  writes: readonly Write[],
  { policy, lane }: { policy: Policy; lane: string },
): Promise<void> => {
  const freed = writes.flatMap((write) => ('add' in write && write.by < 0 ? [write.add] : []))
  const pools = poolRooms(policy)
  const named = freed.map(roomOfSum)
  const dollars = named.includes(budgetRoom(budgetOf(policy)))
  const rooms = [...new Set(dollars ? [...named, ...pools] : named)].filter((room) => room !== lane)
  if (rooms.length === 0) return
  for (const room of await linesOf(ports, rooms).catch(() => []))
    await wake(ports, room, `room.${lane}.${ports.clock.now()}`)
}

/** Wakes one that is due: the id carries the minute, so that the same due row is woken again if nobody came. */
export const wakeOne = (ports: WakingPorts, { group, at }: Due): Promise<void> =>
  wake(ports, group, `tick.${at}.${Math.floor(ports.clock.now() / 60_000)}`)
