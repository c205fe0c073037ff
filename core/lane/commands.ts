import { nameOf } from '../answers.ts'
import { ruleFor } from '../lane-kinds/catalogue.ts'
import { mayOperate } from '../policy/approvals.ts'
import type { Decision } from '../reactions/reaction.ts'
import type { CommandRefusal, Outcome } from '../reasons.ts'
import { said } from '../text.ts'
import { mayGoOn, mayRepeat, newRun, nextAttempt } from './attempts.ts'
import { asOfTurn, cancelledBehind, turnOf, withTurn } from './before.ts'
import { type Change, changed, DETAIL, moment } from './change.ts'
import { hasBegun, type LaneDocument, type Run, sameRun, wantedRun } from './document.ts'
import { doneWith } from './done-with.ts'
import type { Ended } from './ended.ts'
import { beginnings, carried, keptFrom } from './kept.ts'
import type { CommandLetter, Seen } from './letters.ts'
import { isRetiring } from './retiring.ts'
import { isOfAside, noLongerSaid, ofRetry } from './retrying.ts'
import type { View } from './view.ts'
import { waitsIn } from './wanted.ts'

type Said =
  | { kind: 'did'; doc: LaneDocument; detail: string }
  /** `doc`: what the lane knows since somebody has looked; left out: nothing new. */
  | { kind: 'refused'; reason: CommandRefusal; detail: string; doc?: LaneDocument }

