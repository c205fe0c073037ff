import { dayBegin, dayOf, daysBetween } from './days.ts'
import { endOf } from './evidence.ts'
import { billed, type InstanceRow, withoutBefore } from './instance.ts'
import type { KnownPools } from './known-pools.ts'
import { addCells, type BookedRow, type Cell, cellsOf, daysOf, lineOf, MORE, rateOfInstance } from './lines.ts'
import type { Priced } from './looks.ts'
import { monthBegin } from './months.ts'
import { hourOf } from './prices.ts'
import type { DayRow } from './rows.ts'

/** What pools cost, as the policy says, or last said of those that have left it. */
export const pricedBy = ({ pools }: { pools: KnownPools }): Priced => ({
  priceOf: ({ pool, capacityType }) => {
    const rule = pools[pool]
    const [only, ...more] = rule?.capacityTypes ?? []
    // A node that does not say how it was bought was bought in the only way that there is.
    const perHour =
      rule === undefined ? null : hourOf(rule.price, capacityType ?? (more.length === 0 ? (only ?? null) : null))
    if (perHour === null || rule?.price == null) return null
    return { perHour, source: rule.price.source, asOf: rule.price.date }
  },
  gpusOf: (pool) => pools[pool]?.gpusPerNode ?? null,
})

/** From when on days are derived anew: the day before that of the last look, whose ends may still be told better. At the first look, the month. */
export const openSince = (last: number | null, now: number): number =>
  last === null ? monthBegin(now) : dayBegin(dayOf(last), -1)

/** What a look leaves to be written. */
export interface Metered {
  days: DayRow[]
  /** Lines of days that are over, or of instances that have ended; null: what stands of it goes. */
  lines: { day: string; instance: string; line: BookedRow | null }[]
  /** Instances all of whose days are closed. */
  settled: string[]
  rates: Cell[]
  since: number
}

interface Deriving {
  last: number | null
  now: number
  /** Instances as they were before, by id, and those that say something else now. */
  known: ReadonlyMap<string, unknown>
  changed: ReadonlyMap<string, unknown>
  /** Instances that are in the look, as one is whose end somebody holds up. */
  there: ReadonlySet<string>
}

/** Days, lines and rates as the rows of all instances say. */
export const derive = (rows: readonly InstanceRow[], { last, now, known, changed, there }: Deriving): Metered => {
  const since = openSince(last, now)
  const today = dayOf(now)
  const isNewDay = last === null || dayOf(last) !== today
  const open = daysBetween(since, now)
  // Days that are over change only with what is known of an instance.
  const days = (isNewDay || changed.size > 0 ? open : [today]).map((day) => ({
    day,
    cells: rounded(addCells(rows.flatMap((row) => cellsOf(row, day, now)))),
  }))
  return {
    days,
    lines: rows.flatMap((row) => {
      const isChanged = changed.has(row.id)
      if (!isChanged && !isNewDay) return []
      // A line that stands may have to go.
      const all = isChanged && known.has(row.id) ? open : daysOf(row, since, now)
      return all
        .filter((day) => day < today || endOf(row) !== null)
        .map((day) => ({ day, instance: row.id, line: lineOf(row, day, now) }))
    }),
    settled: rows
      .filter((row) => endOf(row) !== null && billed(row, now).to <= since && !there.has(row.id))
      .map(({ id }) => id),
    rates: rounded(addCells(rows.flatMap((row) => rateOfInstance(row, now)))),
    since: Math.max(monthBegin(now), Math.min(now, ...rows.map(({ begin }) => begin.at))),
  }
}

/** What no open day needs any more goes from a row. */
export const withoutClosed = (row: InstanceRow, last: number | null, now: number): InstanceRow =>
  withoutBefore(row, openSince(last, now))

/** Cells of a row: it must stay one item of the ledger, however many lanes there are. */
const MOST_CELLS = 1500

/** Equal sums are equal bytes; of very many lanes those that have the least of a pool are added up. */
const rounded = (cells: readonly Cell[]): Cell[] =>
  withinBounds(cells).map((cell) => ({
    ...cell,
    seconds: micro(cell.seconds),
    dollars: micro(cell.dollars),
    unpriced: micro(cell.unpriced),
  }))

const withinBounds = (cells: readonly Cell[]): readonly Cell[] => {
  if (cells.length <= MOST_CELLS) return cells
  const [kept, more] = [cells.toSorted((a, b) => b.seconds - a.seconds), MOST_CELLS]
  return addCells([...kept.slice(0, more), ...kept.slice(more).map((cell) => ({ ...cell, payer: MORE }))])
}

const micro = (amount: number): number => Math.round(amount * 1e6) / 1e6
