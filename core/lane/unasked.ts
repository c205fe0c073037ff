import type { Plan } from '../plan.ts'
import { covers } from './approval.ts'
import { card } from './asking.ts'
import { type Change, moment } from './change.ts'
import { withClosedQuestion } from './closing.ts'
import type { Run } from './document.ts'
import { asksInVain } from './rungs.ts'
import type { View } from './view.ts'

/** What is asked about and planned anew is asked about no more; a question whose reason is gone uses none up. */
export const withoutQuestion = (run: Run): Run =>
  run.phase === 'asked' ? { ...withClosedQuestion(run), asked: run.asked - 1 } : run

/** What an edit of the policy takes from under what was approved uses no question up: it does not keep changing by itself. */
export const withoutEdited = (view: View, run: Run, plan: Plan): Run => {
  const before = view.plan?.plan
  const isEdit = before !== undefined && before.digest === run.digest && before.policy !== plan.policy
  return isEdit && run.asked > 0 && view.doc.approved !== null && covers(view, plan) === 'no'
    ? { ...run, asked: run.asked - 1 }
    : run
}

/** The change in which what was asked about is asked about no more, and says so. */
export const unasked = (view: View, run: Run, change: Change): Change =>
  run.phase === 'asked'
    ? {
        ...change,
        moments: [
          moment('answer', `${asksInVain(view) ? RUNG_OVER : NOT_ANSWERED}: the question was closed`, { run }),
          ...change.moments,
        ],
        tellings: [...change.tellings, card(run)],
      }
    : change

const RUNG_OVER = 'the rung that had it asked about is over'
const NOT_ANSWERED = 'nobody answers by now, and it is asked about as it stands'
