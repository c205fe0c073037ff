import type { Due, Write } from './ledger-port.ts'
import type { WorkPorts } from './ports.ts'
import { everyRow } from './rows.ts'

type WakingPorts = Pick<WorkPorts, 'ledger' | 'queue' | 'clock'>

/** A wake is only a hint: one that is lost costs a minute, since the due row stands. */
export const wake = ({ queue }: Pick<WorkPorts, 'queue'>, group: string, id: string): Promise<void> =>
  queue.wake(group, id.slice(0, 128)).catch(() => undefined)

/** Wakes the other groups whose due rows a commit has just made due. */
export const wakeDue = async (ports: WakingPorts, writes: readonly Write[]): Promise<void> => {
  const now = ports.clock.now()
  const due = writes.flatMap((write) =>
    'due' in write && write.at !== null && write.at <= now && write.due.by !== 'lane' ? [write.due] : [],
  )
  const groups = new Map(due.map(({ group, by }) => [group, by]))
  await Promise.all([...groups].map(([group, by]) => wake(ports, group, by)))
}

/** Wakes who stands in the line of rooms in which something was freed, whoever came first first. */
export const wakeWaiters = async (ports: WakingPorts, rooms: readonly string[]): Promise<void> => {
  for (const room of rooms) {
    const line = await everyRow(ports.ledger, 'line', `${room}#`).catch(() => [])
    const waiters = line.map(({ value }) => value).sort((a, b) => a.since - b.since)
    for (const { lane } of waiters) await wake(ports, lane, `room.${room}.${ports.clock.now()}`)
  }
}

/** Wakes one that is due: the id carries the minute, so that the same due row is woken again if nobody came. */
export const wakeOne = (ports: WakingPorts, { group, at }: Due): Promise<void> =>
  wake(ports, group, `tick.${at}.${Math.floor(ports.clock.now() / 60_000)}`)
