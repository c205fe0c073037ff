import type { Desired } from '../desired.ts'
import { laneName } from '../lane-kinds/kind.ts'
import type { Plan } from '../plan.ts'
import type { Outcome } from '../reasons.ts'
import { firstAttempt } from './attempts.ts'
import { leftBeside } from './before.ts'
import { identityOf } from './closing.ts'
import { type LaneDocument, type Run, runKeyOf, sameRun } from './document.ts'
import type { Ended } from './ended.ts'
import { SUPERSEDED } from './next-step.ts'
import type { View } from './view.ts'

/** Why what is the same version is wanted as a generation of its own. */
export const OTHER_PODS = 'what its pods are wanted to be has changed'

/** Whether pods of what is wanted are to be others than this template makes; one of which nothing is known is no other (decision 0027). */
export const wantsOtherPods = (view: View, template: string | undefined): boolean => {
  const { doc, policy, kind } = view
  const { desired, baseline } = doc
  if (template === undefined || desired === null) return false
  const run = runKeyOf(doc, doc)
  const now = kind.templateOf?.({ identity: identityOf(view), desired: desired as never, run, baseline, policy })
  return now != null && now !== template
}

/** Why what has ended that was about how many of them there are is wanted once more. */
export const OTHER_REPLICAS = 'how many pods of it there are to be has changed'

/** Whether what has ended was about how many pods of it there are alone, and the policy wants another number of them by now. */
export const wantsOtherReplicas = ({ kind, policy, doc }: View, { kind: ended, replicas }: Ended): boolean => {
  if (ended === 'succeeded' || ended === 'refused' || replicas === undefined) return false
  const now = kind.countOf?.(policy, laneName(doc.lane))?.of ?? null
  return now !== null && now !== replicas
}

/**
 * A rollout of what is wanted none of whose pods was ever ready, while other pods are wanted by now: it is overtaken as by a promotion, since
 * nobody waits for what nobody wants. Null: it is none, or its pods are as they are wanted.
 */
export const overtakenByOther = (view: View): LaneDocument | null => {
  const { doc, plan, now } = view
  const { run, desired, onNewer } = doc
  if (run === null || plan === null || !isMoving(doc) || !isStarting(run, plan.plan)) return null
  if (!wantsOtherPods(view, plan.plan.template)) return null
  const ending: Outcome = { ...SUPERSEDED, detail: OTHER_PODS }
  return { ...firstAttempt(view, desired as Desired), run: { ...run, ending }, ...leftBeside(doc, { onNewer, now }) }
}

/** Whether a rollout of what is wanted is at one of its moves, and nothing ends it: then its plan says whether that is the first. */
export const isMoving = (doc: LaneDocument): boolean => {
  const { run } = doc
  if (run === null || !sameRun(run, doc) || run.phase !== 'steps') return false
  const moves = run.steps.some(({ kind, state }) => kind === 'roll-out-model' && state === 'running')
  return moves && run.ending === null && run.cancelled === null
}

/** Whether it is at the first move that brings something up. */
const isStarting = ({ steps }: Run, plan: Plan): boolean => {
  const first = plan.steps.find((step) => step.kind === 'roll-out-model' && step.brings !== null)
  return steps.some(({ name, way, state }) => name === first?.name && way === 'forth' && state === 'running')
}
