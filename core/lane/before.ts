import type { Desired } from '../desired.ts'
import { mayRepeat, newRun } from './attempts.ts'
import type { Change } from './change.ts'
import type { Before, LaneDocument, Mark, Run } from './document.ts'
import type { Ended } from './ended.ts'
import { carried, type Known, withJudged } from './kept.ts'
import type { Approved, Ran } from './question.ts'
import type { View } from './view.ts'
import { isWanted } from './wanted.ts'

/**
 * What stays beside what is newly wanted: all that is of the generation which the run under way carries out, or which carries over what
 * it has paid for. What of that was wanted and has no run yet has one at once.
 */
export const leftBeside = (
  { before: last, ...doc }: LaneDocument,
  { onNewer, now }: Pick<LaneDocument, 'onNewer'> & { now: number },
): Partial<Pick<LaneDocument, 'before' | 'run'>> => {
  const { run, generation, outcome } = doc
  const own = run === null ? last === undefined : run.generation === generation
  const before = own ? generationOf(doc) : last
  if (before === undefined) return {}
  if (run !== null) return { before }
  if (onNewer !== 'finish' || !isPaidFor(before)) return {}
  return own && outcome === null ? { before, run: newRun(doc, now) } : isDue(before) ? { before } : {}
}

/** Whether it has finished something that the next attempt at it carries over. */
const isPaidFor = (before: Before): boolean => carried(before).length > 0

/** Whether it has no run and is repeated before anything that came since begins, where that lets it finish (law 7). */
const isDue = (before: Before): boolean => isPaidFor(before) && mayRepeat({ doc: before })

/** What came before what is wanted and has its turn: the run under way is of it, or its next attempt. Null: what is wanted has. */
export const turnOf = ({ before, run, onNewer }: Pick<LaneDocument, 'before' | 'run' | 'onNewer'>): Before | null => {
  if (before === undefined) return null
  const has = run === null ? onNewer === 'finish' && isDue(before) : run.generation === before.generation
  return has ? before : null
}

/** The document as what has its turn knows it: whatever came since is not there. */
export const asOfTurn = (doc: LaneDocument): LaneDocument => {
  const before = turnOf(doc)
  return before === null ? doc : { ...asBefore(doc, before), held: doc.held }
}

/** The document after a change of that one; what came since has its turn once there is no more of it. */
export const withTurn = (doc: LaneDocument, after: LaneDocument): LaneDocument => {
  if (turnOf(doc) === null) return after
  const { before: _, ...was } = doc
  const { newest: __, ...is } = after
  // What is wanted of it has a run at once: what is wanted of the lane is something else.
  const run = after.run ?? (after.outcome === null ? newRun(after, after.since) : null)
  const next: LaneDocument = { ...doc, ...is, ...generationOf(was), run, before: generationOf(after) }
  return turnOf(next) === null ? withoutBefore(next) : next
}

const withoutBefore = ({ before: _, ...doc }: LaneDocument): LaneDocument => doc

/** A change that is of what has its turn alone. */
export const inTurn = (view: View, settle: (own: View) => Change): Change => {
  const change = settle({ ...view, doc: asOfTurn(view.doc) })
  return { ...change, doc: withTurn(view.doc, change.doc) }
}

/** The document after a run of what came before has ended, with that where it is repeated first. */
export const withRepeat = (
  after: LaneDocument,
  { before, outcome }: LaneDocument,
  { at, cost, ran }: { at: Ended; cost: number; ran: Ran | null },
): LaneDocument => {
  if (before === undefined || before.generation !== at.generation || outcome !== null) return after
  const next = {
    ...after,
    before: { ...before, outcome: at, approved: spentMore(before.approved, { cost, ran }) },
  }
  return turnOf(next) === null ? after : next
}

/** The document once what waited behind a run, or was cancelled there, knows that this is over. */
export const afterRun = (
  kind: View['kind'],
  doc: LaneDocument,
  over: Pick<LaneDocument, 'desired' | 'outcome'>,
): LaneDocument =>
  doc.desired === null || kind.after === undefined ? doc : { ...doc, desired: kind.after(doc.desired as never, over) }

/** What is left of an approval once an attempt under it is over. */
export const spentMore = (
  approved: Approved | null,
  { cost, ran }: { cost: number; ran: Ran | null },
): Approved | null =>
  approved === null || cost === 0 ? approved : withRan({ ...approved, spent: approved.spent + cost }, ran)

const withRan = ({ ran: _, ...approved }: Approved, ran: Ran | null): Approved =>
  ran === null ? approved : { ...approved, ran }

/** All that is of the generation which is wanted. */
export const generationOf = ({
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

/** What this says is wanted, if that was wanted before what is wanted now, and has its turn. */
export const wantedBefore = ({ doc, kind }: Pick<View, 'doc' | 'kind'>, desired: Desired): Before | null => {
  const before = turnOf(doc)
  if (before === null || before.desired === null) return null
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
  const before = turnOf(doc)
  return before === null || doc.run?.ending?.kind === 'superseded'
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
    : aside.outcome?.kind !== 'cancelled'
      ? `generation ${aside.generation} stays as it has ended (${aside.outcome?.kind}) while what serves is set right`
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

/** The document once a step of its run is over, which a gate may be: one that fails invalidates what it judged. */
export const withJudgedOf = (
  view: Pick<View, 'doc' | 'kind' | 'plan'>,
  { name, way }: Pick<Mark, 'name' | 'way'>,
  holds: boolean,
): LaneDocument => {
  const plan = view.plan?.plan
  if (plan === undefined || way === 'back') return view.doc
  const step = plan.steps.find((one) => one.name === name)
  return withKeptOf(view, view.doc.run as Run, (known) => withJudged(known, step, { plan, holds }))
}
