import { ANSWER_GRACE } from '../answers.ts'
import type { Card } from '../cards.ts'
import { milliseconds } from '../duration.ts'
import { type IdleRule, idleAfter, WARM_UP, WINDOW, type Worked } from '../idle.ts'
import { laneName } from '../lane-kinds/kind.ts'
import { usd } from '../money/prices.ts'
import type { LaunchJobStep } from '../plan.ts'
import type { Outcome } from '../reasons.ts'
import type { PlanRow } from '../rows.ts'
import { counted, minuteText, said } from '../text.ts'
import type { Act } from './act.ts'
import { card, opened } from './asking.ts'
import { type Change, changed, moment } from './change.ts'
import type { Mark, Run } from './document.ts'
import { askTimeOf, openMore } from './more.ts'
import type { Question } from './question.ts'
import { costUntil } from './so-far.ts'
import type { View } from './view.ts'

type Working = Pick<View, 'kind' | 'policy' | 'doc' | 'plan' | 'now'>

/** A stage whose pods run on GPUs, and what the policy in force says of those that idle. */
interface Watched {
  mark: Mark
  step: LaunchJobStep
  rule: IdleRule
  from: number
}

/** The stage at work whose GPUs are looked at; null: none is, or the policy says nothing of it. */
const watchedIn = ({ kind, policy, doc, plan }: Working, run: Run): Watched | null => {
  const rule = kind.idleOf?.(policy, laneName(doc.lane)) ?? null
  const mark = run.steps.find(({ way, state, ranFrom }) => way === 'forth' && state === 'running' && ranFrom !== null)
  if (rule === null || mark === undefined || run.ending !== null) return null
  const step = plan?.plan.steps.find(
    (one): one is LaunchJobStep =>
      one.name === mark.name && one.kind === 'launch-job' && one.gpus > 0 && one.counts === undefined,
  )
  return step === undefined ? null : { mark, step, rule, from: mark.ranFrom ?? 0 }
}

/** When the GPUs of what is at work are looked at next; null: they are not. */
export const measureAt = (view: Working, run: Run): number | null => {
  const watched = watchedIn(view, run)
  return watched === null ? null : Math.max(watched.from + WARM_UP, (watched.mark.idle?.at ?? 0) + WINDOW)
}

/** The mark with the pod that was seen at work; undefined: none was told. What was known of the GPUs of another, or of one that is over, is no matter of this one's. */
export const ofItsPod = (mark: Mark, pod: string | undefined): Mark => {
  const seen = pod === undefined ? mark : { ...mark, pod }
  const isSame = mark.ranFrom !== null && (mark.pod === undefined || mark.pod === seen.pod)
  if (isSame || mark.idle === undefined) return seen
  const { idle: _, ...others } = seen
  return others
}

/** The change with what a look at the GPUs of what is at work comes to, and who hears of it. */
export const withIdle = (before: View, change: Change, worked: Worked | undefined): Change => {
  const view = { ...before, doc: change.doc }
  const { run } = change.doc
  const watched = run === null || worked === undefined ? null : watchedIn(view, run)
  if (run === null || worked === undefined || watched === null) return change
  const { mark, step, rule, from } = watched
  const idle = idleAfter(mark.idle, worked, { now: view.now, from: from + WARM_UP })
  const tells = idle.since !== null && idle.told !== true && view.now - idle.since >= rule.tell
  const steps = run.steps.map((one) =>
    one === mark ? { ...mark, idle: tells ? { ...idle, told: true as const } : idle } : one,
  )
  const doc = { ...change.doc, run: { ...run, steps } }
  if (!tells || idle.since === null) return { ...change, doc }
  const text = `${idleText(view, run, { step, since: idle.since })}: nobody ends it by that`
  const key = `idle ${doc.lane} ${step.name} ${idle.since}`
  return {
    ...change,
    doc,
    moments: [...change.moments, moment('note', text, { run })],
    counts: [...change.counts, 'gpus-idle'],
    tellings: [...change.tellings, { kind: 'note', key, card: cardOf(step, text) }],
  }
}

const cardOf = ({ title }: LaunchJobStep, text: string): Card => ({
  title: `GPUs idle: ${title}`,
  facts: [],
  lines: [text],
  question: null,
  tone: 'bad',
})

