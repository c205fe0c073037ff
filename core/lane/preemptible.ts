import { laneName } from '../lane-kinds/kind.ts'
import { inForce, type RungRow } from '../money/rungs.ts'
import type { Mark, Run } from './document.ts'
import type { View } from './view.ts'

/** The rung that suspends stages which are preemptible. */
export const SUSPENDS = 'suspend-preemptible'

/** Without the plan nobody knows what was planned of a stage that has left the policy. */
export type Suspendable = Pick<View, 'kind' | 'policy' | 'doc' | 'rungs' | 'now'> & Partial<Pick<View, 'plan'>>

/** What says whether a stage lets itself be suspended, be a rung in force or not. */
type Stage = Omit<Suspendable, 'rungs' | 'now'>

/** The stage whose Job is under way, or would be next; undefined: none is. */
export const stageOf = ({ steps }: Pick<Run, 'steps'>): Mark | undefined => {
  const mark = steps.find(({ way, state }) => way === 'forth' && (state === 'pending' || state === 'running'))
  return mark?.kind === 'launch-job' ? mark : undefined
}

/**
 * Whether a stage lets itself be suspended, as the policy in force says. What has left that is under way all the same, and is what it was planned
 * as, or is suspended as: nothing is spent since a line was deleted.
 */
const letsItself = ({ kind, policy, doc, plan }: Stage, stage: string): boolean => {
  const now = kind.preemptible?.(policy, laneName(doc.lane), stage)
  if (now !== null) return now === true
  if (doc.run?.steps.some(({ name, suspended }) => name === stage && suspended?.is === true)) return true
  const step = plan?.plan.steps.find(({ name }) => name === stage)
  return step?.kind === 'launch-job' && step.again !== undefined
}

/** The rung that suspends this stage now; null: none does, or the policy lets none. */
export const suspends = (seen: Suspendable, stage: string): RungRow | null =>
  letsItself(seen, stage) ? inForce(SUSPENDS, seen.policy, seen) : null

/** Whether its plan alone says if a rung may suspend what a lane has under way: the policy says nothing of that any more. */
export const isSaidByPlan = ({ kind, policy, doc }: Stage): boolean => {
  const stage = doc.run === null ? undefined : stageOf(doc.run)
  return stage !== undefined && kind.preemptible?.(policy, laneName(doc.lane), stage.name) === null
}

/** Whether the stage that a lane has at work is one that a rung may suspend. */
export const isPreemptible = (seen: Stage): boolean => {
  const stage = seen.doc.run === null ? undefined : stageOf(seen.doc.run)
  return stage?.state === 'running' && letsItself(seen, stage.name)
}
