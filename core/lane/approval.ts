import { mayAnswer, stillApproved } from '../answers.ts'
import type { Bounds, Plan } from '../plan.ts'
import type { NodesOf } from '../plan-nodes.ts'
import type { Approved } from './question.ts'
import type { View } from './view.ts'

/**
 * Whether a plan stays inside bounds (law 9). Its room for nodes that are started again once a rung of the budget has suspended what it runs is no
 * reason to ask anew: what was approved binds it in any case, and a rung voids nothing of that.
 */
export const within = (plan: Pick<Plan, 'bounds' | 'steps'>, bounds: Bounds): boolean =>
  plan.bounds.dollars - roomForAgain(plan) <= bounds.dollars &&
  plan.bounds.unavailable <= bounds.unavailable &&
  (plan.bounds.answering ?? 0) >= (bounds.answering ?? 0) &&
  (plan.bounds.unanswered ?? 0) <= (bounds.unanswered ?? Number.POSITIVE_INFINITY) &&
  Object.entries(plan.bounds.gpus).every(([pool, gpus]) => gpus <= (bounds.gpus[pool] ?? 0)) &&
  Object.entries(plan.bounds.nodes ?? {}).every(([pool, nodes]) => isOfKind(nodes, bounds.nodes?.[pool]))

/** Each was rounded to the cent by itself. */
const roomForAgain = ({ steps }: Pick<Plan, 'steps'>): number =>
  steps.reduce((sum, step) => sum + (step.kind === 'launch-job' && step.again !== undefined ? step.again + 0.01 : 0), 0)

/** Whether a plan was made under another policy than is in force. */
export const isOfOtherPolicy = ({ policy }: Pick<View, 'policy'>, plan: Pick<Plan, 'policy'>): boolean =>
  plan.policy !== policy.version

/** Of no other machine type, and bought in no other way: who approved under an earlier release was not bound to it. */
export const isOfKind = (nodes: NodesOf, approved: NodesOf | undefined): boolean =>
  approved === undefined ||
  ([nodes.instanceType].flat().every((type) => [approved.instanceType].flat().includes(type)) &&
    nodes.capacityTypes.every((type) => approved.capacityTypes.includes(type)))

/** What of an approval is left: attempts that were closed have spent some of it (law 7). */
export const boundsLeft = ({ question, spent }: Approved): Bounds => ({
  ...question.bounds,
  dollars: question.bounds.dollars - spent,
})

/** Whether a yes to this digest within these bounds is one to that plan, which may be a part of what it was about. */
export const binds = ({ digest, bounds }: Pick<Plan, 'digest' | 'bounds'>, plan: Plan): boolean =>
  (digest === plan.digest || digest === plan.partOf) && within(plan, bounds)

/**
 * Whether nobody has to be asked about a plan: it needs no approval, or what was approved covers it and who approved still
 * may (law 15). `unknown` while nobody can say who is in an approvers' group.
 */
export const covers = (
  { doc: { approved }, policy, groups }: Pick<View, 'doc' | 'policy' | 'groups'>,
  plan: Plan,
): 'yes' | 'no' | 'unknown' => {
  if (!plan.approval.required) return 'yes'
  if (approved === null) return 'no'
  if (!binds({ digest: approved.question.digest, bounds: boundsLeft(approved) }, plan)) return 'no'
  // What has begun under it asks nobody again.
  if (approved.begun) return 'yes'
  const approvals = { policy: policy.approvals, groups }
  if (stillApproved(approved.question, plan.approval.need, approvals)) return 'yes'
  const unknown = approved.question.votes.some(
    ({ by }) => mayAnswer(by, approvals.policy, approvals.groups) === 'unreadable',
  )
  return unknown ? 'unknown' : 'no'
}
