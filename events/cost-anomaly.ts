import * as z from 'zod/mini'
import { type Notice, noticed, TEXT } from './budget-crossed.ts'
import type { BudgetCrossed, Contract, Parsed } from './contract.ts'
import { envelope, millisecondsOf, NAME, parseWith, refusal, short } from './input.ts'

/** What is used of an anomaly. SNS says `dimensionalValue` where EventBridge says `dimensionValue`. */
const anomaly = z.object({
  anomalyId: short(NAME),
  anomalyStartDate: short(64),
  anomalyEndDate: z.nullish(z.string().check(z.maxLength(64))),
  dimensionValue: z.nullish(z.string()),
  dimensionalValue: z.nullish(z.string()),
  impact: z.object({
    totalImpact: z.number(),
    totalActualSpend: z.nullish(z.number()),
    totalExpectedSpend: z.nullish(z.number()),
  }),
  rootCauses: z.nullish(
    z.array(
      z.object({
        service: z.nullish(z.string()),
        region: z.nullish(z.string()),
        usageType: z.nullish(z.string()),
      }),
    ),
  ),
  monitorArn: z.nullish(short(2048)),
  monitorName: z.nullish(short(NAME)),
})
const shape = z.extend(envelope, { detail: anomaly })

/** Cost Anomaly Detection found one, or one that it knows has grown: the same id again. */
export const costAnomaly: Contract<BudgetCrossed> = {
  name: 'cost-anomaly',
  summary: 'Cost Anomaly Detection of AWS found costs that were not expected, or more of them',
  via: { bus: 'default', pattern: { source: ['aws.ce'], 'detail-type': ['Anomaly Detected'] } },
  parse: (input) => {
    const parsed = parseWith(shape, input)
    if (!parsed.ok) return parsed
    const { source, 'detail-type': type, time, detail } = parsed.event
    if (source !== 'aws.ce' || type !== 'Anomaly Detected')
      return refusal('not-this-event', `source ${source}, detail-type ${type}: expected aws.ce, Anomaly Detected`)
    const at = millisecondsOf(time)
    if (at === null || at <= 0) return refusal('bad-field', `time: ${time} is no time`)
    const notice = noticeOf(detail, at)
    return notice.ok ? noticed(notice.event, parsed.event) : notice
  },
}

/** An anomaly as SNS tells it. Total. */
export const anomalyIn = (input: unknown, at: number): Parsed<Notice> => {
  const parsed = parseWith(anomaly, input)
  return parsed.ok ? noticeOf(parsed.event, at) : parsed
}

const DAY = 86_400_000
/** An anomaly is about weeks. Milliseconds. */
const LONGEST = 366 * DAY

const noticeOf = (detail: z.output<typeof anomaly>, at: number): Parsed<Notice> => {
  const { anomalyId, anomalyStartDate, anomalyEndDate, impact, monitorArn, monitorName } = detail
  const from = millisecondsOf(anomalyStartDate)
  if (from === null || from <= 0) return refusal('bad-field', `anomalyStartDate: ${anomalyStartDate} is no time`)
  const last = millisecondsOf(anomalyEndDate ?? '') ?? at
  if (last - from > LONGEST) return refusal('bad-field', `anomalyEndDate: ${anomalyEndDate} is more than a year later`)
  const days = { from: dayBegin(from), until: dayBegin(Math.max(from, last)) + DAY }
  const name = monitorName ?? monitorArn?.slice(-NAME)
  if (name === undefined) return refusal('missing-field', 'monitorName and monitorArn: one of them says whose it is')
  const dollars = (value: number) => ({ value, unit: 'USD' })
  return {
    ok: true,
    event: {
      ...{ of: 'anomaly', name, key: anomalyId, at, days, budgeted: null, isForecast: false, ofNodes: true },
      amount: dollars(impact.totalActualSpend ?? impact.totalImpact),
      threshold: impact.totalExpectedSpend == null ? null : dollars(impact.totalExpectedSpend),
      text: textOf(detail),
    },
  }
}

const dayBegin = (at: number): number => Math.floor(at / DAY) * DAY

const textOf = ({ dimensionValue, dimensionalValue, rootCauses }: z.output<typeof anomaly>): string => {
  const [first] = rootCauses ?? []
  const cause = [first?.service, first?.usageType, first?.region].filter((part) => part != null && part !== '')
  return [dimensionValue ?? dimensionalValue ?? '', cause.join(', ')]
    .filter((part) => part !== '')
    .join(': ')
    .slice(0, TEXT)
}
