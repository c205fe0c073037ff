import { leftByMoves, movesFrom, reckonedOf } from '../money/cost.ts'
import { usd } from '../money/prices.ts'
import type { Plan } from '../plan.ts'
import type { Outcome } from '../reasons.ts'
import { backCosts } from './back-costs.ts'
import { boundsIn, graceOf } from './bound.ts'
import { hasBegun, type LaneDocument, type Mark, type Rest, type Run } from './document.ts'
import type { HalfwayCosts } from './hold.ts'
import { isInReach } from './patience.ts'
import { budgetOf } from './room.ts'
import type { View } from './view.ts'

const [MINUTE, HOUR] = [60_000, 3_600_000]

/** What stood halfway before the run, in dollars an hour, and from when until when: its own moves count then, or it is over. */
export const standsBefore = (
  { halfwayCosts: costs }: Pick<LaneDocument, 'halfwayCosts'>,
  { run, plan, now }: { run: Run; plan: Plan | null; now: number },
): { perHour: number; from: number; until: number } | null => {
  if (costs === undefined) return null
  const until = (plan === null ? null : movesFrom({ run, plan })) ?? now
  return { perHour: costs.perHour, from: costs.since, until }
}

/** Dollars of that. Not rounded. */
export const costBefore = (...given: Parameters<typeof standsBefore>): number => {
  const before = standsBefore(...given)
  return before === null ? 0 : (before.perHour * Math.max(0, before.until - before.from)) / HOUR
}

/** What a run that is over leaves standing halfway: as its own moves have left it, else as it was before. */
export const halfwayAfter = (
  { doc, policy, now }: Pick<View, 'doc' | 'policy' | 'now'>,
  { run, plan }: { run: Run; plan: Plan | null },
): HalfwayCosts | undefined => {
  const perHour = plan === null ? null : leftByMoves({ run, plan })
  if (plan === null || perHour === null) {
    const { halfwayCosts: costs } = doc
    const left = (costs?.left ?? 0) - costBefore(doc, { run, plan, now })
    return costs === undefined ? undefined : { ...costs, since: now, left: Math.max(0, left) }
  }
  const out = outIn({ run, plan, now })
  const budget = run.hold?.budget ?? budgetOf(policy)
  if (perHour === 0) return out === null ? undefined : { since: now, perHour, left: 0, budget, ...out }
  const left = Math.max(0, boundsIn(doc, plan).dollars - reckonedOf({ run, plan, now }))
  // What the way back takes is kept for it: it is to be over before anything costs more than it may.
  const stays = Math.max(0, left - backCosts(doc.baseline, { run, plan }))
  const until = Math.max(now, Math.round(now + (stays / perHour) * HOUR) - graceOf(run, plan))
  return { since: now, perHour, left, budget, ...(out !== null && out.until < until ? out : { until }) }
}

/** The move with which what a plan has named of nobody answering has begun; undefined: it has named none, as where nobody answered before, or begun none: what waits has taken nothing away. */
const outage = ({ steps }: Pick<Run, 'steps'>, { bounds }: Pick<Plan, 'bounds'>): Mark | undefined =>
  bounds.unanswered === undefined
    ? undefined
    : steps.find(
        ({ kind, way, by, waits }) =>
          kind === 'roll-out-model' && way === 'forth' && by !== null && waits === undefined,
      )

/** Whether a run has had what its plan has named of nobody answering: who agreed to that agreed to one, and another attempt asks for another (law 9). */
export const hadOutage = (run: Pick<Run, 'steps'>, plan: Plan | null): boolean =>
  plan !== null && outage(run, plan) !== undefined

/**
 * Until when nobody may answer, where a plan has named that and what answered may be gone: for as long as it has named, since its first move was
 * begun (law 9). Null: it has named none, or requests were led to what rises already.
 */
const outIn = ({
  run: { steps: marks },
  plan: { bounds, steps },
  now,
}: {
  run: Pick<Run, 'steps'>
  plan: Plan
  now: number
}): Pick<HalfwayCosts, 'until' | 'unanswered'> | null => {
  const begun = outage({ steps: marks }, { bounds })
  const brings = steps.flatMap((step) => (step.kind === 'roll-out-model' ? (step.brings ?? []) : []))
  const isLed = steps.some(
    (step) =>
      step.kind === 'switch-traffic' &&
      (step.to === 'all' || brings.includes(step.to)) &&
      marks.some(({ name, way, state }) => name === step.name && way === 'forth' && state === 'done'),
  )
  if (begun === undefined || isLed) return null
  const { unanswered = 0 } = bounds
  return { until: Math.max(now, (begun.startedAt ?? now) + unanswered * MINUTE), unanswered }
}

/**
 * The end of a rollout that something holds in the midst of what its plan has named of nobody answering, and when that is; null: it has named none, or
 * requests were led to what rises, or it ends already.
 */
