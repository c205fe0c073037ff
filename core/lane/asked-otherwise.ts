import type { Outcome } from '../reasons.ts'
import type { PlanRow } from '../rows.ts'
import { isOfOtherPolicy } from './approval.ts'
import { isToAskAnew } from './asked-anew.ts'
import { nextAttempt } from './attempts.ts'
import { type Change, changed } from './change.ts'
import { close } from './closing.ts'
import { type Run, sameRun } from './document.ts'
import { isHeeded } from './heeded.ts'
import { asMadeNow } from './made-anew.ts'
import { planOnPaper, type Seen, settlePlan } from './planning.ts'
import type { View } from './view.ts'

/** Whether people are asked about what was planned under another policy than is in force: a yes to it may be heeded no more. */
export const isAskedOtherwise = ({ doc: { run }, plan, policy }: Pick<View, 'doc' | 'plan' | 'policy'>): boolean =>
  run?.phase === 'asked' && plan !== null && plan.plan.digest === run.digest && isOfOtherPolicy({ policy }, plan.plan)

/** A plan for the run, or what becomes of what people are asked about once the policy in force has been looked at. */
export const settlePlanned = (view: View, seen: Seen): Change => {
  const { doc } = view
  const { run } = doc
  if (run === null || !isAskedOtherwise(view) || isToAskAnew(view) || !sameRun(run, doc))
    return settlePlan(asMadeNow(view), seen)
  if (isHeeded(view, run, seen)) return askedOn(view, run, seen)
  // What is refused, or is so already, is told at once.
  const paper = planOnPaper(asMadeNow(view), run, seen)
  return paper.kind === 'plan' ? supersededByPolicy(view, run) : settlePlan(asMadeNow(view), seen)
}

/** Nothing that anybody sees of it changes: that this policy was looked at is known by its plan. */
const askedOn = (view: View, run: Run, seen: Seen): Change => {
  const row = view.plan as PlanRow
  const paper = planOnPaper(view, run, seen)
  // Where nobody need be asked by now, who was asked may still say no.
  const approval = paper.kind === 'plan' && paper.plan.approval.required ? paper.plan.approval : row.plan.approval
  return changed(view.doc, { plan: { ...row, plan: { ...row.plan, policy: view.policy.version, approval } } })
}

/** How an attempt ends that the policy wants otherwise than people were asked. */
export const BY_POLICY: Outcome = {
  kind: 'superseded',
  reason: null,
  detail: 'what was asked about is not what the policy in force wants: it is planned anew',
}

/**
 * Another attempt is planned as the policy has it now, and asked about on a card of its own; in a line it has the rank that it had, and what it has
 * taken the place of is wanted again where nothing comes of it.
 */
const supersededByPolicy = (view: View, run: Run): Change => {
  const { inLineFrom, gaveWay } = view.doc
  const ended = close({ ...view, doc: nextAttempt(view.doc, view.now) }, run, BY_POLICY)
  const stays = {
    ...(inLineFrom === undefined ? {} : { inLineFrom }),
    ...(gaveWay === undefined ? {} : { gaveWay }),
  }
  return { ...ended, doc: { ...ended.doc, ...stays } }
}
