import { ruleFor } from '../lane-kinds/catalogue.ts'
import type { Plan } from '../plan.ts'
import type { Outcome } from '../reasons.ts'
import { type Act, asksItself, awaySide, frozen, rest } from './act.ts'
import { covers, isOfOtherPolicy } from './approval.ts'
import { asked, rejection } from './asked.ts'
import { isOutdatedByRung, votesUntil } from './asking.ts'
import { mayRepeat } from './attempts.ts'
import { asOfTurn } from './before.ts'
import { besideRun, TROUBLED } from './beside-run.ts'
import { cancelledOf } from './cancelling.ts'
import { pauseAfter } from './change.ts'
import { hasBegun, type LaneDocument, type Run, sameRun } from './document.ts'
import type { Ended } from './ended.ts'
import { isOnTheWay } from './falling.ts'
import { granting } from './granting.ts'
import { answerUntil, asksTooLate, restsNoLonger, tooLate, waitsTooLong } from './halfway.ts'
import { askingIdle } from './idle.ts'
import { isRefusedElsewhere } from './ignoring.ts'
import { carriesOver } from './kept.ts'
import { looksOfPeople } from './letters.ts'
import { keptBack, lookingAgain, whyNoMore } from './looking-again.ts'
import { askingMore } from './more.ts'
import { newerIn } from './newer.ts'
import { BEGUN_ANEW, ending, outOfBounds, SUPERSEDED, stepping } from './next-step.ts'
import { endedText, parked } from './parked.ts'
import type { Question } from './question.ts'
import { isRetiring, mustRetire } from './retiring.ts'
import { lookForRetry } from './retrying.ts'
import { isOnRung, keptByRung } from './rungs.ts'
import type { View } from './view.ts'
import { isWanted } from './wanted.ts'

/** A plan that changed after this many questions is refused. */
const QUESTIONS = 2

/**
 * What is done next with a lane, from what is written down: the whole life of a run as one table. Pure and total: the same
 * view always gives the same act. It asks first whether somebody said something, then whether the run must stop, then what
 * its phase needs.
 */
export const next = (view: View): Act => {
  const { doc, letters } = view
  const newer = newerIn(doc)
  if (newer !== null) return newerRest(doc, newer)
  if (letters.length > 0) return looks(view) ? { kind: 'look' } : { kind: 'fold' }
  if (doc.run !== null && waitsTooLong(view)) return { kind: 'close', outcome: endOfWait(view, doc.run) }
  const act = besideRun(view, stillResting(view) ?? (doc.run === null ? withoutRun(view) : withRun(view, doc.run)))
  return act.kind === 'rest' ? { ...act, rest: restsNoLonger(view, act.rest) } : act
}

/** Whether letters are answered by what a source says now. */
const looks = (view: View): boolean =>
  view.letters.some(({ kind }) => kind === 'look') ||
  looksOfPeople(view.letters).length > 0 ||
  lookForRetry(view) !== null

/** What somebody has said of it, and what is newly wanted, ends it as it would have before. */
const endOfWait = (view: View, run: Run): Outcome => {
  const { question } = run
  return whyStop(view, run) ?? (question?.state === 'rejected' ? rejection(view, question) : tooLate(view))
}

/** Since it was written so: nobody writes that it rests. */
const newerRest = ({ writtenAt }: LaneDocument, text: string): Act => ({
  kind: 'rest',
  rest: { why: 'newer-schema', text, since: writtenAt, until: null, side: null, tries: 1 },
})

/**
 * A far side that did not answer is not asked again before its pause is over, nor while another lane asks it; unless it
 * answers others again.
 */
const stillResting = ({ doc, now, sides, moved }: View): Act | null => {
  const { rest: last } = doc
  if (last === null || moved || !TROUBLED.has(last.why)) return null
  const away = last.side === null ? undefined : sides[last.side]
  if (away === undefined && last.side !== null && last.why !== 'bug') return null
  const until = last.until ?? 0
  if (now < until) return { kind: 'rest', rest: last }
  return asksItself(away, doc.lane, now) ? null : { kind: 'rest', rest: { ...last, until: away?.until ?? null } }
}

/** Whether there is something to carry out: a pool's lane rests besides, and does what `besideRun` says. */
const hasWork = ({ doc }: View): boolean => doc.desired !== null && doc.outcome === null

const withoutRun = (view: View): Act =>
  view.line !== null && !hasWork(view) ? granting(view, view.line) : unbegun(view)

const unbegun = (view: View): Act => {
  const { doc } = view
  const own = asOfTurn(doc)
  if (own !== doc)
    return repeating({ ...view, doc: own }, `; ${view.kind.titleOf(doc.desired as never)} waits behind it`)
  if (doc.desired !== null && doc.outcome === null) return awaySide(view, 'cluster') ?? { kind: 'plan' }
  if (isRefusedElsewhere(view)) return { kind: 'fold' }
  if (mustRetire(view)) return frozen(view) ?? { kind: 'retire' }
  const waiting = view.later[0]
  // What failed in passing is repeated, whatever else is waited for.
  if (waiting?.waits != null && !mayRepeat(view))
    return rest(view, {
      why: waiting.waits.reason,
      text: `${endedText(view.doc)}waits: ${waiting.waits.detail}`,
      side: waiting.waits.side,
    })
  const { outcome } = doc
  if (outcome === null)
    return doc.held === null ? rest(view, { why: 'done', text: 'nothing was ever wanted of it' }) : parked(view)
  if (outcome.kind === 'succeeded' && doc.held === null)
    return rest(view, { why: 'done', text: doneText(view, outcome) })
  return mayRepeat(view) ? repeating(view) : parked(view)
}

