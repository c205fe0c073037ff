import { nodeAgain } from '../money/cost.ts'
import type { Outcome } from '../reasons.ts'
import { type Act, awaySide, frozen, rest } from './act.ts'
import { boundAt, boundElsewhere, endBefore, onOtherMachines } from './bound.ts'
import { hasBegun, type Mark, type Run } from './document.ts'
import { frozenUntil, unansweredUntil } from './halfway.ts'
import { isAskedToGoOn, isToGoOn, keptSuspended, suspending } from './suspending.ts'
import type { View } from './view.ts'
import { wantsBack } from './wanted.ts'

/** How a run ends that something newer takes the place of. */
export const SUPERSEDED: Outcome = {
  kind: 'superseded',
  reason: null,
  detail: 'something newer is wanted of its lane',
}

/** The same of another attempt at what it was to do. */
export const BEGUN_ANEW: Outcome = { ...SUPERSEDED, detail: 'another attempt at it takes its place' }

/** The first step of this way that is not over. */
const current = ({ steps }: Run, way: Mark['way']): Mark | undefined =>
  steps.find((mark) => mark.way === way && (mark.state === 'pending' || mark.state === 'running'))

/** The plan's steps, one after the other. In a freeze nothing new begins: a judgement touches nothing, and what it was against goes back (law 18). */
export const stepping = (view: View, run: Run): Act => {
  const mark = current(run, 'forth')
  if (mark === undefined)
    return { kind: 'close', outcome: { kind: 'succeeded', reason: null, detail: 'carried out and verified' } }
  const still = mark.kind === 'check-gate' ? null : frozenWithin(view, run)
  if (mark.state === 'pending')
    return (
      still ??
      outOfBounds(view, run) ??
      keptSuspended(view, run) ??
      spentUp(view, run, mark) ?? { kind: 'mark', step: mark.name }
    )
  return (mark.waits ? still : null) ?? pastBound(view, run) ?? goingOn(view, run, mark) ?? atStep(view, mark)
}

/** A far side that does not answer keeps nobody from taking away what stands (law 9). Else it is looked at first: it may have ended by itself. */
const pastBound = (view: View, run: Run): Act | null => {
  const bound = boundElsewhere(view, run)
  return bound !== null && view.now >= bound.at ? { kind: 'end', ending: bound.ending } : null
}

/** A freeze holds it where it is for as long as that stays within its bounds: what stands on the way costs on, and nobody may answer there (laws 9, 18). */
const frozenWithin = (view: View, run: Run): Act | null => {
  const still = frozen(view)
  const bound = still === null ? null : sooner(boundAt(view, run) ?? frozenUntil(view, run), unansweredUntil(view, run))
  if (still === null || bound === null) return still
  if (view.now >= bound.at) return { kind: 'end', ending: bound.ending }
  return still.kind === 'rest'
    ? { ...still, rest: { ...still.rest, until: Math.min(still.rest.until ?? bound.at, bound.at) } }
    : still
}

const sooner = <B extends { at: number }>(a: B | null, b: B | null): B | null =>
  a === null || (b !== null && b.at < a.at) ? b : a

/** The end of a run whose next step would not be what was approved; null: it would be. */
export const outOfBounds = (view: View, run: Run): Act | null => {
  const mark = current(run, 'forth')
  const other = mark?.state === 'pending' ? onOtherMachines(view, mark) : null
  return other === null ? null : { kind: 'end', ending: other }
}

/**
 * What is next of a Job that is to be suspended, or to go on. What goes on starts a node again: it ends where that is none that was approved, or
 * nothing is left that pays for it (law 9), and waits where people are asked for more before. Null: nothing is.
 */
const goingOn = (view: View, run: Run, mark: Mark): Act | null => {
  // What somebody keeps letting go costs on, and is ended by its bound as what runs is.
  const isUndone = mark.suspended?.undone !== undefined && !isAskedToGoOn(run)
  const spent = isUndone ? spentUp(view, run, mark, () => 0) : null
  if (spent !== null) return spent
  const act = suspending(view, run)
  if (!isToGoOn(view, run)) return act
  const other = onOtherMachines(view, mark, 'before it went on with')
  if (other !== null) return { kind: 'end', ending: other }
  return isAskedToGoOn(run) ? null : (spentUp(view, run, mark, nodeAgain) ?? act)
}

/** The end of a run whose next step costs, and would be told to end as soon as it runs: nothing begins that is not paid for. */
const spentUp = ({ plan: row, ...view }: View, run: Run, { name }: Mark, starts?: typeof nodeAgain): Act | null => {
  const step = row?.plan.steps.find((one) => one.name === name)
  if (row === null || step?.kind !== 'launch-job' || !hasBegun(run)) return null
  const ending = endBefore({ ...view, plan: row }, run, step, starts?.(row.plan, step))
  return ending === null ? null : { kind: 'end', ending }
}

/** Only who marked a step touches it; another takes it over, T after the mark. */
const atStep = (view: View, mark: Mark): Act => {
  if (mark.touched) return awaySide(view, 'cluster') ?? { kind: 'see', step: mark.name }
  if (mark.by === view.me) return { kind: 'begin', step: mark.name }
  return markedByAnother(view, mark) ?? { kind: 'mark', step: mark.name }
}

const markedByAnother = (view: View, mark: Mark): Act | null => {
  const free = (mark.markedAt ?? 0) + view.handover
  if (mark.by === view.me || view.now >= free) return null
  return rest(view, {
    why: 'marked-by-another',
    text: `${mark.title}: whoever began it may still be at it`,
    until: free,
  })
}

/** What is left of a run that ends otherwise than by its last step: what runs is taken away, then the way back. */
export const ending = (view: View, run: Run, outcome: Outcome): Act => {
  if (run.phase === 'back') return goingBack(view, run, outcome)
  if (!run.cleared) {
    const other = run.steps.find(({ state, touched, way }) => state === 'running' && !touched && way === 'forth')
    const held = other === undefined ? null : markedByAnother(view, other)
    return held ?? awaySide(view, 'cluster') ?? { kind: 'clear' }
  }
  if ((outcome.kind === 'superseded' && isFollowed(view, run)) || !view.kind.stands) return { kind: 'close', outcome }
  return awaySide(view, 'cluster') ?? { kind: 'go-back' }
}

/** Whether something newer goes on from where it stands: not what was cancelled meanwhile, nor what stands at the end of the way back. */
const isFollowed = ({ doc, kind }: View, run: Run): boolean =>
  run.generation !== doc.generation && doc.outcome === null && !wantsBack({ doc, kind })

/** Never frozen, never cancelled; something newer plans from where it then stands. */
const goingBack = (view: View, run: Run, outcome: Outcome): Act => {
  const mark = current(run, 'back')
  if (mark === undefined) return { kind: 'close', outcome }
  // A failed gate stays failed though superseded on the way back.
  if ((mark.state === 'pending' || mark.waits) && isFollowed(view, run))
    return { kind: 'close', outcome: outcome.kind === 'cancelled' ? SUPERSEDED : outcome }
  return mark.state === 'pending' ? { kind: 'mark', step: mark.name } : atStep(view, mark)
}