const idleText = (
  { doc, plan, now }: Pick<View, 'doc' | 'plan' | 'now'>,
  run: Run,
  { step, since }: { step: LaunchJobStep; since: number },
): string =>
  `${counted(step.gpus, 'GPU')} of “${step.title}” do nothing since ${minuteText(since)}; the run has cost ${usd(costUntil(doc, { run, plan: plan?.plan ?? null, now }))} so far`

/** Asks about GPUs that idle, once; null: there is nothing to ask. */
export const askingIdle = (view: View, run: Run): Act | null => {
  const found = idleIn(view, run)
  const asks = found !== null && found.lasts >= found.rule.ask && found.mark.idle?.asked !== true && mayAsk(view, run)
  return asks && idleEnding(view, run) === null ? { kind: 'ask-idle' } : null
}

/** How what was just seen at work ends for its GPUs that idle: only a person or a rule says so. Null: it goes on. */
export const idleEnding = (view: View, run: Run): Outcome | null => {
  const { question } = run
  const agreed = question?.more?.ends === true && question.state === 'approved'
  if (agreed && isAtWork(run, question)) return ending('the approvers agreed to end it', view, run)
  const found = idleIn(view, run)
  return found !== null && found.rule.end !== null && found.lasts >= found.rule.end
    ? ending('as the policy’s `idle.end` says', view, run)
    : null
}

/** What idles, and for how long as the last look at it says; null: nothing does. */
const idleIn = (view: View, run: Run): (Watched & { lasts: number }) | null => {
  const watched = watchedIn(view, run)
  const since = watched?.mark.idle?.since ?? null
  return watched === null || since === null ? null : { ...watched, lasts: (watched.mark.idle?.at ?? since) - since }
}

const isAtWork = ({ steps }: Run, { more }: Question): boolean =>
  steps.some(({ name, way, state }) => name === more?.step && way === 'forth' && state === 'running')

/** Not while something else is asked; what was denied of more stays so; and not just before more is asked for. */
const mayAsk = (view: View, run: Run): boolean => {
  const { question } = run
  if (
    openMore(run) !== null ||
    (question?.more !== undefined && question.more.ends !== true && question.state !== 'approved')
  )
    return false
  return untilOf(view, run) > view.now + 10 * ANSWER_GRACE
}

/** Until when it is asked: before people would be asked for more of the same run. */
const untilOf = (view: View, run: Run): number => {
  const more = askTimeOf(view, run)
  const most = view.now + milliseconds(view.policy.approvals.expiry)
  return more === null ? most : Math.min(most, more - 3 * ANSWER_GRACE)
}

const ending = (why: string, view: View, run: Run): Outcome => {
  const watched = watchedIn(view, run)
  const since = watched?.mark.idle?.since ?? null
  const text =
    watched === null || since === null ? 'its GPUs did nothing' : idleText(view, run, { step: watched.step, since })
  return { kind: 'failed', reason: 'gpus-idle', detail: `${text}: it was ended, ${why}` }
}

/** Asks whether it shall be ended, while it goes on. No answer means that it goes on: nobody is ended by silence. */
export const settleAskIdle = (view: View): Change => {
  const { doc } = view
  const run = doc.run as Run
  const watched = watchedIn(view, run)
  const since = watched?.mark.idle?.since ?? null
  if (watched === null || since === null) return changed(doc)
  const { step, mark } = watched
  const { plan } = view.plan as PlanRow
  const text = idleText(view, run, { step, since })
  const question: Question = {
    ...opened(view, run, { bounds: plan.bounds, until: untilOf(view, run) }),
    more: {
      dollars: 0,
      step: step.name,
      ends: true,
      why: said(`${text}. Approve ends it; it goes on where you deny, or nobody answers`, 500),
    },
  }
  const steps = run.steps.map((one) =>
    one === mark && one.idle !== undefined ? { ...one, idle: { ...one.idle, asked: true as const } } : one,
  )
  return changed(
    { ...doc, run: { ...run, steps, question } },
    {
      moments: [
        moment('answer', `asked ${question.need} of the approvers whether it shall end: ${text}`, {
          run,
          data: { question: question.id, until: question.until },
        }),
      ],
      tellings: [card(run)],
    },
  )
}
