import { budgetRoom, poolRoom, spentSum } from '../core/lane/room.ts'
import { cents } from '../core/money/prices.ts'
import type { Policy } from '../core/policy.ts'
import type { Ports } from './ports.ts'
import { everyRow, readRow } from './rows.ts'

/** Rooms of the policy in force. */
export const roomsOf = ({ pools, budget }: Pick<Policy, 'pools' | 'budget'>): string[] => [
  ...Object.keys(pools).map(poolRoom),
  budgetRoom(budget.name),
]

/** A budget in dollars, as plans weigh it: what was spent in this month (UTC), what runs hold, and what is left of its amount. */
export interface Spend {
  budget: string
  /** `2026-11`. */
  month: string
  dollars: number
  spent: number
  held: number
  left: number
}

/** What the ledger's sums say of the policy's budget. */
export const spendOf = async (
  { ledger }: Pick<Ports, 'ledger'>,
  { budget: { name, dollars } }: Pick<Policy, 'budget'>,
  now: number,
): Promise<Spend> => {
  const rows = await Promise.all([spentSum(name, now), budgetRoom(name)].map((id) => readRow(ledger, 'sum', id)))
  const [spent, held] = rows.map((row) => (row?.value.n ?? 0) / 100) as [number, number]
  const month = new Date(now).toISOString().slice(0, 7)
  return { budget: name, month, dollars, spent, held, left: cents(dollars - spent - held) }
}

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
