import * as z from 'zod/mini'
import type { BudgetCrossed, Contract, Parsed } from './contract.ts'
import { envelope, NAME, parseWith, refusal, short } from './input.ts'

export const SOURCE = 'signalbox.budgets'
export const DETAIL_TYPE = 'Budget Crossed'

/** Longest text that is kept of a notice. Characters. */
export const TEXT = 300
/** The last day that a time may be. Milliseconds. */
const LAST = 8.64e15

const time = z.number().check(z.positive(), z.maximum(LAST))
const amount = z.nullable(z.object({ value: z.number(), unit: short(40) }))
/** A notice as our doors put it on our bus, whoever told it. */
const notice = z.object({
  of: z.enum(['aws-budget', 'aws-action', 'anomaly', 'gateway']),
  name: z.string().check(z.maxLength(NAME)),
  key: short(2 * NAME),
  at: time,
  amount,
  budgeted: amount,
  threshold: amount,
  isForecast: z.boolean(),
  days: z.nullable(z.object({ from: time, until: time })),
  ofNodes: z.boolean(),
  text: z.string().check(z.maxLength(TEXT)),
})
const shape = z.extend(envelope, { detail: notice })

/** What is known of a notice before it is on a bus. */
export type Notice = z.output<typeof notice>

/** A budget of AWS, a cost anomaly by SNS or a budget of MLflow's gateway was crossed: told at one of our doors, through our bus. */
export const budgetCrossed: Contract<BudgetCrossed> = {
  name: 'budget-crossed',
  summary: 'AWS Budgets, one of its actions, a cost anomaly by SNS or MLflow’s gateway says that a budget was crossed',
  via: { bus: 'signalbox', pattern: { source: [SOURCE], 'detail-type': [DETAIL_TYPE] } },
  parse: (input) => {
    const parsed = parseWith(shape, input)
    if (!parsed.ok) return parsed
    const { source, 'detail-type': type, detail, ...event } = parsed.event
    return source === SOURCE && type === DETAIL_TYPE
      ? noticed(detail, event)
      : refusal('not-this-event', `source ${source}, detail-type ${type}: expected ${SOURCE}, ${DETAIL_TYPE}`)
  },
}

/** A notice as an event. */
export const noticed = (
  detail: Notice,
  { id, 'replay-name': replay }: { id: string; 'replay-name'?: string | undefined },
): Parsed<BudgetCrossed> => ({
  ok: true,
  event: { type: 'budget-crossed', id, ...detail, replayed: replay !== undefined },
})

/** A notice as a door puts it on our bus. */
export const asPublished = (
  detail: Notice,
): { source: string; detailType: string; detail: Record<string, unknown> } => ({
  source: SOURCE,
  detailType: DETAIL_TYPE,
  detail: { ...detail },
})
