import { stillApproved } from '../../core/answers.ts'
import type { LaneDocument, Run } from '../../core/lane/document.ts'
import { type Consumer, docOf, type State } from './state.ts'

/** What must hold whenever something outside is about to be changed; null: it does. */
export const whyMayNotTouch = (state: State, { me, view, next }: Consumer): string | null => {
  if (next.at !== 'world' || next.act.kind !== 'begin') return null
  const { step } = next.act
  const mine = view.doc.run as Run
  const doc = docOf(state)
  const run = doc?.run ?? null
  if (doc === null || run === null || run.generation !== mine.generation || run.attempt !== mine.attempt)
    return 'something begins for a run that is over'
  const mark = run.steps.find(({ name, state: at }) => name === step && at === 'running')
  if (mark?.by !== me) return 'something begins that this invocation has not marked'
  if (mark.way === 'back') return null
  if (run.cleared) return 'something begins after all was cleared'
  if (run.hold === null) return 'something begins without a hold'
  return whyNotApproved(state, { doc, run, view })
}

const whyNotApproved = (
  { ledger }: State,
  { doc, run, view }: { doc: LaneDocument; run: Run; view: Consumer['view'] },
): string | null => {
  const plan = (ledger.rows[`plan ${doc.lane}`]?.value as { plan: { approval: { required: boolean } } } | undefined)
    ?.plan
  if (plan?.approval.required !== true || doc.generation !== run.generation) return null
  const question = doc.approved?.question
  if (question === undefined || question.digest !== run.digest) return 'something begins that nobody approved'
  const { approvals } = view.policy
  const late = question.votes.some(({ at }) => at > question.until)
  const valid = stillApproved(question, 0, {
    policy: { ...approvals, approvers: view.policy.approvals.approvers },
    groups: new Map(),
  })
  return late || (!valid && question.state !== 'approved') ? 'something begins by a vote that does not count' : null
}
