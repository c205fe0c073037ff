import { cents } from './prices.ts'

/** Amounts by month in UTC, as `2026-11`: milliseconds, or dollars. */
export type Months = Readonly<Record<string, number>>

/** `2026-11`, in UTC. */
export const monthOf = (at: number): string => new Date(at).toISOString().slice(0, 7)

/** When a month began in UTC, or so many months after it. */
export const monthBegin = (at: number, after = 0): number => {
  const date = new Date(at)
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + after)
}

/** Milliseconds of a time by the months that it lies in. */
export const timeByMonth = (from: number, until: number): Months => {
  const months: Record<string, number> = {}
  for (let at = from; at < until; ) {
    const end = Math.min(until, monthBegin(at, 1))
    months[monthOf(at)] = end - at
    at = end
  }
  return months
}

/** Month by month, what all of them have. */
export const addMonths = (...all: readonly Months[]): Months => {
  const sum: Record<string, number> = {}
  for (const months of all)
    for (const [month, amount] of Object.entries(months)) sum[month] = (sum[month] ?? 0) + amount
  return sum
}

/** Each month's amount as another one. */
export const mapMonths = (months: Months, as: (amount: number) => number): Months =>
  Object.fromEntries(Object.entries(months).map(([month, amount]) => [month, as(amount)]))

/** Dollars of times by month, at so many an hour. */
export const dollarsOf = (months: Months, perHour: number): Months =>
  mapMonths(months, (time) => (time * perHour) / 3_600_000)

/** All of it together. */
export const sumOfMonths = (months: Months): number => Object.values(months).reduce((sum, one) => sum + one, 0)

/** A step's work until now: milliseconds until `ranTo`, and which of them lie in months before that. */
interface Ran {
  ran: number
  ranTo: number | null
  ranIn?: Months
}

/** Milliseconds that a step ran by month; what an earlier release counted lies in the month in which it was over. */
export const ranByMonth = ({ ran, ranTo, ranIn = {} }: Ran): Months =>
  ran === 0 || ranTo === null ? ranIn : addMonths(ranIn, { [monthOf(ranTo)]: ran - sumOfMonths(ranIn) })

/** With a stretch more, which is over. */
export const withStretch = <M extends Ran>(mark: M, from: number, to: number): M => {
  const all = addMonths(ranByMonth(mark), timeByMonth(from, to))
  const before = Object.entries(all).filter(([month]) => month !== monthOf(to))
  const ranIn = before.length === 0 ? {} : { ranIn: Object.fromEntries(before) }
  return { ...mark, ran: mark.ran + to - from, ranTo: to, ...ranIn }
}

/** Dollars that were spent, and in which months where that is not the one in which it was over. */
export interface Spent {
  cost: number
  endedAt: number
  months?: Months
}

/**
 * The months of a cost, which come to the whole of it: each as much as the sum grows by in it, to the cent. Left out where all of it lies
 * in the month of its end.
 */
export const monthsOf = ({ cost, endedAt }: Omit<Spent, 'months'>, exact: Months): Pick<Spent, 'months'> => {
  const last = monthOf(endedAt)
  const before = Object.entries(exact)
    .filter(([month]) => month < last)
    .sort(([a], [b]) => (a < b ? -1 : 1))
  const upTo = [...before.map((_, index) => sumOfMonths(Object.fromEntries(before.slice(0, index + 1)))), cost].map(
    cents,
  )
  const names = [...before.map(([month]) => month), last]
  const months = names.map((month, index): [string, number] => [
    month,
    cents((upTo[index] ?? 0) - (upTo[index - 1] ?? 0)),
  ])
  return upTo.length === 1 || upTo.at(-2) === 0
    ? {}
    : { months: Object.fromEntries(months.filter(([, dollars]) => dollars > 0)) }
}

/** Dollars by month: of what an earlier release wrote down, all in the month of its end. */
export const spentByMonth = ({ cost, endedAt, months }: Spent): Months => months ?? { [monthOf(endedAt)]: cost }
