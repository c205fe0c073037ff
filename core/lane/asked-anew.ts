import { binds } from './approval.ts'
import { planOnPaper } from './planning.ts'
import { asksInVain } from './rungs.ts'
import type { View } from './view.ts'

/** Whether people are asked about what would not begin so, whatever they answer: it is planned anew at once, and asked about as it stands. */
export const isToAskAnew = (view: View): boolean => asksInVain(view) || isBeforeOutage(view)

/**
 * Whether nobody answers since they were asked, and what they would agree to covers no more what there is to be done: they would be asked
 * once more after their answer, and nobody would answer until then. A question that was asked since knows of it.
 */
const isBeforeOutage = (view: View): boolean => {
  const { run, lacks } = view.doc
  const question = run?.phase === 'asked' ? run.question : null
  if (run === null || question === null || view.world === null || lacks?.none?.told !== true) return false
  if (question.openedAt >= lacks.none.since) return false
  // As it would be planned after their yes, which covers what of it has room.
  const approved = { question, spent: 0, begun: true }
  const paper = planOnPaper({ ...view, doc: { ...view.doc, approved } }, run, { kept: {} })
  return paper.kind === 'plan' && !binds(question, paper.plan)
}
