import type { Decision } from '../reactions/reaction.ts'
import { said } from '../text.ts'
import { whereOf } from './answering.ts'
import { asAside } from './before.ts'
import { DETAIL } from './change.ts'
import { type LaneDocument, sameRun } from './document.ts'
import { doneWith, isOver, saidNoMore, saysOtherwise } from './done-with.ts'
import type { Ended } from './ended.ts'
import { carried, keptFrom } from './kept.ts'
import { letterTo } from './letter-to.ts'
import type { CommandLetter, LookLetter } from './letters.ts'
import type { View } from './view.ts'

/** Whether a retry is of what was cancelled behind a run that has ended since. */
export const isOfAside = ({ doc: { run, aside } }: Pick<View, 'doc'>, { saw }: Pick<CommandLetter, 'saw'>): boolean =>
  run === null && aside !== undefined && saw !== null && saw !== 'idle' && sameRun(aside, saw)

/** The lane with what a retry is of in its place. */
export const ofRetry = <V extends Pick<View, 'doc' | 'kind'>>(view: V, letter: Pick<CommandLetter, 'saw'>): V => {
  if (!isOfAside(view, letter)) return view
  // What is over for good in whose place it comes is known.
  return { ...view, doc: asAside({ ...view.doc, ...doneWith(view, view.doc) }) }
}

/**
 * A look at the source of what somebody wants tried again, before it is said to begin: nobody is asked about what is there no more. Null:
 * it needs none, since it goes on from what was made (law 7), or what its source says is wanted in any case.
 */
export const lookForRetry = (view: View): LookLetter | null => {
  const letter = view.letters.find((one): one is CommandLetter => one.kind === 'retry')
  if (letter === undefined || view.kind.placeOf === undefined) return null
  const { run, desired, outcome, ...doc } = ofRetry(view, letter).doc
  if (run !== null || desired === null || outcome === null) return null
  const kept = keptFrom(doc, outcome, letter.from)
  return kept === null || carried(kept).length > 0 ? null : letterTo(view, desired)
}

/** By what the facts of that look are known: due letters that point there too are answered with their own. */
export const placeForRetry = (view: View, letter: LookLetter): string => `again ${whereOf(view, letter)}`

/**
 * Why nothing is tried again, and what to do, where its source says something else now; null: it says the same. `inPlace`: it is what the lane
 * wants, not what was cancelled behind that. What has succeeded stays so, and
 * what has finished something; anything else begins anew where it is found again.
 */
export const noLongerSaid = (
  { doc, kind }: Pick<View, 'doc' | 'kind'>,
  { now, inPlace }: { now: Decision; inPlace: boolean },
): { detail: string; doc?: LaneDocument } | null => {
  const isSame = now.kind === 'intend' && kind.keyOf(now.intent.desired as never) === kind.keyOf(doc.desired as never)
  if (isSame) return null
  const ended = doc.outcome as Ended
  const detail = `its source says something else now: ${now.detail}. Upload it there again, its manifest last`
  // A command that is refused loses nothing that was paid for, nor takes anything's place.
  if (!inPlace || ended.kind === 'succeeded' || carried(doc).length > 0) return { detail }
  const outcome: Ended = { ...ended, ...saysOtherwise(now.detail) }
  const gone = { ...doc, outcome: { ...outcome, detail: said(outcome.detail, DETAIL) } }
  return {
    detail: `${detail}; what is to be found elsewhere begins by itself within minutes`,
    // What came before what is over was passed over for good.
    doc: { ...saidNoMore(gone), ...(isOver(doc) && doc.order !== null ? { passedOver: doc.order } : {}) },
  }
}
