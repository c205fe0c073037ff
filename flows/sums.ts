import type { LaneDocument } from '../core/lane/document.ts'
import { budgetOf, budgetRoom, centsOf, lineSum, spentSum } from '../core/lane/room.ts'
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

type Closed = Pick<LaneDocument, 'lane' | 'run' | 'writtenAt'>

/**
 * Makes what was spent of a budget this month what the runs say that ended in it. Only lanes are asked that were written since it began,
 * and those with a run, which may end meanwhile.
 */
export const recountSpent = async (
  ports: Pick<Ports, 'ledger'>,
  docs: readonly Closed[],
  { budget, now }: { budget: string; now: number },
): Promise<boolean> => {
  const date = new Date(now)
  const since = Date.UTC(date.getUTCFullYear(), date.getUTCMonth())
  const lanes = docs.filter(({ run, writtenAt }) => run !== null || writtenAt >= since).map(({ lane }) => lane)
  return recount(ports, spentSum(budget, now), async (ledger) => {
    let cents = 0
    for (let from = 0; from < lanes.length; from += AT_ONCE) {
      const some = await Promise.all(lanes.slice(from, from + AT_ONCE).map((lane) => spentBy(ledger, lane, since)))
      cents += some.reduce((sum, one) => sum + one, 0)
    }
    return cents
  })
}

/** Lanes that are asked side by side. */
const AT_ONCE = 32
/** Most have fewer runs in a month. */
const RUNS = 20

/** Cents of a lane's runs that have ended since then: the newest come first. */
const spentBy = async (ledger: Ports['ledger'], lane: string, since: number): Promise<number> => {
  let cents = 0
  for (let after: string | undefined; ; ) {
    const page = await ledger.list('past', {
      prefix: `${lane}#`,
      reverse: true,
      limit: RUNS,
      ...(after === undefined ? {} : { after }),
    })
    const runs = page.filter(({ value }) => value.endedAt >= since)
    cents += runs.reduce((sum, { value }) => sum + centsOf(value.cost), 0)
    if (runs.length < RUNS) return cents
    after = page.at(-1)?.id
  }
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
  policy: Pick<Policy, 'budget'>,
  now: number,
): Promise<Spend> => {
  const { name, dollars } = policy.budget
  const counted = budgetOf(policy)
  const rows = await Promise.all([spentSum(counted, now), budgetRoom(counted)].map((id) => readRow(ledger, 'sum', id)))
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
