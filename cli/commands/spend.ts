import type { Command } from 'commander'
import { inNewNames } from '../../core/lane-kinds/called.ts'
import type { BookedRow } from '../../core/money/lines.ts'
import { usd } from '../../core/money/prices.ts'
import { type MeteredSpend, type SpendLine, WAYS, type Way } from '../../core/money/spend.ts'
import { spendText } from '../../core/money/spend-text.ts'
import type { Ledger } from '../../flows/ledger-port.ts'
import { linesIn, spendIn } from '../../flows/spend.ts'
import { stoppedAt } from '../../local/main.ts'
import { runningClient } from '../client.ts'
import { columns, EXIT, Explained, type Output, show, type Where } from '../output.ts'
import { budgetsOf } from './budgets.ts'
import { calledIn } from './called.ts'
import { withLedger } from './ledger.ts'
import { belowIt, noticesIn } from './notices.ts'

/** By lane, pool or day; or each node of a month by itself, as it is booked. */
export type SpendFlags = Where & { by: string; month?: string; csv?: boolean }

/** Its options. */
export const addSpend = (command: Command, output: Output): Command =>
  command
    .option(
      '--by <lane|pool|day|node>',
      'what is added up; `node`: each line with its price and where that is from',
      'lane',
    )
    .option('--month <month>', 'another one, `2026-11` (UTC)')
    .option('--csv', 'print comma-separated values')
    .action((flags: SpendFlags) => spend(flags, output))

/**
 * What nodes have cost in a month, as the meter has seen them, beside the budget: by lane, by pool, by day, or line by line with the price of
 * each. Works on the folder of a product, whether it runs or not, and on what is deployed.
 */
export const spend = (flags: SpendFlags, output: Output): Promise<void> =>
  withLedger(flags, async (ledger) => {
    const now = await nowIn(flags)
    const month = monthIn(flags)
    const found = await spendIn(ledger, now, month)
    const called = await calledIn(flags)
    const [budget] = await budgetsOf(flags)
    const { head, rows, value } = await tableOf(ledger, found, flags.by)
    const named = rows.map((row) => row.map((cell) => inNewNames(called, cell)))
    if (flags.csv === true && !output.json) {
      output.out([head, ...named].map(csvLine).join('\n'))
      return
    }
    const notices = await noticesIn(flags)
    const { budget: name = '', dollars = 0, rungs = [] } = budget ?? {}
    const ladder = month === undefined ? rungs.map(({ text }) => text) : []
    const texts = [...spendText(found, { dollars }, now), ...ladder]
    const table = columns([head.map((name) => name.replaceAll('_', ' ').toUpperCase()), ...named])
    show(
      output,
      { spend: found, budget: { name, dollars }, notices, ...value },
      [...texts, '', rows.length === 0 ? 'nothing was spent on nodes' : table].join('\n') + belowIt(notices),
    )
  })

/** What time it is for the product: where one runs, as it says; else as its folder does. */
const nowIn = async ({ aws, data }: SpendFlags): Promise<number> => {
  if (aws !== undefined) return Date.now()
  const client = runningClient(data)
  if (client === null) return stoppedAt(data) ?? Date.now()
  return ((await client.get('/healthz')) as { health: { now: number } }).health.now
}

const monthIn = ({ month }: SpendFlags): string | undefined => {
  if (month === undefined || /^\d{4}-(0[1-9]|1[0-2])$/.test(month)) return month
  throw new Explained(`--month is a month such as 2026-11, not ${JSON.stringify(month)}`, EXIT.usage)
}

interface Table {
  head: string[]
  rows: string[][]
  value: { lines?: BookedRow[] }
}

const tableOf = async (ledger: Ledger, found: MeteredSpend, by: string): Promise<Table> => {
  if (by === 'node') {
    const days = found.by.day.map(({ of }) => of)
    const lines = (await Promise.all(days.map((day) => linesIn(ledger, day)))).flat()
    return { head: NODE_HEAD, rows: lines.flatMap(nodeRows), value: { lines } }
  }
  const way = WAYS.find((one) => one === by)
  if (way === undefined) throw new Explained(`--by is one of ${[...WAYS, 'node'].join(', ')}, not ${by}`, EXIT.usage)
  return { head: headOf(way), rows: found.by[way].map(rowOf), value: {} }
}

const headOf = (way: Way): string[] => [way, 'dollars', 'node_hours', 'dollars_an_hour_now', 'hours_without_price']

const rowOf = ({ of, dollars, nodeHours, perHour, unpricedHours }: SpendLine): string[] => [
  of,
  dollars.toFixed(2),
  nodeHours.toFixed(2),
  perHour.toFixed(2),
  unpricedHours.toFixed(2),
]

const NODE_HEAD = [
  'day',
  'node',
  'instance',
  'pool',
  'type',
  'bought',
  'hours',
  'per_hour',
  'dollars',
  'price_from',
  'as_of',
]

const nodeRows = ({ day, name, instance, parts }: BookedRow): string[][] =>
  parts.map(({ pool, instanceType, capacityType, seconds, price, dollars }) => [
    day,
    name,
    instance,
    pool,
    instanceType,
    capacityType ?? 'unknown',
    (seconds / 3600).toFixed(4),
    price === null ? 'unknown' : usd(price.perHour).slice(1),
    dollars === null ? 'unknown' : dollars.toFixed(4),
    price?.source ?? '',
    price?.asOf ?? '',
  ])

/** A line of RFC 4180. What a table calculator would take for a formula is a text. */
const csvLine = (cells: readonly string[]): string =>
  cells
    .map((cell) => (/^[=+\-@\t]/.test(cell) ? `'${cell}` : cell))
    .map((cell) => (/[",\n\r]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell))
    .join(',')
