import { budgetRoom, poolRoom } from '../core/lane/room.ts'
import type { Policy } from '../core/policy.ts'
import type { Ports } from './ports.ts'
import { everyRow, readRow } from './rows.ts'

/** Rooms of the policy in force. */
export const roomsOf = ({ pools, budget }: Pick<Policy, 'pools' | 'budget'>): string[] => [
  ...Object.keys(pools).map(poolRoom),
  budgetRoom(budget.name),
]

/**
 * Makes the sum of a room what its holds are (law 5): one that has drifted would let nobody in, or too many, and no lane could
 * say why. Answers whether it had to. What changes meanwhile is left to the next time.
 */
export const recount = async ({ ledger }: Pick<Ports, 'ledger'>, room: string): Promise<boolean> => {
  const sumOf = async () => {
    const row = await readRow(ledger, 'sum', room)
    return { n: row?.value.n ?? 0, revision: row?.revision ?? 0 }
  }
  const before = await sumOf()
  const held = (await everyRow(ledger, 'hold', `${room}#`)).reduce((sum, { value }) => sum + value.amount, 0)
  if (held === before.n || (await sumOf()).revision !== before.revision) return false
  const { ok } = await ledger.commit([
    { add: room, by: held - before.n, atMost: held, atLeast: held },
    { count: 'recounted', by: 1 },
  ])
  return ok
}
