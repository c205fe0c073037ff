import { plainTime } from '../text.ts'
import { usd } from './prices.ts'
import type { MeteredSpend } from './spend.ts'

/** The meter looks every minute: what is older than this is told with its time. Milliseconds. */
const FRESH = 10 * 60_000

/** A month's spend on nodes beside the budget that all of it is of, in sentences. */
export const spendText = (spend: MeteredSpend, budget: { dollars: number }, now: number): string[] => {
  const { month, since, at, dollars, perHour, forecast } = spend
  if (since === null || at === null) return [`no node was looked at yet in ${month}: the meter looks every minute`]
  const part =
    budget.dollars > 0 ? ` (${Math.round((100 * dollars) / budget.dollars)} % of ${usd(budget.dollars)})` : ''
  const goesOn = forecast === null || forecast === dollars ? '' : `, about ${usd(forecast)} at the month’s end`
  return [
    `nodes cost ${usd(dollars)} in ${month}${part}, ${usd(perHour)} an hour now${goesOn}`,
    ...unpricedText(spend),
    ...(isOver(month, now) || now - at < FRESH
      ? []
      : [`nobody has seen the cluster since ${plainTime(at)}: what runs is counted until then`]),
  ]
}

const isOver = (month: string, now: number): boolean => new Date(now).toISOString().slice(0, 7) > month

/** Hours without a price are in no sum: nobody takes them for nothing. */
const unpricedText = ({ unpricedHours }: MeteredSpend): string[] =>
  unpricedHours === 0
    ? []
    : [`${unpricedHours.toFixed(1)} node hours have no price, and are in no sum: set \`pools.*.price\``]
