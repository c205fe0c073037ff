import { ANSWER_GRACE, type Answering } from '../answers.ts'
import { laneName } from '../lane-kinds/kind.ts'
import { cents, usd } from '../money/prices.ts'
import type { Plan } from '../plan.ts'
import type { PlanRow } from '../rows.ts'
import type { Act } from './act.ts'
import { card, opened, standsElsewhere } from './asking.ts'
import { boundsIn } from './bound.ts'
import { type Change, changed, moment } from './change.ts'
import type { LaneDocument, Mark, Run } from './document.ts'
import { hoursAsked, LEAST, whyMore, workOf } from './more-hours.ts'
import { isAskedOfOthers } from './needed.ts'
import type { Approved, Question } from './question.ts'
import { budgetOf, budgetRoom, centsOf } from './room.ts'
import { isKeptAgain } from './suspending.ts'
import type { View } from './view.ts'

/** The question for more that people are asked while the work goes on; null: none is open. */
export const openMore = ({ question, ending }: Pick<Run, 'question' | 'ending'>): Question | null =>
  ending === null && question?.state === 'open' && question.more !== undefined ? question : null

/** What people are asked while it goes on, as a rest says it; empty: nothing. */
export const askedMoreText = (run: Run): string => {
  const more = openMore(run)?.more
  if (more === undefined) return ''
  const first = more.starts === true ? ' before it goes on' : ''
  return `; people are asked ${more.ends === true ? 'whether it shall end' : `for ${usd(more.dollars)} more${first}`}`
}

/** When something is to be done about what a run may cost at most, or about what is asked: people are asked for more, or their time is over. Null: nothing. */
export const moreAt = (view: View, run: Run): number | null => {
  const open = openMore(run)
  if (open !== null) return isPast(view, run, open) || isStill(view, run, open) ? view.now : open.until + ANSWER_GRACE
  return askTimeOf(view, run)
}

/** When people are asked for more; null: they are not. */
export const askTimeOf = (view: View, run: Run): number | null => {
  if (run.ending !== null) return null
  const work = workOf(view, run)
  // Who comes too late for anybody to answer ends it.
  if (work === null || view.now >= work.until) return null
  // Whoever said no of this stage, or nothing, is asked no more.
  const { question } = run
  return isNo(question) && isOf(question, work.step.name) ? null : work.at
}

/** Whether nobody agreed to more. What was closed since its work stood still was nobody's no. */
const isNo = (question: Question | null): question is Question =>
  question?.more !== undefined &&
  question.more.ends !== true &&
  question.more.stood !== true &&
  question.state !== 'approved'

/** Whether the stage that a question was about is suspended: it comes no nearer to its bound, and people have their time once it goes on, or before it does. */
const isStill = (view: View, run: Run, { more }: Question): boolean => {
  if (more?.starts === true) return isKeptAgain(view, run)
  return run.steps.some(
    ({ name, ranFrom, suspended }) => name === more?.step && ranFrom === null && suspended?.is === true,
  )
}

const isOf = ({ more }: Question, stage: string): boolean => more?.step === undefined || more.step === stage

/** Whether the stage that a question for more was about is over, or the policy asks for no more: then nobody has to answer (laws 9, 18). */
const isPast = (view: View, { steps }: Run, { more }: Question): boolean => {
  const stage = more?.step
  if (stage === undefined) return false
  const isAtWork = steps.some(({ name, way, state }) => name === stage && way === 'forth' && state === 'running')
  if (more?.ends === true)
    return !isStillIdle(steps, stage) || view.kind.idleOf?.(view.policy, laneName(view.doc.lane)) == null
  return !isAtWork || hoursAsked(view, stage) === null
}

/** Whether a stage is at work whose GPUs were not seen to work since people were asked whether it shall end. */
const isStillIdle = (steps: readonly Mark[], stage: string): boolean =>
  steps.some(
    ({ name, way, state, idle }) => name === stage && way === 'forth' && state === 'running' && idle?.asked === true,
  )

/** What is to be done about it now, while the work goes on; null: nothing. */
export const askingMore = (view: View, run: Run): Act | null => {
  const open = openMore(run)
  if (open !== null && isAskedOfOthers(view, run, open)) return { kind: 'recount' }
  if (open !== null && standsElsewhere(open, view.policy)) return { kind: 'move-card' }
  const at = moreAt(view, run)
  if (at === null || view.now < at) return null
  if (open === null) return { kind: 'ask-more' }
  // Every vote in time counts, however many letters were written before it.
  return view.unread ? null : { kind: 'no-more' }
}

/**
 * Asks for as many hours more as its stage has, while it goes on: no more than its budget has room for, which is set aside for as long as it is
 * asked about. Where that is next to nothing nobody is asked, and it says so.
 */