/** A person's retry or cancel: done to what that person saw, and answered with what it reached. `now`: what the source of a retry says. */
export const foldCommand = (view: View, given: CommandLetter, now: Decision | null = null): Change => {
  const { doc } = view
  const { approvals } = view.policy
  const letter = { ...given, by: nameOf(given.by, approvals) }
  const answer = notAllowed(view, given) ?? (letter.kind === 'retry' ? retry(view, letter, now) : cancel(view, letter))
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

const refuse = (reason: CommandRefusal, detail: string): Said => ({ kind: 'refused', reason, detail })

/** Who may say so is the policy's as it is now (law 15). */
const notAllowed = ({ policy: { approvals } }: View, { by, kind }: CommandLetter): Said | null =>
  mayOperate(by, approvals)
    ? null
    : refuse('not-an-operator', `${by} is none of approvals.operators, who alone may ${kind}: ask one of them`)

type Attempt = Exclude<Seen, 'idle'>

const attemptOf = ({ generation, attempt }: Attempt): Attempt => ({ generation, attempt })

/** What a lane shows to somebody who is about to say this: the attempt that it would reach. */
export const shownFor = (doc: LaneDocument, { kind, wanted }: Pick<CommandLetter, 'kind' | 'wanted'>): Seen => {
  if (kind === 'retry') return doc.desired === null ? 'idle' : attemptOf(doc)
  if (doc.run !== null && !wanted) return attemptOf(doc.run)
  const first = wanted ? doc : asOfTurn(doc)
  return waitsIn(first) || (!wanted && mayGoOn({ doc: first })) ? attemptOf(first) : 'idle'
}

/** What the letter names must still be so: a lane moves on while a person types. */
const noLongerSo = ({ kind }: View, now: LaneDocument | Run, { saw, wanted }: CommandLetter): Said | null => {
  if (saw !== 'idle' && (saw === null || sameRun(now, saw))) return null
  const { generation, attempt, desired } = now
  const title = kind.titleOf(desired as never)
  return refuse(
    'no-longer-so',
    saw === 'idle'
      ? `nothing ${wanted ? 'waited' : 'was in progress'}; ${title} (generation ${generation}) has ${wanted ? 'come' : 'begun'} meanwhile: look again`
      : `you saw generation ${saw.generation}, attempt ${saw.attempt}; now it is generation ${generation}, attempt ${attempt}: look again`,
  )
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
  const next: LaneDocument = { ...nextAttempt(doc, view.now), attemptsLeft: policy.retries, ...kept }
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

const namedIn = (
  { kind }: Pick<View, 'kind'>,
  { desired, generation }: Pick<LaneDocument, 'desired' | 'generation'>,
): string => `${kind.titleOf(desired as never)} (generation ${generation})`

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

const isBeingCancelled = ({ ending, cancelled }: Run): boolean =>
  ending === null ? cancelled !== null : ending.kind === 'cancelled'

const CANCELLED = 'it is being cancelled: say retry once it is gone'

const endingText = ({ ending }: Run): string => `it is ending already (${ending?.kind})`

const noStageText = (doc: LaneDocument, ended: Ended, from: string | null): string => {
  const all = beginnings(doc, ended)
  return all.length === 0
    ? `there is no stage of ${doc.lane} to begin from: say retry without --from`
    : `there is no stage ${from} to begin from: it is one of ${all.join(', ')}, or say retry without --from`
}

/** Reaches the run under way, whatever waits behind it; `wanted` cancels that instead. */
const cancel = (view: View, letter: CommandLetter): Said => {
  const { doc } = view
  const { run } = doc
  const waits = waitsIn(doc)
  if (letter.wanted && !waits) return refuse('nothing-in-progress', nothingWaits(view, letter))
  const first = asOfTurn(doc)
  if (run === null && !letter.wanted && mayGoOn({ doc: first }))
    return noLongerSo(view, first, letter) ?? cancelRepeat(view, first)
  if (letter.wanted || (run === null && waits)) return noLongerSo(view, doc, letter) ?? cancelWanted(view, letter)
  if (run === null) return refuse('nothing-in-progress', nothingText(view))
  const other = noLongerSo(view, run, letter)
  if (other !== null) return other
  if (run.ending !== null) return cancelEnding(view, run, run.ending)
  const cancelled = run.cancelled ?? { by: letter.by, at: view.now }
  return { kind: 'did', doc: { ...doc, run: { ...run, cancelled } }, detail: cancelText(view, run, waits) }
}

/** Not even one that uses none up. */
const NONE = -1

/** What ends already goes on with that; where another attempt would begin by itself once it has ended, none does. */
const cancelEnding = ({ doc, kind }: View, run: Run, ending: Outcome): Said => {
  const first = asOfTurn(doc)
  const isRepeated = sameRun(run, first) && mayGoOn({ doc: { outcome: ending, attemptsLeft: first.attemptsLeft } })
  if (!isRepeated) return refuse('too-late', isBeingCancelled(run) ? CANCELLED : `${endingText(run)}: ${ending.detail}`)
  return {
    kind: 'did',
    doc: notRepeated({ doc, kind }, first, ending),
    detail: `attempt ${run.attempt} of generation ${run.generation} ends (${ending.reason}) and is not repeated; ${first === doc ? 'say retry for another once it has' : `${namedIn({ kind }, doc)} begins then`}`,
  }
}

/** A failed attempt that would be repeated in a moment is not; what waits behind it begins. */
const cancelRepeat = ({ doc, kind }: View, first: LaneDocument): Said => ({
  kind: 'did',
  doc: notRepeated({ doc, kind }, first, first.outcome),
  detail: `attempt ${first.attempt} of generation ${first.generation} failed and is not repeated; ${first === doc ? 'say retry for another' : `${namedIn({ kind }, doc)} begins`}`,
})

/** What ends so is over for good, and known as that once something else is wanted. */
const notRepeated = (
  { doc, kind }: Pick<View, 'doc' | 'kind'>,
  first: LaneDocument,
  ending: Outcome | null,
): LaneDocument => {
  const over = { ...first, attemptsLeft: NONE }
  const after = withTurn(doc, over)
  return first === doc ? after : { ...after, ...doneWith({ doc, kind }, { ...over, outcome: ending as Ended | null }) }
}

const nothingWaits = (view: View, { saw }: CommandLetter): string => {
  const { lane, run } = view.doc
  return saw !== null && saw !== 'idle' && sameRun(run, saw)
    ? `nothing waits in ${lane}: generation ${saw.generation} has begun meanwhile, cancel it without --wanted`
    : (notWanted(view) ?? `nothing waits in ${lane}`)
}

const nothingText = (view: View): string =>
  notWanted(view) ?? `${view.doc.lane} has nothing in progress (${endedText(view.doc)})`

/** What its source says again begins by itself: nobody can stop that before. */
const endedText = ({ outcome }: LaneDocument): string =>
  outcome?.kind === 'superseded'
    ? `superseded: ${outcome.detail}; what its source names next begins by itself, and can be cancelled then`
    : (outcome?.kind ?? 'nothing was ever wanted')

/** What its source is not ready for; null: nothing. */
const notWanted = ({ doc: { lane }, letters, later }: View): string | null => {
  const looks = [...letters, ...later].filter((letter) => letter.kind === 'look')
  const waits = looks.find((look) => look.waits !== null)?.waits
  return waits == null
    ? null
    : `what came to ${lane} waits (${waits.detail}), and nothing is wanted of it yet that could be cancelled`
}

const cancelText = ({ doc, kind }: View, run: Run, waits: boolean): string => {
  const stops = `attempt ${run.attempt} of generation ${run.generation} ${hasBegun(run) ? 'stops at its next safe point and goes back' : 'stops before it begins anything'}`
  return waits ? `${stops}; ${namedIn({ kind }, doc)} waits behind it and goes on: cancel it with --wanted` : stops
}

/** What is wanted and has no run: it ends here. */
const cancelWanted = ({ doc, now, kind }: View, letter: CommandLetter): Said => {
  const detail = `${namedIn({ kind }, doc)} is cancelled before it began`
  // What it was to take the place of must go back first: a run does that.
  if (doc.run === null && doc.halfway === true)
    return { kind: 'did', doc: { ...doc, run: { ...newRun(doc, now), cancelled: { by: letter.by, at: now } } }, detail }
  const outcome: Ended = {
    kind: 'cancelled',
    reason: null,
    detail: `cancelled by ${letter.by}`,
    generation: doc.generation,
    attempt: doc.attempt,
    at: now,
    against: null,
    stages: [],
  }
  return { kind: 'did', doc: cancelledBehind(doc, outcome), detail }
}
