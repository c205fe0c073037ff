import type { Facts } from '../reactions/reaction.ts'
import type { Act } from './act.ts'
import { awaitingAnswer } from './asked.ts'
import { isAskedOtherwise, settlePlanned } from './asked-otherwise.ts'
import { settleAsk, settleExpire, settleMoveCard, settleRemind, standsElsewhere } from './asking.ts'
import { settleAgain } from './attempts.ts'
import { inTurn } from './before.ts'
import { boundElsewhere } from './bound.ts'
import { type Resized, settleEndLeases, settleMarkCeiling, settleResized } from './ceilings.ts'
import { type Change, changed, moment, pauseAfter, resting } from './change.ts'
import { type LastLook, type Left, settleClear } from './clearing.ts'
import { close } from './closing.ts'
import type { Rest, Run } from './document.ts'
import { settleEnd } from './ending.ts'
import { fold } from './fold.ts'
import { settleGoBack } from './going-back.ts'
import { type Head, settleGrant } from './granting.ts'
import { restUnread, settleHold, settleLeaveLine } from './holding.ts'
import { settleAskIdle } from './idle.ts'
import { atRest } from './keeping.ts'
import { told } from './lacking.ts'
import { settleClimb } from './laddering.ts'
import { settleLookAgain } from './looking-again.ts'
import { markOf, withMark } from './marks.ts'
import { settleAskMore, settleNoMore } from './more.ts'
import { withPlaced } from './nodeless.ts'
import { patient } from './patience.ts'
import type { Seen } from './planning.ts'
import type { Question } from './question.ts'
import { settleRetire, withRetried } from './retiring.ts'
import { type Righted, settleRighted } from './righting.ts'
import { fitted } from './size.ts'
import { type Away, type Stepped, settleMark, settleStepped } from './stepping.ts'
import { settleMarkSuspend, settleSuspended } from './suspending.ts'
import type { Suspended } from './suspension.ts'
import type { Trouble, View } from './view.ts'
import { settleRecount } from './votes.ts'

/** What performing an act came to; what it has seen of the world is in the view. */
export type Result =
  | { kind: 'nothing' }
  /** What each place said, by where it is. */
  | ({ kind: 'looked'; facts: Readonly<Record<string, Facts>> } & Seen)
  | ({ kind: 'seen' } & Seen)
  /** `led`: that requests were led again, beside the step, to whom its way leads them. `placed`: pods of the lane on nodes, of a rollout. */
  | { kind: 'stepped'; stepped: Stepped | Away; led?: string; placed?: number }
  | { kind: 'cleared'; left: Left | null; looks: LastLook[] }
  /** Who stands first in the line. */
  | { kind: 'lined'; heads: Head[] }
  | { kind: 'resized'; resized: Resized }
  | { kind: 'righted'; came: Righted }
  | { kind: 'suspended'; came: Suspended }
  | { kind: 'trouble'; trouble: Trouble }

/** What an act comes to, as one commit: pure, total, and the only place that knows what follows from what. */
export const settle = (view: View, act: Act, result: Result): Change => {
  const change = inTime(view, settled(view, act, result))
  return { ...change, doc: fitted(patient(view, change)) }
}

/** A far side that does not answer is not waited for longer than what stands meanwhile may cost. */
const inTime = (view: View, change: Change): Change => {
  const { doc, rest } = change
  if (rest === null || doc.run === null) return change
  const bound = boundElsewhere({ ...view, doc: { ...doc, rest } }, doc.run)
  return bound === null ? change : { ...change, rest: { ...rest, until: Math.min(rest.until ?? bound.at, bound.at) } }
}

/** What needs nothing but what is known. */
const ALONE = {
  again: settleAgain,
  retire: settleRetire,
  ask: settleAsk,
  'ask-more': settleAskMore,
  'no-more': settleNoMore,
  'ask-idle': settleAskIdle,
  remind: settleRemind,
  recount: settleRecount,
  'move-card': settleMoveCard,
  expire: settleExpire,
  'leave-line': settleLeaveLine,
  'go-back': settleGoBack,
} as const

const isAlone = (act: Act): act is Extract<Act, { kind: keyof typeof ALONE }> => Object.hasOwn(ALONE, act.kind)

/** Of what serves, a pool's ceiling, or a budget's ladder; or as that says of a Job. */
const BESIDE_RUN = ['set-right', 'mark-ceiling', 'resize', 'end-leases', 'climb', 'mark-suspend', 'suspend'] as const
type BesideRun = Extract<Act, { kind: (typeof BESIDE_RUN)[number] }>
const isBesideRun = (act: Act): act is BesideRun => (BESIDE_RUN as readonly string[]).includes(act.kind)

const settled = (view: View, act: Act, result: Result): Change => {
  if (result.kind === 'trouble') return settleTrouble(view, act, result.trouble)
  if (isBesideRun(act)) return settledBesideRun(view, act, result)
  if (isAlone(act)) return inTurn(view, ALONE[act.kind])
  const seen: Seen = 'kept' in result ? result : { kept: {} }
  const run = view.doc.run as Run
  switch (act.kind) {
    case 'look':
    case 'fold':
      return withRetried(view, atRest(view, fold(view, result.kind === 'looked' ? result.facts : {}, seen)))
    case 'plan':
      return inTurn(view, (own) => settlePlanned(own, seen))
    case 'look-again':
      return settleLookAgain(view, act.letter, { facts: result.kind === 'looked' ? result.facts : {}, seen })
    case 'hold':
      return inTurn(view, (own) => settleHold(own, seen))
    case 'grant':
      return settleGrant(view, result.kind === 'lined' ? result.heads : [])
    case 'mark':
      return inTurn(view, (own) => settleMark(own, act.step))
    case 'begin':
    case 'see':
      return settledStep(view, act, result)
    case 'end':
      return settleEnd(view, act.ending)
    case 'clear':
      return result.kind === 'cleared' ? settleClear(view, result.left, result.looks) : settleClear(view, null)
    case 'close':
      return close(view, run, act.outcome)
    case 'rest':
      return changed(view.doc, { rest: act.rest })
  }
}