export const settleAskMore = (view: View): Change => {
  const { doc, policy, world } = view
  const run = doc.run as Run
  const { plan } = view.plan as PlanRow
  const work = workOf(view, run)
  if (work === null || run.hold === null || world === null) return changed(doc)
  const { step, hours, still } = work
  const { spent, held } = world.dollars
  // In whole cents, as its guard counts: half a cent more would be refused again and again.
  const most = centsOf(policy.budget.dollars - spent)
  const free = (most - centsOf(held) - centsOf(run.hold.dollars)) / 100
  const dollars = cents(Math.max(0, Math.min(hours * step.perHour + (still?.node ?? 0), free)))
  const before = bindingOf(doc, plan)?.question.bounds ?? plan.bounds
  const question: Question = {
    ...opened(view, run, { bounds: { ...before, dollars: cents(before.dollars + dollars) }, until: work.until }),
    ...amongWhom(policy.approvals),
    more: { dollars, step: step.name, why: whyMore(view, run, work), ...(still === null ? {} : { starts: true }) },
  }
  const lacks = still === null ? 0 : Math.max(0, still.node - still.left)
  if (dollars - lacks < LEAST * step.perHour) {
    const none = moment('answer', 'nobody is asked for more: its budget has no room for that', { run })
    const closed: Question = { ...question, state: 'closed', more: { dollars: 0, why: '', step: step.name } }
    return changed({ ...doc, run: { ...run, question: closed } }, { moments: [none] })
  }
  const hold = { ...run.hold, dollars: run.hold.dollars + dollars }
  const text = `asked ${question.need} of the approvers for ${usd(dollars)} more than the ${usd(boundsIn(doc, plan).dollars)} that it may cost at most`
  return changed(
    { ...doc, run: { ...run, question, hold } },
    {
      guard: { [budgetRoom(budgetOf(policy))]: most },
      moments: [moment('answer', text, { run, data: { question: question.id, until: question.until } })],
      tellings: [card(run)],
    },
  )
}

/** More of them are not kept: the document has its room. */
const MOST_APPROVERS = 40

/** Its answer may be needed while nobody can read the policy: it goes on meanwhile, and is ended at its bound. */
const amongWhom = ({ approvers, requesterMayApprove }: Answering): Pick<Question, 'among'> =>
  approvers.length > MOST_APPROVERS ? {} : { among: { approvers: approvers.map(({ id }) => id), requesterMayApprove } }

/** By whose answers a question for more is decided where nobody can read the policy; null: nobody knows. */
export const answeringAsAsked = ({ among, need }: Pick<Question, 'among' | 'need'>): Answering | null =>
  among === undefined ? null : { ...among, need, approvers: among.approvers.map((id) => ({ id, name: id })) }

/** The approval that binds a run; null: nobody had to approve it. */
const bindingOf = ({ approved }: Pick<LaneDocument, 'approved'>, { approval }: Plan): Approved | null =>
  approval.required ? approved : null

/** Nobody agreed in time, or need any more: it goes on until it has cost what it may. */
export const settleNoMore = (view: View): Change => {
  const { doc } = view
  const run = doc.run as Run
  const open = run.question as Question
  const still = open.more?.ends !== true && isStill(view, run, open)
  const past = still || isPast(view, run, open) || isStill(view, run, open)
  const more = still && open.more !== undefined ? { more: { ...open.more, stood: true as const } } : {}
  const question: Question = { ...open, ...more, state: past ? 'closed' : 'expired' }
  const texts =
    open.more?.ends === true
      ? ['it is asked about no more', 'nobody said in time that it shall end: it goes on']
      : ['more is needed no more: the question was closed', 'nobody agreed to more in time']
  const text = still ? 'it stands still: people are asked again once it goes on' : (texts[past ? 0 : 1] as string)
  return changed(
    { ...doc, run: withoutMore({ ...run, question }) },
    { moments: [moment('answer', text, { run })], tellings: [card(run)] },
  )
}

/** What was set aside for more goes back. */
export const withoutMore = (run: Run): Run => {
  const { hold, question } = run
  return hold === null ? run : { ...run, hold: { ...hold, dollars: hold.dollars - (question?.more?.dollars ?? 0) } }
}

/** The lane once more was agreed to: its run goes on and may cost that, also where nobody had to approve what it began with. */
export const withMore = (view: Pick<View, 'doc' | 'plan'>, question: Question): Pick<Change, 'doc' | 'plan'> => {
  const { doc, plan: row } = view
  const run = doc.run as Run
  const { plan } = row as PlanRow
  const more = question.more?.dollars ?? 0
  const before = bindingOf(doc, plan)
  const chosen = before?.question.chosen
  const own: Question = chosen === undefined ? question : { ...question, chosen }
  const approved: Approved = { ...(before ?? { spent: 0 }), question: own, begun: true }
  const hold = run.hold?.atMost === undefined ? run.hold : { ...run.hold, atMost: run.hold.atMost + more }
  const approval = { ...plan.approval, required: true, need: question.need }
  return {
    doc: { ...doc, approved, run: { ...run, question, hold } },
    plan: { ...(row as PlanRow), plan: { ...plan, approval } },
  }
}
