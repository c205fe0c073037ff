import type { LaneDocument } from '../core/lane/document.ts'
import { budgetOf, budgetRoom, centsByMonth, lineSum, spentIn } from '../core/lane/room.ts'
import { addMonths, type Months, monthBegin, monthOf } from '../core/money/months.ts'
import { cents } from '../core/money/prices.ts'
import { type RungNow, rungsNow } from '../core/money/rungs-text.ts'
import type { Policy } from '../core/policy.ts'
import { rungsOf } from './ladder.ts'
import type { Ports } from './ports.ts'
import { everyRow, readRow, valuesOf } from './rows.ts'
import { spendIn } from './spend.ts'

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
 * Makes what was spent of a budget in this month and the one before what the runs say that ended in them, each with its part of both.
 * Only lanes are asked that were written since the earlier one began, and those with a run, which may end meanwhile.
 */
export const recountSpent = async (
  ports: Pick<Ports, 'ledger'>,
  docs: readonly Closed[],
  { budget, now }: { budget: string; now: number },
): Promise<boolean> => {
  const since = monthBegin(now, -1)
  const lanes = docs.filter(({ run, writtenAt }) => run !== null || writtenAt >= since).map(({ lane }) => lane)
  const months = [since, now].map(monthOf)
  return recountAll(
    ports,
    months.map((month) => spentIn(budget, month)),
    async (ledger) => {
      let spent: Months = {}
      for (let from = 0; from < lanes.length; from += AT_ONCE) {
        const some = await Promise.all(lanes.slice(from, from + AT_ONCE).map((lane) => spentBy(ledger, lane, since)))
        spent = addMonths(spent, ...some)
      }
      return months.map((month) => spent[month] ?? 0)
    },
  )
}

/** Lanes that are asked side by side. */
const AT_ONCE = 32
/** Most have fewer runs in two months. */
const RUNS = 20

/** Cents of a lane's runs that have ended since then, by month: the newest come first. */
const spentBy = async (ledger: Ports['ledger'], lane: string, since: number): Promise<Months> => {
  let spent: Months = {}
  for (let after: string | undefined; ; ) {
    const page = await ledger.list('past', {
      prefix: `${lane}#`,
      reverse: true,
      limit: RUNS,
      ...(after === undefined ? {} : { after }),
    })
    const runs = valuesOf(page).filter(({ endedAt }) => endedAt >= since)
    spent = addMonths(spent, centsByMonth(runs))
    if (runs.length < RUNS) return spent
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
  /** Rungs of its ladder as they are now; left out: it has none. */
  rungs?: RungNow[]
  /** What nodes have cost this month, by which rungs are crossed, and what the month comes to if it goes on so; null: nobody has looked yet. Left out: it has no ladder. */
  nodes?: { spent: number | null; forecast: number | null }
}

/** What no budget counts yet, in a sentence for who reads what is left of one. */
export const NOT_COUNTED =
  'what services cost as they stand, once their rollouts are over, is not in it: `signalbox spend` says what nodes have cost'

/** What the ledger's sums say of the policy's budget. */
export const spendOf = async (
  { ledger }: Pick<Ports, 'ledger'>,
  policy: Pick<Policy, 'budget'>,
  now: number,
): Promise<Spend> => {
  const { name, dollars, ladder } = policy.budget
  const counted = budgetOf(policy)
  const month = monthOf(now)
  const rows = await Promise.all([spentIn(counted, month), budgetRoom(counted)].map((id) => readRow(ledger, 'sum', id)))
  const [spent, held] = rows.map((row) => (row?.value.n ?? 0) / 100) as [number, number]
  const rungs =
    ladder === undefined
      ? {}
      : { rungs: rungsNow(policy, await rungsOf(ledger, policy), now), nodes: await nodesIn(ledger, now) }
  return { budget: name, month, dollars, spent, held, left: cents(dollars - spent - held), ...rungs }
}

const nodesIn = async (ledger: Ports['ledger'], now: number): Promise<NonNullable<Spend['nodes']>> => {
  const { at, dollars, forecast } = await spendIn(ledger, now)
  return { spent: at === null ? null : dollars, forecast }
}

/** The same of one sum. */
const recount = (
  ports: Pick<Ports, 'ledger'>,
  name: string,
  count: (ledger: Ports['ledger']) => Promise<number>,
): Promise<boolean> => recountAll(ports, [name], async (ledger) => [await count(ledger)])

/**
 * Makes sums what their rows are (law 5): one that has drifted would let nobody in, or too many, and no lane could say why.
 * Answers whether any had to be. What changes meanwhile is left to the next time.
 */
const recountAll = async (
  { ledger }: Pick<Ports, 'ledger'>,
  names: readonly string[],
  count: (ledger: Ports['ledger']) => Promise<number[]>,
): Promise<boolean> => {
  const sumOf = async (name: string) => {
    const row = await readRow(ledger, 'sum', name)
    return { name, n: row?.value.n ?? 0, revision: row?.revision ?? 0 }
  }
  const before = await Promise.all(names.map(sumOf))
  const counted = await count(ledger)
  const made = before.map(async ({ name, n: was, revision }, index) => {
    const n = counted[index] ?? 0
    if (n === was || (await sumOf(name)).revision !== revision) return false
    const { ok } = await ledger.commit([
      { add: name, by: n - was, atMost: n, atLeast: n },
      { count: 'recounted', by: 1 },
    ])
    return ok
  })
  return (await Promise.all(made)).some((one) => one)
}
