import { nameOf } from '../answers.ts'
import { ruleFor } from '../lane-kinds/catalogue.ts'
import { mayOperate, notAnOperator } from '../policy/approvals.ts'
import type { Decision } from '../reactions/reaction.ts'
import { said } from '../text.ts'
import { mayGoOn, mayRepeat, nextAttempt } from './attempts.ts'
import { asOfTurn, turnOf } from './before.ts'
import { type Cancelling, cancel } from './cancelling.ts'
import { type Change, changed, DETAIL, moment } from './change.ts'
import { CANCELLED, endingText, isBeingCancelled, namedIn, noLongerSo, refuse, type Said } from './commanded.ts'
import { hasBegun, type LaneDocument, sameRun, wantedRun } from './document.ts'
import type { Ended } from './ended.ts'
import { beginnings, carried, keptFrom } from './kept.ts'
import type { CommandLetter, Seen } from './letters.ts'
import { refusedAnew } from './made-anew.ts'
import { jobUnderWay } from './marks.ts'
import { isRetiring } from './retiring.ts'
import { isOfAside, noLongerSaid, ofRetry } from './retrying.ts'
import type { View } from './view.ts'
import { waitsIn } from './wanted.ts'

/** A person's retry or cancel: done to what that person saw, and answered with what it reached. `now`: what the source of a retry says. */
export const foldCommand = (view: View, given: CommandLetter, now: Decision | null = null): Change => {
  const letter = { ...given, by: nameOf(given.by, view.policy.approvals) }
  const answer =
    notAllowed(view.policy, given) ?? (letter.kind === 'retry' ? retry(view, letter, now) : cancel(view, letter))
  return answered(view.doc, letter, answer)
}

/**
 * A cancel of the run under way while its lane cannot be read: what it reaches, document and plan say. `policy` null: nobody can read that either,
 * so nobody knows who may say so, and to stop is the safe side. `rests`: what the rest of it waits for.
 */
export const foldCancelUnread = (
  view: Cancelling & { policy: View['policy'] | null },
  given: CommandLetter,
  rests: string,
): Change => {
  const { policy, doc } = view
  const letter = policy === null ? given : { ...given, by: nameOf(given.by, policy.approvals) }
  const answer = (policy === null ? null : notAllowed(policy, given)) ?? cancel(view, letter)
  const waits = `${answer.detail}; ${unreadText(doc)} (${rests})`
  return answered(doc, letter, answer.kind === 'did' ? { ...answer, detail: waits } : answer)
}

/** What of a cancel takes effect without a policy, and what does not. */
const unreadText = (doc: LaneDocument): string => {
  if (jobUnderWay(doc) !== undefined) return 'its Job is told to end now, and the rest waits until its lane can be read'
  return doc.run !== null && hasBegun(doc.run)
    ? 'nothing more of it begins, and what it has brought up stays until its lane can be read'
    : 'nothing of it begins, and it closes once its lane can be read'
}

const answered = (doc: LaneDocument, letter: CommandLetter, answer: Said): Change => {
  const did = answer.kind === 'did'
  const { doc: after = doc } = answer
  return changed(after, {
    removed: [letter],
    moments: [
      moment('note', `${letter.by} says ${letter.kind}: ${answer.detail}`, {
        run: doc.run ?? wantedRun(after),
        data: {
          became: did ? 'recorded' : 'refused',
          reason: did ? null : answer.reason,
          detail: said(answer.detail, DETAIL),
          letters: [letter.id],
        },
      }),
    ],
    counts: [did ? `command:${letter.kind}` : `refused:${answer.reason}`],
  })
}

/** Who may say so is the policy's as it is now (law 15). */
const notAllowed = ({ approvals }: View['policy'], { by, kind }: CommandLetter): Said | null =>
  mayOperate(by, approvals) ? null : refuse('not-an-operator', notAnOperator(by, kind, approvals))

type Attempt = Exclude<Seen, 'idle'>

const attemptOf = ({ generation, attempt }: Attempt): Attempt => ({ generation, attempt })