export const unansweredUntil = (
  { plan, now }: Pick<View, 'plan' | 'now'>,
  run: Run,
): { at: number; ending: Outcome } | null => {
  const out = plan === null || run.ending !== null ? null : outIn({ run, plan: plan.plan, now })
  if (out === null) return null
  const detail = `nobody was to answer for more than ${out.unanswered} min on its way, which are over in a freeze`
  return { at: out.until, ending: { kind: 'failed', reason: 'halfway-bound', detail } }
}

/** Until when what has begun nothing may wait: what stands halfway before it costs on meanwhile, and may not for longer. Null: for as long as any. */
const mayWaitUntil = ({ halfwayCosts: costs, run }: Pick<LaneDocument, 'halfwayCosts' | 'run'>): number | null =>
  costs === undefined || run === null || run.ending !== null || hasBegun(run) ? null : costs.until

const atMostText = ({ left, unanswered }: HalfwayCosts): string =>
  unanswered === undefined
    ? `what stands halfway before it may cost ${usd(left)} more at most`
    : `for what stands halfway before it nobody was to answer for more than ${unanswered} min`

/** It goes back, and what waits for its place is no worse off: the next attempt at it begins there (law 6). */
const goesBackFirst = (costs: HalfwayCosts, waited = ''): Outcome => ({
  kind: 'failed',
  reason: 'halfway-bound',
  detail: `${atMostText(costs)}${waited}, and goes back first: another attempt begins from there`,
})

/** Whether what has begun nothing waits too long so, whatever it waits for (law 9). */
export const waitsTooLong = ({ doc, now }: Pick<View, 'doc' | 'now'>): boolean => {
  const until = mayWaitUntil(doc)
  return until !== null && now >= until
}

/** How it ends, where nothing else ends it. */
export const tooLate = ({ doc }: Pick<View, 'doc'>): Outcome => {
  const waited = doc.rest === null ? '' : `, which is over while it waits (${doc.rest.text})`
  return goesBackFirst(doc.halfwayCosts as HalfwayCosts, waited)
}

/** No rest is longer than that. */
export const restsNoLonger = ({ doc }: Pick<View, 'doc'>, rest: Rest): Rest => {
  const until = mayWaitUntil(doc)
  return until === null ? rest : { ...rest, until: Math.min(rest.until ?? until, until) }
}

/**
 * The far side for which a lane waits in its due row, and is not woken while another asks it: who may not wait for long is woken all the
 * same.
 */
export const waitsForSide = (doc: Pick<LaneDocument, 'rest' | 'run' | 'halfwayCosts'>): string | null =>
  mayWaitUntil(doc) === null && !standsWhileItWaits(doc) ? (doc.rest?.side ?? null) : null

/** Whether something of a rollout stands, which can be taken away though a far side does not answer. */
const standsWhileItWaits = ({ rest, run }: Pick<LaneDocument, 'rest' | 'run'>): boolean =>
  isInReach(rest) && (run?.steps ?? []).some(({ kind, by }) => kind === 'roll-out-model' && by !== null)

/** Who is asked has so long at least, or as long as there is. Milliseconds. */
const TO_ANSWER = 30 * 60_000

/** What is agreed to at the last moment has so long to begin: what it takes to hear of it. Milliseconds. */
export const TO_BEGIN = 5 * 60_000

/** Until when people can answer, who could until this time; null: what stands halfway leaves them too little, and goes back before they are asked. */
export const answerUntil = ({ doc, now }: Pick<View, 'doc' | 'now'>, until: number): number | null => {
  const most = mayWaitUntil(doc)
  if (most === null || most - TO_BEGIN >= until) return until
  return most - TO_BEGIN - now < Math.min(TO_ANSWER, until - now) ? null : most - TO_BEGIN
}

/** Whether a question has ended so early for what stands halfway: nobody had the time that there would have been. */
export const endsEarly = ({ doc }: Pick<View, 'doc'>, until: number): boolean => {
  const most = mayWaitUntil(doc)
  return most !== null && until >= most - TO_BEGIN
}

/** The end of what would be asked about, and has too little time for it. */
export const asksTooLate = ({ doc }: Pick<View, 'doc'>): Outcome =>
  goesBackFirst(doc.halfwayCosts as HalfwayCosts, ', too little for anybody to answer in')

/** The end of a run that a freeze holds before its own moves count, and when that is; null: nothing stands before it that costs. */
export const frozenUntil = (
  { doc, plan }: Pick<View, 'doc' | 'plan'>,
  run: Run,
): { at: number; ending: Outcome } | null => {
  const { halfwayCosts: costs } = doc
  if (costs === undefined || run.ending !== null || (plan !== null && movesFrom({ run, plan: plan.plan }) !== null))
    return null
  return { at: costs.until, ending: goesBackFirst(costs, ', which is over in a freeze') }
}
