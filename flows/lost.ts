import { roomOfSum } from '../core/lane/room.ts'
import type { Trouble } from '../core/lane/view.ts'
import type { Key, Write } from './ledger-port.ts'
import type { Ports } from './ports.ts'
import { recountRoom } from './sums.ts'

/** What only the lane's own commits write, and take to be absent: one that is there was left by a restore, without its document. */
const OWN: ReadonlySet<Key['kind']> = new Set(['name', 'result', 'past'])

/** Of what was lost, the rows that the next view reads: its commit takes them up, or writes over them. */
export const takenUp = (lost: readonly Key[]): Key[] => lost.filter(({ kind }) => OWN.has(kind))

/** What others write too, all the time: whoever loses it reads it again and goes on. */
const EVERYBODYS: ReadonlySet<Key['kind']> = new Set(['lane', 'sum'])

/** Why a lane goes no further whose commits lose against one row again and again, though it is read each time; null: it does. */
export const whyStuck = (lost: readonly Key[], tries: number): Trouble | null => {
  const { kind, id } = lost.at(-1) ?? { kind: 'lane', id: '' }
  const times = lost.filter((other) => other.kind === kind && other.id === id).length
  if (EVERYBODYS.has(kind) || times < (OWN.has(kind) ? 2 : tries)) return null
  const said = `the row ${kind} ${id} is never what was just read of it, so nothing can be written beside it: see who else writes into the table`
  return { kind: 'bug', side: 'ledger', said }
}

/**
 * A sum that would fall below zero by what is given back is less than its rows: only a restore tears them. It becomes what they say at
 * once, not only when everything is compared the next time.
 */
export const mendLost = async (
  ports: Pick<Ports, 'ledger'>,
  writes: readonly Write[],
  { kind, id }: Key,
): Promise<void> => {
  const falls = writes.some((write) => 'add' in write && write.add === id && write.by < 0)
  if (kind === 'sum' && falls) await recountRoom(ports, roomOfSum(id))
}
