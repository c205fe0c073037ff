import { ANSWER_GRACE } from '../answers.ts'
import { milliseconds } from '../duration.ts'
import { laneName } from '../lane-kinds/kind.ts'
import { nodeAgain } from '../money/cost.ts'
import { usd } from '../money/prices.ts'
import type { LaunchJobStep } from '../plan.ts'
import type { PlanRow } from '../rows.ts'
import { graceOfPods } from '../steps/job-times.ts'
import { boundAt, boundsIn, leftAfter, onOtherMachines } from './bound.ts'
import type { Mark, Run } from './document.ts'
import { costUntil } from './so-far.ts'
import { mayGoOn } from './suspending.ts'
import type { View } from './view.ts'

const HOUR = 3_600_000
/** People have at least so long to answer, and a quarter of the stage's hours where that is longer. Milliseconds. */
const LEAD = 15 * 60_000
/** Time for an answer that was given in time to be read, and to count, before the bound. Milliseconds. */
const TO_COUNT = 2 * ANSWER_GRACE
/** Less is not worth a question. Hours. */
export const LEAST = 0.1

type Working = Pick<View, 'kind' | 'policy' | 'doc' | 'plan' | 'now'>

/** What people are asked for. Times are milliseconds since the epoch. */
export interface Work {
  step: LaunchJobStep
  /** For how much longer its Job may run: hours. */
  hours: number
  /** When people are asked, and until when they may answer. */
  at: number
  until: number
  /** Of what stands still: dollars of the node that it goes on with, and what is left for that and for its work; null: it runs. */
  still: { node: number; left: number } | null
}

/** The stage that is at work, or stands still and is to go on, where the policy asks for more before it is ended; null: it does not, or its Job may not run longer in any case. */
export const workOf = (view: View, run: Run): Work | null => {
  const mark = run.steps.find(({ way, state }) => way === 'forth' && state === 'running')
  const step = view.plan?.plan.steps.find(
    (one): one is LaunchJobStep => one.name === mark?.name && one.kind === 'launch-job' && one.perHour > 0,
  )
  const asks = step === undefined ? null : hoursAsked(view, step.name)
  if (mark === undefined || step === undefined || asks === null) return null
  const work =
    mark.ranFrom === null ? goingOn(view, run, { mark, step, asks }) : working(view, run, { mark, step, asks })
  return work === null || work.hours < LEAST ? null : work
}

interface Asking {
  mark: Mark
  step: LaunchJobStep
  asks: number
}

const working = (view: Working, run: Run, { mark, step, asks }: Asking): Work | null => {
  const end = boundAt(view, run)?.at
  if (end === undefined) return null
  const hours = Math.min(asks, hoursUntilDeadline(step, mark, end))
  const lead = Math.min(Math.max(LEAD, Math.round((hours * HOUR) / 4)), milliseconds(view.policy.approvals.expiry))
  return { step, hours, at: end - Math.max(lead, TO_COUNT), until: end - TO_COUNT, still: null }
}

/** People are asked before it goes on where they would have too little time for an answer afterwards: until then it costs nothing. */
const goingOn = (view: View, run: Run, { mark, step, asks }: Asking): Work | null => {
  const { plan, now } = view
  if (plan === null || !mayGoOn(view, run) || onOtherMachines(view, mark) !== null) return null
  const node = nodeAgain(plan.plan, step)
  const left = leftAfter({ ...view, plan: plan.plan }, run, 0)
  const works = Math.max(0, (left - node) / step.perHour - graceOfPods(step) / HOUR)
  const expiry = milliseconds(view.policy.approvals.expiry)
  if (works * HOUR >= Math.min(LEAD, expiry)) return null
  const hours = Math.min(asks, hoursUntilDeadline(step, mark, now) - works)
  return { step, hours, at: now, until: now + expiry, still: { node, left } }
}

/** Hours that people are asked for of a stage, as its plan has it; null: they are not asked. */
export const hoursAsked = (
  { kind, policy, doc, plan }: Pick<Working, 'kind' | 'policy' | 'doc' | 'plan'>,
  stage: string,
): number | null => {
  const chosen = plan?.plan.chosen ?? doc.approved?.question.chosen
  return kind.asksMore?.(policy, laneName(doc.lane), { stage, chosen }) ?? null
}

/** Hours from a time on for which its Job may run by its own deadline. */
const hoursUntilDeadline = ({ job }: LaunchJobStep, { ran, ranFrom }: Mark, from: number): number => {
  const deadline = job.spec?.activeDeadlineSeconds ?? Number.POSITIVE_INFINITY
  return deadline / 3600 - (ran + Math.max(0, from - (ranFrom ?? from))) / HOUR
}

/** What people read of what they are asked for. */
export const whyMore = ({ doc, plan: row, now }: View, run: Run, { step, still }: Work): string => {
  const { plan } = row as PlanRow
  const [cost, most] = [usd(costUntil(doc, { run, plan, now })), usd(boundsIn(doc, plan).dollars)]
  if (still === null)
    return `It has cost ${cost} so far, at “${step.title}”: it goes on, and is ended at ${most} unless you agree to more`
  return `It has cost ${cost} so far, and stands still at “${step.title}”, which a rung had suspended: to go on it needs another node, reckoned at ${usd(still.node)}, and ${usd(Math.max(0, still.left))} of ${most} are left. It waits for your answer, and is ended at ${most} at the latest unless you agree to more`
}
