import { dayBegin, dayOf } from '../core/money/days.ts'
import type { BookedRow } from '../core/money/lines.ts'
import { monthOf } from '../core/money/months.ts'
import type { MeterRow } from '../core/money/rows.ts'
import { type MeteredSpend, meteredSpend, neededSince } from '../core/money/spend.ts'
import { SELF } from '../core/rows.ts'
import type { Ledger } from './ledger-port.ts'
import { everyRow, readRow, valuesOf } from './rows.ts'

type Reading = Pick<Ledger, 'read' | 'list'>

/** Days of one reading: two months and what lies between. */
const MOST = 100

/** What nodes have cost in a month (UTC), `2026-11`; the one that it is now unless told. */
export const spendIn = async (ledger: Reading, now: number, month = monthOf(now)): Promise<MeteredSpend> => {
  const after = dayOf(dayBegin(neededSince(month, now), -1))
  const [meter, days] = await Promise.all([readRow(ledger, 'meter', SELF), ledger.list('day', { after, limit: MOST })])
  return meteredSpend(valuesOf(days), { meter: untilNow(meter?.value ?? null, now), month })
}

/** While nothing is there the meter writes nothing: what it said last is so until now. */
export const untilNow = (meter: MeterRow | null, now: number): MeterRow | null =>
  meter === null || meter.rates.length > 0 ? meter : { ...meter, at: Math.max(meter.at, now) }

/** What each instance has cost in a day that is over, or by its end: every line with its price, where that is from, and since when it holds. */
export const linesIn = async (ledger: Pick<Ledger, 'list'>, day: string): Promise<BookedRow[]> =>
  valuesOf(await everyRow(ledger, 'booked', `${day}#`))
