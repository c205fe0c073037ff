import { asOfNow, everyVote, neededFor } from '../answers.ts'
import type { ApprovalPolicy } from '../policy.ts'
import type { Run } from './document.ts'
import type { Question } from './question.ts'
import type { View } from './view.ts'

/** How many must say yes about a run by the policy in force, where people are asked. */
export const neededOf = (
  { kind, policy }: Pick<View, 'kind'> & { policy: { approvals: Pick<ApprovalPolicy, 'need' | 'unknownRequester'> } },
  { desired }: Pick<Run, 'desired'>,
): number =>
  neededFor(policy.approvals, kind.isOfPolicy?.(desired as never) ? 'policy' : kind.requesterOf(desired as never))

/** An open question about a run as the policy in force has it: by whose answers, and by how many. */
export const askedNow = (
  view: Pick<View, 'kind' | 'policy' | 'groups'>,
  run: Pick<Run, 'desired'>,
  question: Question,
): Question => asOfNow(question, { policy: view.policy.approvals, groups: view.groups, need: neededOf(view, run) })

/** Whether an edit, or who has left a group, has made it otherwise than its card says: others' yeses count, or as many are needed no more. */
export const isAskedOfOthers = (
  view: Pick<View, 'kind' | 'policy' | 'groups'>,
  run: Pick<Run, 'desired'>,
  question: Question,
): boolean => {
  const now = askedNow(view, run, question)
  return now.need !== question.need || everyVote(now).length !== everyVote(question).length
}
