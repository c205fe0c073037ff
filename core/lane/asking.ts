import type { Plan } from '../plan.ts'
import type { Policy } from '../policy.ts'
import type { Outcome } from '../reasons.ts'
import type { PlanRow } from '../rows.ts'
import { type Change, changed, moment } from './change.ts'
import { close } from './closing.ts'
import type { Run } from './document.ts'
import { answerUntil, endsEarly, TO_BEGIN, tooLate } from './halfway.ts'
import { neededOf } from './needed.ts'
import type { Question } from './question.ts'
import type { View } from './view.ts'

/** Until when votes on a plan count: what is agreed to at the last moment has time to begin, half of all at most. */
export const votesUntil = ({ until }: Pick<Plan['bounds'], 'until'>, now: number): number =>
  until - Math.min(TO_BEGIN, Math.max(0, Math.floor((until - now) / 2)))

/** Opens a question about the plan's digest. It is open before any card is posted, and whether one ever is (law 8). */
export const settleAsk = (view: View): Change => {
  const { doc, now } = view
  const run = doc.run as Run
  const { plan } = view.plan as PlanRow
  const { bounds } = plan
  const until = answerUntil(view, votesUntil(bounds, now)) ?? now
  const question: Question = {
    ...opened(view, run, { bounds, until }),
    ...choicesOf(view, run),
    ...(view.policy.floored === undefined ? {} : { floored: true as const }),
  }
  const asked = isOutdatedByRung(view, run) ? run.asked : run.asked + 1
  const among = plan.alternatives?.map(({ name }) => name).join(', ')
  const text = `asked ${plan.approval.need} of the approvers: ${plan.approval.why}${among === undefined ? '' : `; they choose among ${among}`}`
  return changed(
    { ...doc, approved: null, run: { ...run, phase: 'asked', question, asked } },
    {
      moments: [moment('answer', text, { run, data: { question: question.id, until: question.until } })],
      tellings: [card(run)],
    },
  )
}

/** Whether the last question was outdated by a rung that has come or gone: what changed so is nobody's edit, and uses no question up. */
export const isOutdatedByRung = ({ policy }: Pick<View, 'policy'>, { question }: Pick<Run, 'question'>): boolean =>
  question !== null && (question.floored === true) !== (policy.floored !== undefined)

/** What may be chosen in place of the plan that is asked about, each under the digest of its own. */
const choicesOf = ({ doc, now, plan }: View, { generation }: Run): Pick<Question, 'choices'> => {
  const others = (plan as PlanRow).plan.alternatives?.slice(1)
  if (others === undefined) return {}
  return {
    choices: others.map(({ name, digest, bounds }) => ({
      ...{ name, digest, bounds, votes: [] },
      ...(bounds.from === undefined ? {} : { from: bounds.from }),
      id: questionId(doc.lane, { generation, digest, at: now }),
    })),
  }
}

/** A question about a run's plan that nobody has answered yet. */
export const opened = (
  { doc, now, kind, plan, policy: { approvals } }: View,
  run: Run,
  { bounds, until }: Pick<Question, 'bounds' | 'until'>,
): Question => {
  const { digest } = (plan as PlanRow).plan
  return {
    id: questionId(doc.lane, { generation: run.generation, digest, at: now }),
    digest,
    bounds,
    openedAt: now,
    until,
    need: neededOf({ kind, policy: { approvals } }, run),
    requester: kind.requesterOf(run.desired as never)?.by ?? null,
    votes: [],
    state: 'open',
    reminded: false,
    channel: approvals.channel,
  }
}

/** A button's value names the lane, the digest that was seen, and when it was asked: a door looks nothing up. */
export const questionId = (
  lane: string,
  { generation, digest, at }: { generation: number; digest: string; at: number },
): string => `${lane}#${generation}.${digest.slice(0, 16)}.${at.toString(36)}`

/** The lane that a question is about, whether it is open or not; null when it is no question's id. */
export const laneOfQuestion = (id: string): string | null =>
  /^([a-z-]{1,20}\/[A-Za-z0-9._-]{1,60})#\d{1,15}\.[0-9a-f]{16}\.[0-9a-z]{1,12}$/.exec(id)?.[1] ?? null

/** Draws the card of a run anew. */
export const card = ({ generation, attempt }: Pick<Run, 'generation' | 'attempt'>) =>
  ({ kind: 'card', generation, attempt }) as const

export const settleRemind = ({ doc }: View): Change => {
  const run = doc.run as Run
  const question = { ...(run.question as Question), reminded: true }
  const until = new Date(question.until).toISOString().slice(11, 16)
  return changed(
    { ...doc, run: { ...run, question } },
    {
      moments: [moment('answer', `nobody has answered yet: it expires at ${until} UTC`, { run })],
      tellings: [card(run)],
    },
  )
}

/** Whether the card of an open question stands in another channel than the policy asks in now. */
export const standsElsewhere = (
  { channel }: Pick<Question, 'channel'>,
  { approvals }: Pick<Policy, 'approvals'>,
): boolean => channel !== undefined && channel !== approvals.channel

/** It is asked where the policy says now, and where it was asked before no more. */
export const settleMoveCard = ({ doc, policy }: View): Change => {
  const run = doc.run as Run
  const question = run.question as Question
  const { channel } = policy.approvals
  return changed(
    { ...doc, run: { ...run, question: { ...question, channel } } },
    {
      moments: [moment('answer', `asks in ${channel} now`, { run })],
      tellings: [card(run), ...(question.channel === undefined ? [] : [{ ...card(run), left: question.channel }])],
    },
  )
}

const UNANSWERED: Outcome = { kind: 'expired', reason: null, detail: 'nobody answered in time, which means no' }

/** Nobody answered in time, which means no; where that was less than there would have been, it is asked about again from what was judged. */
export const settleExpire = (view: View): Change => {
  const run = view.doc.run as Run
  const question: Question = { ...(run.question as Question), state: 'expired' }
  const ended = close(view, { ...run, question }, endsEarly(view, question.until) ? tooLate(view) : UNANSWERED)
  return { ...ended, moments: [moment('answer', 'nobody answered in time', { run }), ...ended.moments] }
}
