import { ANSWER_GRACE, missingIn, nameOf } from '../answers.ts'
import type { Outcome } from '../reasons.ts'
import { type Act, awaySide } from './act.ts'
import { isToAskAnew } from './asked-anew.ts'
import { isAskedOtherwise } from './asked-otherwise.ts'
import { standsElsewhere } from './asking.ts'
import { besideText } from './beside-run.ts'
import { resting } from './change.ts'
import type { Rest, Run } from './document.ts'
import { askedNow, isAskedOfOthers } from './needed.ts'
import type { Question } from './question.ts'
import type { View } from './view.ts'

/** One reminder, so long before a question ends, when it is open for longer than twice that. Milliseconds. */
const REMINDER = 3_600_000

/** What is done next with a run that people are asked about. */
export const asked = (view: View, run: Run, question: Question): Act => {
  if (question.state === 'rejected') return { kind: 'close', outcome: rejection(view, question) }
  if (isToAskAnew(view)) return awaySide(view, 'cluster') ?? { kind: 'plan' }
  // While the world cannot be seen nobody knows what would be planned: people are asked on.
  const looks = isAskedOtherwise(view) && awaySide(view, 'cluster') === null
  if (!looks && isAskedOfOthers(view, run, question)) return { kind: 'recount' }
  // Every vote in time counts, however many letters were written before it; and nobody denies by silence what would ask them anew.
  if (view.now >= endOf(question) && !view.unread) return { kind: 'expire' }
  // What may be closed at once is asked nowhere else first.
  if (!looks && standsElsewhere(question, view.policy)) return { kind: 'move-card' }
  if (reminds(question) && view.now >= question.until - REMINDER) return { kind: 'remind' }
  if (looks) return { kind: 'plan' }
  return { kind: 'rest', rest: awaitingAnswer(view, run, question) }
}

/** Rests until somebody answers, or has to be reminded. */
export const awaitingAnswer = (view: View, run: Run, question: Question): Rest => {
  const { generation, attempt } = run
  const now = askedNow(view, run, question)
  return resting(view, {
    why: 'asked',
    text: `waits for ${missingIn(now)} of the approvers, about generation ${generation}, attempt ${attempt}${besideText(view)}`,
    until: reminds(question) ? question.until - REMINDER : endOf(question),
  })
}

const endOf = ({ until }: Question): number => until + ANSWER_GRACE

const reminds = ({ reminded, until, openedAt }: Question): boolean => !reminded && until - openedAt > 2 * REMINDER

/** How a run ends that somebody has said no to. */
export const rejection = ({ policy }: View, { votes }: Question): Outcome => {
  const denial = votes.find(({ verdict }) => verdict === 'deny')
  const who = denial === undefined ? 'nobody' : nameOf(denial.by, policy.approvals)
  return {
    kind: 'rejected',
    reason: null,
    detail: `denied by ${who}${denial?.reason ? `: ${denial.reason}` : ''}`,
  }
}
