import type { Outcome } from '../reasons.ts'
import { mayGoOn, newRun } from './attempts.ts'
import { asOfTurn, cancelledBehind, withTurn } from './before.ts'
import { CANCELLED, endingText, isBeingCancelled, namedIn, noLongerSo, refuse, type Said } from './commanded.ts'
import { hasBegun, type LaneDocument, type Run, sameRun } from './document.ts'
import { doneWith } from './done-with.ts'
import type { Ended } from './ended.ts'
import type { CommandLetter } from './letters.ts'
import type { View } from './view.ts'
import { waitsIn } from './wanted.ts'

/** What tells what a cancel reaches: no policy does. */
export type Cancelling = Pick<View, 'doc' | 'kind' | 'now' | 'letters' | 'later'>

/** How a run ends that a person has cancelled; null: nobody has. */
export const cancelledOf = ({ cancelled }: Run): Outcome | null =>
  cancelled === null ? null : { kind: 'cancelled', reason: null, detail: `cancelled by ${cancelled.by}` }

/** Reaches the run under way, whatever waits behind it; `wanted` cancels that instead. */
export const cancel = (view: Cancelling, letter: CommandLetter): Said => {
  const { doc } = view
  const { run } = doc
  const waits = waitsIn(doc)
  if (letter.wanted && !waits) return refuse('nothing-in-progress', nothingWaits(view, letter))
  const first = asOfTurn(doc)
  if (run === null && !letter.wanted && mayGoOn({ doc: first }))
    return noLongerSo(view, first, letter) ?? cancelRepeat(view, first)
  if (letter.wanted || (run === null && waits)) return noLongerSo(view, doc, letter) ?? cancelWanted(view, letter)
  if (run === null) return cancelAgreed(doc) ?? refuse('nothing-in-progress', nothingText(view))
  const other = noLongerSo(view, run, letter)
  if (other !== null) return other
  if (run.ending !== null) return cancelEnding(view, run, run.ending)
  const cancelled = run.cancelled ?? { by: letter.by, at: view.now }
  return { kind: 'did', doc: { ...doc, run: { ...run, cancelled } }, detail: cancelText(view, run, waits) }
}

/** What people have agreed to, which was refused then and begins by itself once it may: that yes counts no more. Null: there is none. */
const cancelAgreed = (doc: LaneDocument): Said | null =>
  doc.outcome?.kind === 'refused' && doc.approved?.begun === false
    ? {
        kind: 'did',
        doc: { ...doc, approved: null },
        detail:
          'what was agreed to and refused then is not begun by that any more: people are asked anew once it may begin',
      }
    : null

/** Not even one that uses none up. */
const NONE = -1

/** What ends already goes on with that; where another attempt would begin by itself once it has ended, none does. */
const cancelEnding = ({ doc, kind }: Cancelling, run: Run, ending: Outcome): Said => {
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
const cancelRepeat = ({ doc, kind }: Cancelling, first: LaneDocument): Said => ({
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

const nothingWaits = (view: Cancelling, { saw }: CommandLetter): string => {
  const { lane, run } = view.doc
  return saw !== null && saw !== 'idle' && sameRun(run, saw)
    ? `nothing waits in ${lane}: generation ${saw.generation} has begun meanwhile, cancel it without --wanted`
    : (notWanted(view) ?? `nothing waits in ${lane}`)
}

const nothingText = (view: Cancelling): string =>
  notWanted(view) ?? `${view.doc.lane} has nothing in progress (${endedText(view.doc)})`

/** What its source says again begins by itself: nobody can stop that before. */
const endedText = ({ outcome }: LaneDocument): string =>
  outcome?.kind === 'superseded'
    ? `superseded: ${outcome.detail}; what its source names next begins by itself, and can be cancelled then`
    : (outcome?.kind ?? 'nothing was ever wanted')

/** What its source is not ready for; null: nothing. */
const notWanted = ({ doc: { lane }, letters, later }: Cancelling): string | null => {
  const looks = [...letters, ...later].filter((letter) => letter.kind === 'look')
  const waits = looks.find((look) => look.waits !== null)?.waits
  return waits == null
    ? null
    : `what came to ${lane} waits (${waits.detail}), and nothing is wanted of it yet that could be cancelled`
}

const cancelText = ({ doc, kind }: Cancelling, run: Run, waits: boolean): string => {
  const stops = `attempt ${run.attempt} of generation ${run.generation} ${hasBegun(run) ? 'stops at its next safe point and goes back' : 'stops before it begins anything'}`
  return waits ? `${stops}; ${namedIn({ kind }, doc)} waits behind it and goes on: cancel it with --wanted` : stops
}

/** What is wanted and has no run: it ends here. */
const cancelWanted = ({ doc, now, kind }: Cancelling, letter: CommandLetter): Said => {
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
    ...(doc.approved?.begun === true ? {} : { untried: true }),
    stages: [],
  }
  return { kind: 'did', doc: cancelledBehind(doc, outcome), detail }
}
