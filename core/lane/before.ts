import type { Desired } from '../desired.ts'
import type { Before, LaneDocument, Run } from './document.ts'
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
  attemptsLeft,
  approved,
  ...doc
}: LaneDocument): Before => {
  const { kept, redo = [], outcome } = doc
  return { desired, generation, attempt, since, attemptsLeft, approved, kept, redo, outcome }
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
