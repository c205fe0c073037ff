import { costOf, rateOf } from '../money/cost.ts'
import { usd } from '../money/prices.ts'
import type { Plan } from '../plan.ts'
import type { Outcome } from '../reasons.ts'
import { graceOfPods } from '../steps/job-times.ts'
import { boundsLeft } from './approval.ts'
import type { Run } from './document.ts'
import type { View } from './view.ts'

/** Milliseconds that what runs may still take, and cost, once it is told to end. */
const graceOf = (run: Run, { steps }: Plan): number =>
  Math.max(
    0,
    ...steps.flatMap((step) => {
      const runs = run.steps.some(({ name, state, ranFrom }) => name === step.name && state === 'running' && ranFrom)
      return step.kind === 'launch-job' && runs ? [graceOfPods(step)] : []
    }),
  )

/**
 * When the run must be told to end so that it never costs more than it may, at what runs now, and how it then ends: what a
 * card calls "at most" is enforced (law 9). Null while nothing runs that costs anything.
 */
export const boundAt = (
  { doc, plan, now }: Pick<View, 'doc' | 'plan' | 'now'>,
  run: Run,
): { at: number; ending: Outcome } | null => {
  if (plan === null) return null
  const rate = rateOf({ run, plan: plan.plan })
  if (rate === 0) return null
  const { bounds, approval } = plan.plan
  // What nobody had to approve is bound by its own plan, not by what is left of an approval of before.
  const most = doc.approved !== null && approval.required ? boundsLeft(doc.approved).dollars : bounds.dollars
  const left = most - costOf({ run, plan: plan.plan, now })
  return {
    // Rounded, so that every look finds the same time: a rest that has not changed is not written again.
    at: Math.max(now, Math.round(now + (left / rate) * 3_600_000) - graceOf(run, plan.plan)),
    ending: {
      kind: 'failed',
      reason: 'bound-reached',
      detail: `it has cost the ${usd(most)} that it may at most, and was ended: raise its hours in the policy, then say retry`,
    },
  }
}