/** What stands otherwise than it was left is said first. */
const doneText = ({ kind, policy, doc: { beside, desired } }: View, { detail }: Ended): string => {
  const floored = policy.floored === undefined ? '' : `; ${policy.floored}`
  const text = `${kind.titleOf(desired as never)}: ${detail}${floored}`
  return beside === undefined ? text : `${beside}; ${text}`
}

/** What failed in passing begins again after a pause. */
const repeating = (view: View, also = ''): Act => {
  const { attempt, reason, at: since } = view.doc.outcome as Ended
  const at = since + pauseAfter(view.doc.attempt + 3)
  if (view.now >= at) return { kind: 'again' }
  return rest(view, {
    why: 'pause',
    text: `attempt ${attempt} failed (${reason}), which another may cure: it begins in a moment${also}`,
    until: at,
  })
}

const withRun = (view: View, run: Run): Act => {
  if (run.ending !== null) return ending(view, run, run.ending)
  const stop = whyStop(view, run)
  if (stop !== null) return hasBegun(run) ? { kind: 'end', ending: stop } : { kind: 'close', outcome: stop }
  switch (run.phase) {
    case 'planned':
      return planned({ ...view, doc: asOfTurn(view.doc) }, run)
    case 'asked':
      return asked(view, run, run.question as Question)
    case 'waiting-for-room':
      if (keptBack(view, run) !== null) return { kind: 'leave-line' }
      return awaySide(view, 'cluster') ?? { kind: 'hold' }
    case 'steps':
      return (
        (hasBegun(run) ? null : beforeBeginning(view, run)) ??
        askingMore(view, run) ??
        askingIdle(view, run) ??
        stepping(view, run)
      )
    default:
      return stepping(view, run)
  }
}

/** What was granted or held and has begun nothing yet: it gives that back where it may not begin so, or not now. */
const beforeBeginning = (view: View, run: Run): Act | null =>
  keptBack(view, run) !== null || outOfBounds(view, run) !== null ? { kind: 'leave-line' } : lookingAgain(view, run)

/**
 * Whether something newer lets it finish. What has begun nothing, and carries over nothing that was paid for, has nothing to finish: it is
 * superseded at once, unless it is the same again.
 */
const finishes = (view: View, run: Run): boolean =>
  view.doc.onNewer === 'finish' ? hasBegun(run) || carriesOver(run) : hasBegun(run) && isWanted(view, run)

/** Why the run under way must stop, whatever waits behind it: asked before every act. */
const whyStop = (view: View, run: Run): Outcome | null => {
  const { doc, kind } = view
  const begun = hasBegun(run)
  if (run.cancelled !== null) return cancelledOf(run)
  if (!sameRun(run, doc) && !finishes(view, run)) return run.generation === doc.generation ? BEGUN_ANEW : SUPERSEDED
  if (begun) return kind.stands && isOnTheWay(run) ? whyNoRule(view, run) : null
  return whyNoRule(view, run) ?? whyNoMore(view, run)
}

/** By the policy in force: it has none, or none that acts. What stands and is on its way goes back then; all else ends by its plan (law 18). */
const whyNoRule = ({ doc, policy, kind }: View, { desired, steps }: Run): Outcome | null => {
  const cancelled = (detail: string): Outcome => ({ kind: 'cancelled', reason: 'not-configured', detail })
  const rule = ruleFor(kind, doc.lane, policy)
  if (isRetiring({ kind }, desired)) return rule === null ? null : cancelled('the policy has a rule for it again')
  if (rule === null) return cancelled('the policy has no rule for it any more')
  if (rule.mode !== 'shadow') return null
  const before = hasBegun({ steps }) ? '' : ' before it had any effect'
  return cancelled(`its rule was switched to shadow${before}`)
}

const planned = (view: View, run: Run): Act => {
  const { plan } = view
  const anew: Act = run.hold === null ? (awaySide(view, 'cluster') ?? { kind: 'plan' }) : { kind: 'leave-line' }
  if (plan === null || plan.plan.digest !== run.digest || !isOfChoice(view, plan.plan)) return anew
  const question = covers(view, plan.plan)
  const kept = keptBack(view, run)
  // What it kept while its source was away is nobody's where it may not begin so, or not now.
  if (run.hold !== null && (question !== 'yes' || kept !== null)) return { kind: 'leave-line' }
  // What people are asked about, and what waits to begin, is what the policy says now: other pools may be frozen than what it needs.
  if ((question === 'no' || kept !== null) && isOfOtherPolicy(view, plan.plan)) return anew
  if (question === 'no') return keptByRung(view, run) ?? (isToldOtherwise(view) ? anew : asking(view, run, plan.plan))
  return kept ?? awaySide(view, 'cluster') ?? lookingAgain(view, run) ?? { kind: 'hold' }
}

/** Whether it is the plan that people chose, where they chose another one than was asked about. */
const isOfChoice = ({ doc: { approved } }: View, { digest }: Plan): boolean =>
  approved?.question.chosen === undefined || approved.question.digest === digest

/** Nobody is asked about what may not begin; and what a rung has kept back is planned anew before: it may ask no more. */
const isToldOtherwise = ({ doc, fresh }: View): boolean => isOnRung(doc.rest) && !fresh

const asking = (view: View, run: Run, { bounds }: Plan): Act => {
  if (run.asked >= QUESTIONS && !isOutdatedByRung(view, run)) return { kind: 'close', outcome: CHANGED_TWICE }
  return answerUntil(view, votesUntil(bounds, view.now)) === null
    ? { kind: 'close', outcome: asksTooLate(view) }
    : { kind: 'ask' }
}

const CHANGED_TWICE: Outcome = {
  kind: 'refused',
  reason: 'changed-while-asked',
  detail: 'what was approved changed twice before it could begin: look at what keeps changing, then say retry',
}
