import { budgetRoom, lineSum, spentSum } from '../core/lane/room.ts'
import { cents } from '../core/money/prices.ts'
import type { Policy } from '../core/policy.ts'
import type { Ports } from './ports.ts'
import { everyRow, readRow } from './rows.ts'

/** Makes what is counted of a room what its rows say: what is held of it, and how many stand in its line. */
export const recountRoom = async (ports: Pick<Ports, 'ledger'>, room: string): Promise<boolean> => {
  const held = await recount(ports, room, async (ledger) =>
    (await everyRow(ledger, 'hold', `${room}#`)).reduce((sum, { value }) => sum + value.amount, 0),
  )
  const stood = await recount(
    ports,
    lineSum(room),
    async (ledger) => (await everyRow(ledger, 'line', `${room}#`)).length,
  )
  return held || stood
}

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
 * Makes a sum what its rows are (law 5): one that has drifted would let nobody in, or too many, and no lane could say why.
 * Answers whether it had to. What changes meanwhile is left to the next time.
 */
const recount = async (
  { ledger }: Pick<Ports, 'ledger'>,
  name: string,
  count: (ledger: Ports['ledger']) => Promise<number>,
): Promise<boolean> => {
  const sumOf = async () => {
    const row = await readRow(ledger, 'sum', name)
    return { n: row?.value.n ?? 0, revision: row?.revision ?? 0 }
  }
  const before = await sumOf()
  const n = await count(ledger)
  if (n === before.n || (await sumOf()).revision !== before.revision) return false
  const { ok } = await ledger.commit([
    { add: name, by: n - before.n, atMost: n, atLeast: n },
    { count: 'recounted', by: 1 },
  ])
  return ok
}
