import type { Plan, Step } from '../../../core/plan.ts'
import type { Policy } from '../../../core/policy.ts'
import type { Failure } from '../../../core/reasons.ts'
import type { RunRow, StepRow } from '../../../core/rows.ts'
import type { Next } from '../../../core/steps/next.ts'
import type { Carrier, Wait } from '../carrier.ts'

/** What a step is carried out with. */
export interface Task<S extends Step = Step> {
  carrier: Omit<Carrier, 'context'>
  step: S
  /** Its own progress, and the whole run's. */
  row: StepRow
  run: RunRow
  plan: Plan
  policy: Policy
}

/** What beginning comes to: `object` is the run-once object that it made or adopted. */
export type Begun =
  | { kind: 'begun'; object?: StepRow['object'] }
  | { kind: 'failed'; reason: Failure; note: string }
  | Wait

/**
 * The effect of one kind of step. Both may run again after a crash at any point, so they look before they touch and
 * touching twice is harmless.
 */
export interface Handler<S extends Step> {
  begin(task: Task<S>): Promise<Begun>
  see(task: Task<S>): Promise<Next>
}
