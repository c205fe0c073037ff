import type { Desired } from '../desired.ts'
import type { Approved, Before, LaneDocument, Run } from './document.ts'
import type { Ended } from './ended.ts'
import type { Known } from './kept.ts'
import type { View } from './view.ts'
import { isWanted } from './wanted.ts'

/** What stays beside what is newly wanted: all that is of the generation which the run under way carries out. */
export const leftBeside = (doc: LaneDocument): Pick<LaneDocument, 'before'> => {
  const before = doc.run?.generation === doc.generation ? generationOf(doc) : doc.before
  return before === undefined || doc.run === null ? {} : { before }
}

const generationOf = ({
  desired,
  generation,
  attempt,
  since,
  order,
  attemptsLeft,
  approved,
  ...doc
}: LaneDocument): Before => {
  const { kept, redo = [], outcome } = doc
  return { desired, generation, attempt, since, order, attemptsLeft, approved, kept, redo, outcome }
}

/** What this says is wanted, if that was wanted before what is wanted now, and the run under way carries it out. */
export const wantedBefore = ({ doc, kind }: Pick<View, 'doc' | 'kind'>, desired: Desired): Before | null => {
  const { before, run } = doc
  if (before === undefined || before.desired === null || before.generation !== run?.generation) return null
  return kind.keyOf(before.desired as never) === kind.keyOf(desired as never) ? before : null
}

/** The document as if nothing had been wanted since. */
export const asBefore = ({ before: _, ...doc }: LaneDocument, before: Before): LaneDocument => ({
  ...doc,
  ...before,
  newest: Math.max(doc.newest ?? 0, doc.generation),
  held: null,
})

/**
 * The document once what waits behind the run is cancelled: that run, and attempts after it, go on as if it had never come. What gives way
 * to it already does not: then, or where an earlier release left nothing of the run's beside it, it ends where it is.
 */
export const cancelledBehind = (doc: LaneDocument, outcome: Ended): LaneDocument => {
  const { before, run } = doc
  return before === undefined || before.generation !== run?.generation || run.ending?.kind === 'superseded'
    ? { ...doc, outcome }
    : { ...asBefore(doc, before), aside: { ...generationOf(doc), outcome } }
}

/** Whether this is what was cancelled so. */
export const isAside = ({ doc: { aside }, kind }: Pick<View, 'doc' | 'kind'>, desired: Desired): boolean =>
  aside !== undefined && aside.desired !== null && kind.keyOf(aside.desired as never) === kind.keyOf(desired as never)

/** The document with that in its place again, cancelled as it is. */
export const asAside = ({ aside, ...doc }: LaneDocument): LaneDocument =>
  aside === undefined ? doc : asBefore(doc, aside)

/** What there is to know of it besides; empty: nothing. */
export const asideText = ({ aside }: Pick<LaneDocument, 'aside'>): string =>
  aside === undefined
    ? ''
    : `generation ${aside.generation}, which came since, was cancelled: retry --saw g${aside.generation}a${aside.attempt} begins it once this has ended`

/** What was approved of the run under way, whatever is wanted since. */
export const approvedOf = (
  { before, generation, approved }: Pick<LaneDocument, 'before' | 'generation' | 'approved'>,
  run: Pick<Run, 'generation'>,
): Approved | null => {
  if (run.generation === generation) return approved
  return before?.generation === run.generation ? before.approved : null
}

/** The document with what a run leaves to the attempts that follow it: those at what it carries out, and at nothing else. */
export const withKeptOf = (
  { doc, kind }: Pick<View, 'doc' | 'kind'>,
  run: Run,
  change: (known: Known) => Known,
): LaneDocument => {
  if (isWanted({ doc, kind }, run)) return { ...doc, ...change(doc) }
  const { before } = doc
  return before?.generation === run.generation ? { ...doc, before: { ...before, ...change(before) } } : doc
}
