import type { Amount, NoticeOf } from '../../events/contract.ts'
import type { Card } from '../cards.ts'
import { plainTime, said } from '../text.ts'
import { DAY, dayOf } from './days.ts'
import { type Heard, MISTAKEN, USD } from './notices.ts'
import { usd } from './prices.ts'

/** Who tells, and what it is that they count. */
const WHO: Readonly<Record<NoticeOf, string>> = {
  'aws-budget': 'AWS Budgets',
  'aws-action': 'AWS Budgets',
  anomaly: 'Cost Anomaly Detection',
  gateway: 'MLflow’s gateway',
}

/** Longest name and text of others in a sentence. Characters. */
const SAID = 120

/** An amount for a person; what is no money has its unit behind it. */
const amountText = ({ value, unit }: Amount): string =>
  unit === USD ? usd(value) : `${value.toLocaleString('en-US', { maximumFractionDigits: 2 })} ${said(unit, 20)}`

/** Its days: `2026-11`, `2026-11-28`, `2026-11-20 to 2026-11-22`. */
export const daysText = ({ from, until }: { from: number; until: number }): string => {
  const [first, last] = [dayOf(from), dayOf(Math.max(from, until - 1))]
  if (first === last) return first
  const isMonth = first.endsWith('-01') && dayOf(until).endsWith('-01') && until - from <= 31 * DAY
  return isMonth ? first.slice(0, 7) : `${first} to ${last}`
}

/** What a notice says, in one sentence. */
export const noticeText = ({ of, name, amount, threshold, isForecast, days, text }: Heard): string => {
  const [called, words] = [said(name, SAID), said(text, SAID)]
  if (of === 'aws-action') return `${WHO[of]} tells of an action${called === '' ? '' : ` of ${called}`}: ${words}`
  const count = amount === null ? 'an amount that cannot be read' : amountText(amount)
  const does = isForecast ? `reckons with ${count} by the end` : `counts ${count}`
  const over =
    threshold === null
      ? ''
      : of === 'anomaly'
        ? `, where it expected ${amountText(threshold)}`
        : `, over ${amountText(threshold)}`
  const when = days === null ? '' : ` in ${daysText(days)}`
  return `${WHO[of]} ${does} of ${called}${when}${over}${words === '' || of === 'aws-budget' ? '' : ` (${words})`}`
}

/** What our own meter says beside it: its figure, how far they differ, and whether the other can be so. Sentences. */
export const besideText = (heard: Heard): string[] => [
  ...(heard.isForecast ? ['it is a forecast, not spend'] : []),
  ...ownText(heard),
  ...(heard.plausible === false
    ? [
        `it is not plausible: below nothing, or more than ${MISTAKEN} times what our meter has seen and what the budget has, there and here. Look at the bill before anybody acts`,
      ]
    : []),
]

const ownText = ({ of, amount, own, days, ofNodes, isForecast }: Heard): string[] => {
  if (of === 'aws-action') return []
  if (!ofNodes) return ['it counts calls of models, our meter counts nodes: they are not compared']
  if (amount === null) return []
  if (amount.unit !== USD) return [`it counts ${said(amount.unit, 20)}, our meter dollars: they are not compared`]
  if (days === null || own === null) return ['our meter has no figure of the same days']
  if (own.since === null) return ['our meter has not looked yet: it looks every minute']
  const late = own.since > days.from ? `, seen since ${plainTime(own.since)}` : ''
  const hours = own.unpricedHours === 0 ? '' : `, without ${own.unpricedHours.toFixed(1)} node hours that have no price`
  const figure = `our meter has ${usd(own.dollars)} of nodes in the same days${late}${hours}`
  return [isForecast ? `${figure} so far` : `${figure}: ${differText(amount.value - own.dollars, own.dollars)}`]
}

const differText = (more: number, own: number): string => {
  if (Math.abs(more) < 0.005) return 'they agree'
  const share = own > 0 ? ` (${((100 * Math.abs(more)) / own).toFixed(1)} %)` : ''
  return `it has ${usd(Math.abs(more))}${share} ${more > 0 ? 'more' : 'less'}`
}

/** What AWS counts is late; what our meter counts is not. */
const LATE = 'AWS counts up to three times a day, 8 to 12 hours late'

/** A notice as the channel reads it. `budget`: its name in the policy; null: the policy names it nowhere. */
export const noticeCard = (heard: Heard, budget: string | null): Card => {
  const sentence = noticeText(heard)
  return {
    title:
      budget === null ? `Costs: ${said(heard.name, SAID)} is of no budget` : `Costs of ${budget}: ${WHO[heard.of]}`,
    facts: [{ label: 'Told', value: plainTime(heard.at) }],
    lines: [
      sentence,
      ...besideText(heard),
      ...(heard.of === 'gateway' ? [] : [LATE]),
      budget === null
        ? 'nothing was begun or stopped for it, and it is told once: name it in `budget.notices` where it is to be of one'
        : 'nothing was begun or stopped for it: what is acted upon is our own meter',
    ],
    question: null,
    tone: heard.plausible === false || budget === null ? 'neutral' : 'bad',
  }
}