/** What a lane shows to somebody who is about to say this: the attempt that it would reach. */
export const shownFor = (doc: LaneDocument, { kind, wanted }: Pick<CommandLetter, 'kind' | 'wanted'>): Seen => {
  if (kind === 'retry') return doc.desired === null ? 'idle' : attemptOf(doc)
  if (doc.run !== null && !wanted) return attemptOf(doc.run)
  const first = wanted ? doc : asOfTurn(doc)
  return waitsIn(first) || (!wanted && mayGoOn({ doc: first })) ? attemptOf(first) : 'idle'
}

/** Whether another attempt would begin if somebody said so now. */
export const mayRetry = (view: Pick<View, 'doc' | 'kind' | 'policy'>): boolean => {
  const { doc } = view
  return doc.desired !== null && doc.run === null && doc.outcome !== null && whyNoRule(view) === null
}

/** What no rule acts for would be cancelled as soon as it has started. */
const whyNoRule = ({ doc, kind, policy }: Pick<View, 'doc' | 'kind' | 'policy'>): Said | null => {
  const rule = ruleFor(kind, doc.lane, policy)
  if (rule === null && doc.desired !== null && isRetiring({ kind }, doc.desired)) return null
  if (rule === null)
    return refuse('not-configured', `the policy has no rule for ${doc.lane} any more: put it back first`)
  return rule.mode === 'shadow'
    ? refuse('in-shadow', `the rule of ${doc.lane} is in shadow and touches nothing: set its mode to act first`)
    : null
}

/** Of what the person saw: that may be what was cancelled behind a run which has ended. */
const retry = (given: View, letter: CommandLetter, now: Decision | null): Said => {
  const view = ofRetry(given, letter)
  const { doc, policy } = view
  if (isOfAside(given, letter) && mayRepeat(given)) return refuse('in-progress', busyText(given))
  if (doc.desired === null) return refuse('nothing-wanted', `${doc.lane} never wanted anything`)
  if (doc.run !== null || doc.outcome === null) return refuse('in-progress', busyText(view))
  const other = noLongerSo(view, doc, letter) ?? whyNoRule(view)
  if (other !== null) return other
  const kept = keptFrom(doc, doc.outcome, letter.from)
  if (kept === null) return refuse('no-such-stage', noStageText(doc, doc.outcome, letter.from))
  const anew = { ...doc, desired: refusedAnew(view) }
  const next: LaneDocument = { ...nextAttempt(anew, view.now), attemptsLeft: policy.retries, ...kept }
  const names = carried(next).map(({ step }) => step)
  const gone = names.length === 0 && now !== null ? noLongerSaid(view, { now, inPlace: view === given }) : null
  if (gone !== null) return { kind: 'refused', reason: 'source-says-otherwise', ...gone }
  // What is planned next tells: the policy or what was made may have changed since.
  const keeps = names.length === 0 ? '' : `, keeping ${names.join(', ')} where nothing of it has changed`
  return {
    kind: 'did',
    doc: next,
    detail: `attempt ${next.attempt} of generation ${next.generation} has started${keeps}`,
  }
}

/** What goes on, and what to do about it: what was wanted before is not cancelled for what is wanted now. */
const busyText = (view: View): string => {
  const { doc } = view
  const { run, aside } = doc
  const first = turnOf(doc)
  if (run === null && first !== null)
    return `${namedIn(view, first)} is tried again in a moment, and keeps what was finished: ${namedIn(view, doc)} begins by itself once that has ended`
  const cancelled = run !== null && isBeingCancelled(run)
  if (aside !== undefined && (run !== null || mayRepeat(view)))
    return `${namedIn(view, run ?? doc)} goes on: say retry of ${namedIn(view, aside)} once that has ended`
  if (run === null || (sameRun(run, doc) && run.ending === null && !cancelled))
    return `${doc.lane} is being carried out: cancel it first`
  if (sameRun(run, doc)) return cancelled ? CANCELLED : `${endingText(run)}: say retry once that is over`
  return doc.outcome === null
    ? `${namedIn(view, doc)} begins by itself once ${namedIn(view, run)} has ended`
    : `${namedIn(view, run)} goes on: say retry of ${namedIn(view, doc)} once that has ended`
}

const noStageText = (doc: LaneDocument, ended: Ended, from: string | null): string => {
  const all = beginnings(doc, ended)
  return all.length === 0
    ? `there is no stage of ${doc.lane} to begin from: say retry without --from`
    : `there is no stage ${from} to begin from: it is one of ${all.join(', ')}, or say retry without --from`
}
