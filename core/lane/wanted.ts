import type { Ignored, Outcome } from '../reasons.ts'
import { type Baseline, hasBegun, type LaneDocument, type Run, sameRun } from './document.ts'
import type { View } from './view.ts'

/** What an intent comes to on this document. */
export type Wanted =
  | { kind: 'want'; doc: LaneDocument; why: string }
  /** `doc`: what it knows by that, where it may move the lane no more than it did; left out: nothing new. */
  | { kind: 'ignore'; reason: Ignored; detail: string; doc?: LaneDocument }
  /** Nothing starts, and the document knows more than it did. */
  | { kind: 'note'; doc: LaneDocument; detail: string }
  /** What is wanted keeps its place, and nothing is known of this yet: it is refused on paper, or waits; `reason` null: nobody has looked. */
  | { kind: 'later'; reason: 'run-not-over' | null; detail: string }

/** Whether what a run carries out is what its lane wants, though something else was wanted in between. */
export const isWanted = ({ doc, kind }: Pick<View, 'doc' | 'kind'>, { desired }: Pick<Run, 'desired'>): boolean =>
  doc.desired !== null && kind.keyOf(doc.desired as never) === kind.keyOf(desired as never)

/** Whether what its lane wants is where the way back leads: then that is walked to its end, and nobody is asked for what was approved. */
export const wantsBack = ({ doc, kind }: Pick<View, 'doc' | 'kind'>): boolean =>
  doc.desired !== null && doc.outcome === null && kind.isBackAt?.(doc.desired as never, backAt(doc)) === true

/** Where nothing ever succeeded, what was judged last. */
const backAt = ({ baseline, judged = [] }: LaneDocument): Baseline | null => baseline ?? judged.at(-1) ?? null

/** Whether what is wanted has no run yet: it waits, behind another run or for its own. */
export const waitsIn = ({ desired, outcome, run, generation, attempt }: LaneDocument): boolean =>
  desired !== null && outcome === null && !sameRun(run, { generation, attempt })

/** Whether what is wanted for now is that what serves is as it was judged, beside what is wanted besides and has ended. */
export const isKeeping = ({ doc: { desired }, kind }: Pick<View, 'doc' | 'kind'>): boolean =>
  desired !== null &&
  kind.keeping !== undefined &&
  kind.keyOf(desired as never) === kind.keyOf(kind.keeping(desired as never))

/** Whether something of what the lane wants has begun, be it over by now. */
export const hadBegun = (doc: LaneDocument): boolean => {
  const { run, outcome, approved } = doc
  if (run !== null && sameRun(run, doc) && hasBegun(run)) return true
  return approved?.begun === true || outcome?.kind === 'succeeded' || outcome?.kind === 'failed'
}

/** Whether people have ended by their word what the lane wants, be it not over yet. */
export const isSaidNoTo = ({ run, outcome, ...doc }: LaneDocument): boolean => {
  const own = run !== null && sameRun(run, doc) ? run : null
  if (own?.question?.state === 'rejected' || (own?.cancelled ?? null) !== null) return true
  return isNo(outcome)
}

/** Whether people have ended something by their word. */
export const isNo = (outcome: Pick<Outcome, 'kind' | 'reason'> | null): boolean =>
  outcome?.kind === 'rejected' || (outcome?.kind === 'cancelled' && outcome.reason !== 'not-configured')
