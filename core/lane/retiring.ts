import type { Desired } from '../desired.ts'
import { ruleFor } from '../lane-kinds/catalogue.ts'
import { firstAttempt, nextAttempt } from './attempts.ts'
import { type Change, changed, moment } from './change.ts'
import { type LaneDocument, wantedRun } from './document.ts'
import { againstOf, planOnPaper } from './planning.ts'
import type { View } from './view.ts'

type Ruled = Pick<View, 'doc' | 'kind' | 'policy'>

/** Whether a desired state is that nothing of the lane shall stand any more. */
export const isRetiring = ({ kind }: Pick<View, 'kind'>, desired: Desired): boolean =>
  kind.retired !== undefined && kind.keyOf(desired as never) === kind.keyOf(kind.retired(desired as never))

/**
 * Whether something stands of a lane whose rule has left the policy, and nobody was asked to take it away (law 18): not yet, or not
 * under this policy, or not since the rule was back for a while. What a person has denied stays so.
 */
export const mustRetire = (view: Ruled): boolean => {
  const { doc, kind, policy } = view
  const { desired, outcome, run } = doc
  if (kind.retired === undefined || run !== null || desired === null || outcome === null) return false
  if (ruleFor(kind, doc.lane, policy) !== null) return false
  if (!isRetiring(view, desired)) return doc.baseline !== null || standsSome(doc)
  const anew = outcome.reason === 'not-configured' || (outcome.kind === 'refused' && outcome.under !== policy.version)
  return anew && (doc.baseline !== null || standsSome(doc))
}

/** Whether GPUs are held for what stands of it. */
export const standsSome = ({ stands = {} }: Pick<LaneDocument, 'stands'>): boolean =>
  Object.values(stands).some((gpus) => gpus > 0)

/** That nothing of it stands becomes what the lane wants: planned, priced and asked about as anything else is. */
export const settleRetire = (view: View): Change => {
  const { doc, kind } = view
  if (kind.retired === undefined || doc.desired === null) return changed(doc, {})
  // What its source says is new again, should the rule come back.
  const next = {
    ...firstAttempt(view, kind.retired(doc.desired as never)),
    order: null,
    onNewer: 'stop' as const,
  }
  const text = `${kind.titleOf(next.desired as never)}: the policy has no rule for it any more`
  return changed(next, { moments: [moment('decision', text, { run: wantedRun(next) })], counts: ['retired'] })
}

/** Whether a retirement that was refused would no longer be, by what was seen now. */
export const passesNow = (view: View): boolean => {
  const { doc } = view
  if (doc.run !== null || doc.desired === null || doc.outcome?.kind !== 'refused' || view.world === null) return false
  if (!isRetiring(view, doc.desired) || ruleFor(view.kind, doc.lane, view.policy) !== null) return false
  // What nothing on paper refused waits for a person, and where only the release has changed it starts nothing (law 15).
  if (doc.outcome.against === null || doc.outcome.against === againstOf(view)) return false
  const { generation, attempt, desired } = doc
  return planOnPaper(view, { generation, attempt: attempt + 1, desired }, { kept: {} }).kind !== 'refuse'
}

/** The change, and another attempt at a retirement whose refusal has lost its reason. */
export const withRetried = (view: View, change: Change): Change =>
  passesNow({ ...view, doc: change.doc }) ? { ...change, doc: nextAttempt(change.doc, view.now) } : change
