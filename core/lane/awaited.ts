import { asOfNow, everyVote, missingIn } from '../answers.ts'
import { runName } from '../names.ts'
import type { Policy } from '../policy.ts'
import { plainTime } from '../text.ts'
import type { LaneDocument } from './document.ts'
import { openMore } from './more.ts'
import type { Question } from './question.ts'

/** The question that the lane asks people now; null when it asks nothing. */
export const openQuestion = ({ run }: Pick<LaneDocument, 'run'>): Question | null => {
  if (run === null) return null
  return run.phase === 'asked' && run.question?.state === 'open' ? run.question : openMore(run)
}

/** The people whom an open question waits for, by the policy in force; null when none is open. */
export const whoIsAwaited = (doc: LaneDocument, { approvals }: Pick<Policy, 'approvals'>): string | null => {
  const open = openQuestion(doc)
  if (open === null) return null
  const question = asOfNow(open, { policy: approvals, groups: new Map() })
  const voted = new Set(everyVote(question).map(({ by }) => by))
  const names = approvals.approvers
    .filter(({ id }) => !voted.has(id) && (id !== question.requester || approvals.requesterMayApprove))
    .map(({ name }) => name)
  const more = missingIn(question)
  if (names.length === 0) return 'waits for an approver'
  return more > 1 ? `waits for ${more} of ${names.join(', ')}` : `waits for ${names.join(' or ')}`
}

/** Whom an open question waits for, about which plan and until when; null when none is open. */
export const askedText = (doc: LaneDocument, policy: Pick<Policy, 'approvals'>): string | null => {
  const who = whoIsAwaited(doc, policy)
  const { run } = doc
  if (who === null || run?.question == null) return null
  return `${who} to answer ${runName(doc, run)} before ${plainTime(run.question.until)}`
}
