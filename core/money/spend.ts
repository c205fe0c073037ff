import { DAY, dayBegin, dayOf } from './days.ts'
import { OTHERS } from './instance.ts'
import { addCells, type Cell, IDLE, MORE } from './lines.ts'
import { monthBegin } from './months.ts'
import type { DayRow, MeterRow } from './rows.ts'

/** What one of a list has cost. */
export interface SpendLine {
  /** A pool, a lane, a day; `others` and `idle …` for what no lane of ours has. */
  of: string
  dollars: number
  /** Hours of whole nodes. */
  nodeHours: number
  /** Of these, hours whose price nobody knows: what they cost is in no sum. */
  unpricedHours: number
  /** Dollars an hour now. */
  perHour: number
}

/** By what spend is added up. */
export const WAYS = ['lane', 'pool', 'day'] as const
export type Way = (typeof WAYS)[number]

/** What nodes have cost in a month (UTC), as they were seen. */
export interface MeteredSpend {
  month: string
  /** From when on it is known, and until when it is counted; null: nobody has looked yet. */
  since: number | null
  at: number | null
  dollars: number
  nodeHours: number
  unpricedHours: number
  /** Dollars an hour now; 0 of a month that is over. */
  perHour: number
  /** What the whole month comes to, if it goes on as in the last seven days; null: it was looked for less than an hour. */
  forecast: number | null
  by: Record<Way, SpendLine[]>
}

/** Who pays, for a person. */
const PAYERS: Readonly<Record<string, string>> = {
  [OTHERS]: 'others',
  [MORE]: 'more lanes, with little each',
  [IDLE.boot]: 'idle until the first pod',
  [IDLE.free]: 'idle beside pods',
  [IDLE.gap]: 'idle between pods',
  [IDLE.tail]: 'idle after the last pod',
}
const payerText = (payer: string): string => PAYERS[payer] ?? payer

const HOUR = 3_600_000
/** Days from which the forecast goes on. */
const LOOKED_BACK = 7

/** From which day on rows are needed for a month's spend and its forecast. */
export const neededSince = (month: string, now: number): string =>
  dayOf(Math.min(dayBegin(`${month}-01`), dayBegin(dayOf(now), 1 - LOOKED_BACK)))

/** The spend of a month, as the rows of its days say, and those of the last week before now. */
export const meteredSpend = (
  days: readonly DayRow[],
  { meter, month }: { meter: MeterRow | null; month: string },
): MeteredSpend => {
  const own = days.filter(({ day }) => day.startsWith(month))
  const begin = dayBegin(`${month}-01`)
  const isNow = meter !== null && meter.at >= begin && meter.at < monthBegin(begin, 1)
  const rates = isNow ? meter.rates : []
  const total = lineOf(
    '',
    own.flatMap(({ cells }) => cells),
    rates,
  )
  return {
    month,
    since: meter === null ? null : Math.max(begin, meter.since),
    at: meter === null ? null : Math.min(meter.at, monthBegin(begin, 1)),
    dollars: total.dollars,
    nodeHours: total.nodeHours,
    unpricedHours: total.unpricedHours,
    perHour: total.perHour,
    forecast: isNow ? forecastOf(days, { meter, spent: total.dollars }) : meter === null ? null : total.dollars,
    by: {
      lane: grouped(own, rates, ({ payer }) => payerText(payer)),
      pool: grouped(own, rates, ({ pool }) => pool),
      day: own.map(({ day, cells }) => lineOf(day, cells, meter !== null && day === dayOf(meter.at) ? rates : [])),
    },
  }
}

/** What was spent, and for the time that is left what the last seven days have cost, or as many of them as anybody has looked. */
const forecastOf = (days: readonly DayRow[], { meter, spent }: { meter: MeterRow; spent: number }): number | null => {
  const from = Math.max(dayBegin(dayOf(meter.at), 1 - LOOKED_BACK), meter.since)
  if (meter.at - from < HOUR) return null
  const cells = days
    .filter(({ day }) => dayBegin(day) + DAY > from && dayBegin(day) <= meter.at)
    .flatMap((day) => day.cells)
  const lately = cells.reduce((sum, { dollars }) => sum + dollars, 0)
  return spent + (lately / (meter.at - from)) * (monthBegin(meter.at, 1) - meter.at)
}

const grouped = (days: readonly DayRow[], rates: readonly Cell[], by: (cell: Cell) => string): SpendLine[] => {
  const cells = addCells(days.flatMap((day) => day.cells))
  const groups = Map.groupBy(cells, by)
  for (const cell of rates) if (!groups.has(by(cell))) groups.set(by(cell), [])
  return [...groups]
    .map(([of, some]) =>
      lineOf(
        of,
        some,
        rates.filter((cell) => by(cell) === of),
      ),
    )
    .sort((a, b) => b.dollars - a.dollars || (a.of < b.of ? -1 : 1))
}

const lineOf = (of: string, cells: readonly Cell[], rates: readonly Cell[]): SpendLine => ({
  of,
  dollars: sum(cells, 'dollars'),
  nodeHours: sum(cells, 'seconds') / 3600,
  unpricedHours: sum(cells, 'unpriced') / 3600,
  perHour: sum(rates, 'dollars'),
})

const sum = (cells: readonly Cell[], what: 'seconds' | 'dollars' | 'unpriced'): number =>
  cells.reduce((total, cell) => total + cell[what], 0)