const settledBesideRun = (view: View, act: BesideRun, result: Result): Change => {
  if (act.kind === 'set-right') return result.kind === 'righted' ? settleRighted(view, result.came) : changed(view.doc)
  if (act.kind === 'climb') return settleClimb(view)
  if (act.kind === 'mark-ceiling') return settleMarkCeiling(view, act.gpus)
  if (act.kind === 'end-leases') return settleEndLeases(view)
  if (act.kind === 'mark-suspend') return settleMarkSuspend(view, act)
  if (act.kind === 'suspend')
    return result.kind === 'suspended' ? settleSuspended(view, act.step, result.came) : changed(view.doc)
  return result.kind === 'resized' ? settleResized(view, result.resized) : changed(view.doc)
}

/** A step, and what was set right beside it, which is told. */
const settledStep = (view: View, act: Extract<Act, { step: string }>, result: Result): Change => {
  const { stepped = NOTHING_SEEN, led, placed } = result.kind === 'stepped' ? result : {}
  const known = { ...view, doc: withPlaced(view, view.doc, placed) }
  const came = stepped.kind === 'away' ? settleAway(known, act, stepped) : settleStepped(known, act.step, stepped)
  // Where its way is over by that, or further, another part of it has none.
  const change = { ...came, doc: withPlaced(view, came.doc, placed) }
  return led === undefined ? change : told(change, { text: led, key: `led-${view.now}`, tone: 'bad' })
}

/** Its pod goes with its node, for which nobody waits. */
const settleAway = (view: View, act: Extract<Act, { step: string }>, { trouble, made }: Away): Change => {
  const { doc } = made === undefined ? view : withMark(view.doc, { ...markOf(view.doc, act.step), made }, null)
  return settleTrouble({ ...view, doc }, act, trouble)
}

/** What becomes of a question. */
const NOTHING_SEEN: Stepped = { kind: 'wait', note: 'not looked at', until: null, running: false }

/**
 * A far side that fails is not the work's failure (law 6): it rests, visibly, for as long as it takes. Refused for good ends
 * the step in the far side's own words; anything else is a bug of ours, which rests too, and alarms.
 */
const settleTrouble = (view: View, act: Act, trouble: Trouble): Change => {
  const step = act.kind === 'begin' || act.kind === 'see' ? act.step : null
  if (trouble.kind === 'refused' && step !== null)
    return settleStepped(view, step, {
      kind: 'failed',
      reason: trouble.side === 'registry' ? 'not-registered' : 'refused',
      note: trouble.said,
    })
  const why = trouble.kind === 'unavailable' || trouble.kind === 'not-allowed' ? trouble.kind : 'bug'
  if (act.kind === 'plan' && why !== 'bug' && isAskedOtherwise(view)) return askedMeanwhile(view)
  const given = { why, text: sentence(why, trouble), side: trouble.side } as const
  const answers = (tries: number): number => pauseAfter(tries, 'retryAfter' in trouble ? trouble.retryAfter : 0)
  // What was asked for may still come to be: nobody else is at the step before that is over.
  const pause = (tries: number): number =>
    act.kind === 'begin' ? Math.max(answers(tries), view.handover) : answers(tries)
  // While nobody knows whether it may begin, it soon holds nothing, and what governs beginning counts.
  const { doc, rest } = BEFORE.has(act.kind) ? restUnread(view, given, pause) : restingAsEver(view, given, pause)
  const first = rest.tries === 1
  return changed(doc, {
    rest,
    moments: first ? [moment('note', rest.text, { run: view.doc.run, data: { side: trouble.side, why } })] : [],
    counts: first ? [`${why}:${trouble.side}`] : [],
  })
}

/** People are asked on until it can be seen what an edit of the policy makes of it: who compares looks again, within minutes. */
const askedMeanwhile = (view: View): Change => {
  const run = view.doc.run as Run
  const question = run.question as Question
  const moved = standsElsewhere(question, view.policy) ? settleMoveCard(view) : changed(view.doc)
  return { ...moved, rest: awaitingAnswer(view, run, question) }
}

/** Acts that come before anything begins, and after something may have been granted. */
const BEFORE: ReadonlySet<Act['kind']> = new Set(['look-again', 'hold'])

/** What has begun, or was granted nothing, rests where it is. */
const restingAsEver = (
  view: View,
  given: Parameters<typeof resting>[1],
  pause: (tries: number) => number,
): Pick<Change, 'doc'> & { rest: Rest } => {
  const rest = resting(view, given)
  return { doc: view.doc, rest: { ...rest, until: view.now + pause(rest.tries) } }
}

const sentence = (why: 'unavailable' | 'not-allowed' | 'bug', { side, said }: Trouble): string =>
  ({
    unavailable: `${side} does not answer: ${said}`,
    'not-allowed': `${side} does not let us now: ${said}`,
    bug: `a bug of ours, at ${side}: ${said}`,
  })[why]
