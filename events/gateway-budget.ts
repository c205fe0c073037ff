import * as z from 'zod/mini'
import { asPublished } from './budget-crossed.ts'
import type { Parsed } from './contract.ts'
import { millisecondsOf, NAME, parseWith, refusal, short } from './input.ts'

const about = z.object({ entity: z.literal('budget_policy') })
const shape = z.object({
  action: z.literal('exceeded'),
  timestamp: short(64),
  data: z.object({
    budget_policy_id: short(NAME),
    budget_unit: short(40),
    budget_amount: z.number(),
    current_spend: z.number(),
    duration_unit: z.nullish(z.string().check(z.maxLength(40))),
    duration_value: z.nullish(z.number()),
    target_scope: z.nullish(z.string().check(z.maxLength(NAME))),
    /** Milliseconds. */
    window_start: z.number().check(z.positive(), z.maximum(8.64e15)),
  }),
})

/** MLflow's test delivery names this one, always. */
const TEST = 'bp-abc123'

/**
 * What the webhook's door puts on our bus of a verified delivery about a budget of MLflow's gateway; null: it is about something else. What
 * it counts are calls of models, and no nodes.
 */
export const gatewayEvent = (input: unknown): Parsed<ReturnType<typeof asPublished>> | null => {
  if (!parseWith(about, input).ok) return null
  const parsed = parseWith(shape, input)
  if (!parsed.ok) return parsed
  const { timestamp, data } = parsed.event
  if (data.budget_policy_id === TEST)
    return refusal('test-payload', `${TEST} is MLflow's test delivery: the webhook works, and nothing is done`)
  const at = millisecondsOf(timestamp)
  if (at === null || at <= 0) return refusal('bad-field', `timestamp: ${timestamp} is no time`)
  const { budget_policy_id: name, budget_unit: unit, budget_amount, current_spend, window_start } = data
  const budgeted = { value: budget_amount, unit }
  const window = [data.duration_value ?? '', data.duration_unit ?? ''].join(' ').trim()
  return {
    ok: true,
    event: asPublished({
      ...{ of: 'gateway', name, at, key: String(window_start), budgeted, threshold: budgeted },
      amount: { value: current_spend, unit },
      isForecast: false,
      days: { from: window_start, until: Math.max(at, window_start) },
      ofNodes: false,
      text: [data.target_scope ?? '', window === '' ? '' : `a window of ${window}`]
        .filter((part) => part !== '')
        .join(', '),
    }),
  }
}
