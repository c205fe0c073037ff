import { inForce, type RungRow } from '../money/rungs.ts'
import { crossedText } from '../money/rungs-text.ts'
import type { SuspendedBy, Suspending } from '../pods/suspended.ts'
import type { Telling } from '../telling.ts'
import { plainTime, said } from '../text.ts'
import { type Act, awaySide, frozen, rest } from './act.ts'
import { type Change, SHORT } from './change.ts'
import type { Mark, Run } from './document.ts'
import { isNodeThere, undoneText, waitsAgain, withUndone } from './let-go.ts'
import { markOf, withMark } from './marks.ts'
import { SUSPENDS, type Suspendable, stageOf, suspends } from './preemptible.ts'
import type { Suspended, Suspension } from './suspension.ts'
import { toldSuspended as told } from './suspension-told.ts'
import type { View } from './view.ts'

/** After so long it is tried again what could not be written to a Job; and after so short a time what somebody else has changed of it. Milliseconds. */
const [TRIED_AGAIN, AT_ONCE] = [5 * 60_000, 5_000]

/** The rung that keeps what is next of a run from beginning, since that would be suspended at once; null: none does. */
export const suspendsNext = (seen: Suspendable, run: Run): RungRow | null => {
  const stage = stageOf(run)
  return stage?.state === 'pending' ? suspends(seen, stage.name) : null
}

/** A stage that would be suspended at once does not begin; null: it may. */
export const keptSuspended = (view: View, run: Run): Act | null => {
  const rung = suspendsNext(view, run)
  if (rung === null) return null
  const text = `${SUSPENDS}: ${crossedText(rung, view.policy.budget.name)}; “${stageOf(run)?.title}” begins by itself once that is over, at ${plainTime(rung.until)} at the latest`
  return rest(view, { why: 'suspended', text, until: rung.until })
}

/** Whether a rung suspends a Job, or a freeze keeps it so: nothing begins in it, nor goes on that was suspended. */
const isKept = (view: View, mark: Mark): boolean =>
  suspends(view, mark.name) !== null || (isStill(mark) && frozen(view) !== null)

/** Whether a Job is to be suspended: that too about which people are asked before it goes on, whoever lets it go. */
const isToBe = (view: View, run: Run, mark: Mark): boolean =>
  isKept(view, mark) || (isAskedToGoOn(run) && mark.suspended?.is === true && mark.suspended.left === undefined)

/** Whether its Job stands still because a rung has suspended it, or could not be let go since. */
const isStill = ({ suspended: has, ranFrom }: Mark): boolean => {
  if (has === undefined || has.at === null || has.left !== undefined) return false
  return has.is || (has.why !== undefined && ranFrom === null)
}

/** Whether the Job under way stands still since a rung has suspended it, and nothing keeps it so any more. */
export const mayGoOn = (view: View, run: Run): boolean => {
  const mark = stageOf(run)
  return mark !== undefined && mark.ranFrom === null && isStill(mark) && !isKept(view, mark)
}

/** Whether what people are asked about before it goes on is kept from that by a rung or a freeze anew. */
export const isKeptAgain = (view: View, run: Run): boolean => {
  const mark = stageOf(run)
  return mark !== undefined && isKept(view, mark)
}

/** Whether people are asked for more before what stands still goes on: it stays suspended until they have answered. */
export const isAskedToGoOn = ({ question, ending }: Pick<Run, 'question' | 'ending'>): boolean =>
  ending === null && question?.state === 'open' && question.more?.starts === true

/** What is next so that the Job at work is suspended, or goes on, as rungs say; null: it is so, or cannot be yet. */
export const suspending = (view: View, run: Run): Act | null => {
  const mark = stageOf(run)
  if (mark === undefined || !mark.touched || mark.made === null) return null
  const { suspended: has } = mark
  const is = isToBe(view, run, mark)
  if (is && has !== undefined && waitsAgain(has, view.now)) return null
  if (is === (has?.is ?? false) && (has === undefined || isSettled(has, view.now))) return null
  const isMarked = has !== undefined && has.is === is && has.at === null && has.by === view.me
  return isMarked
    ? (awaySide(view, 'cluster') ?? { kind: 'suspend', step: mark.name })
    : { kind: 'mark-suspend', step: mark.name, is }
}

/** Whether the Job under way is to go on next that stands still since a rung has suspended it: not what ran all the time, what somebody else has suspended, or Kueue does. */
export const isToGoOn = (view: View, run: Run): boolean => {
  const [act, { ranFrom, suspended: has } = {}] = [suspending(view, run), stageOf(run)]
  if (act === null || ranFrom !== null || has === undefined || has.left !== undefined) return false
  return act.kind === 'mark-suspend' ? !act.is : act.kind === 'suspend' && !has.is
}

/** Whether it was seen to be so, or it is too soon to try again. */
const isSettled = ({ at, why }: Suspension, now: number): boolean =>
  at !== null && (why === undefined || now < at + TRIED_AGAIN)

/** Says that a Job is to be suspended, or to go on, by whom, before it is: a later one has a higher fence, and admission takes no lower. */
export const settleMarkSuspend = (view: View, { step, is }: { step: string; is: boolean }): Change => {
  const { doc, me, fenceFrom, revision, now } = view
  const mark = markOf(doc, step)
  // Why it could not be before is told once; whose node is there already is known until it goes on.
  const { since = now, why } = mark.suspended?.is === is ? mark.suspended : {}
  const { undone } = mark.suspended?.is === true ? mark.suspended : {}
  const known = { ...(why === undefined ? {} : { why }), ...(undone === undefined ? {} : { undone }) }
  const suspended = { is, since, at: null, by: me, fence: revision + 1 + fenceFrom, ...known }
  return withMark(doc, { ...mark, suspended }, null)
}

/** What is to be written to the Job of a step by what is marked. */
export const suspendingOf = (view: Suspendable, step: string): Suspending => {
  const { is, fence } = markOf(view.doc, step).suspended as Suspension
  return { rung: is ? `${view.policy.budget.name}#${SUSPENDS}` : null, fence }
}

/** A Job is suspended, or goes on: people are told of both. */
export const settleSuspended = (view: View, step: string, came: Suspended): Change => {
  const { doc, now } = view
  const { suspended, ...mark } = markOf(doc, step)
  const { why: _, left: __, ...has } = suspended as Suspension
  const seen = { ...has, at: now }
  if (came.kind === 'not') {
    const why = said(came.why, SHORT)
    const isTold = suspended?.why === why
    const line = `${mark.title}: it could not be ${wordOf(has)}: ${came.why}`
    const change = withMark(doc, { ...mark, suspended: { ...seen, why } }, isTold ? null : line)
    if (isTold) return change
    const counts = came.right === true ? ['not-allowed:cluster'] : []
    return { ...change, counts, tellings: has.is || mark.ranFrom !== null ? [] : [keptNote(view, mark, { has, why })] }
  }
  const { title } = mark
  if (!has.is) return told(view, withMark(doc, withLetGo(mark, has, now), null), { mark, has, came, what: 'goes on' })
  if (came.kind === 'left')
    return withMark(doc, { ...mark, suspended: { ...seen, left: said(came.why, SHORT) } }, `${title}: ${came.why}`)
  return told(view, withMark(doc, { ...mark, suspended: seen }, null), { mark, has, came, what: 'is suspended' })
}

/** What is told, once, of what a rung suspends no more and stays suspended: not of what could never be and runs. */
const keptNote = (
  { doc }: View,
  { name, title }: Pick<Mark, 'name' | 'title'>,
  { has, why }: { has: Suspension; why: string },
): Telling => ({
  kind: 'note',
  key: `${doc.name} ${name} stays suspended ${has.since}`,
  card: {
    ...{ title: `“${title}” stays suspended`, facts: [{ label: 'Lane', value: doc.lane }] },
    ...{ lines: [why], question: null, tone: 'bad' },
  },
})

/** Whoever wrote it may have died before saying so: it counts in any case. What never stopped keeps its node. */
const withLetGo = (mark: Mark, has: Suspension, now: number): Mark =>
  mark.ranFrom !== null || mark.ranTo === null || isNodeThere(has, now)
    ? mark
    : { ...mark, letGo: (mark.letGo ?? 0) + 1 }

const wordOf = ({ is }: Suspension): string => (is ? 'suspended' : 'let go')

/** How a Job was seen: by whom it is suspended, and who beside us has said of it that it is not. Left out: nobody has looked. */
export interface SeenSuspended {
  suspended?: SuspendedBy | undefined
  letGoBy?: string | null | undefined
}

/** The mark as its Job was seen: what somebody has made of its suspension since is set right, but for what they have suspended themselves. */
export const asSuspended = (mark: Mark, { suspended: by, letGoBy = null }: SeenSuspended, now: number): Mark => {
  const { suspended: has } = mark
  if (by === undefined) return mark
  if (has === undefined)
    return by === 'rung' ? { ...mark, suspended: { is: true, since: now, at: now, by: '', fence: 0 } } : mark
  const { at } = has
  if (!has.is || at === null || has.why !== undefined) return mark
  if (by === 'nobody') return withUndone(mark, { ...has, at }, { by: letGoBy, now })
  const { left: _, ...own } = has
  if (by === 'rung') return { ...mark, suspended: own }
  return { ...mark, suspended: { ...own, left: has.left ?? 'somebody else has suspended it, and lets it go' } }
}

/** How a lane rests whose Job a rung has suspended, or was to; null: none has. */
export const restOfSuspended = (
  view: View,
  { suspended: has }: Mark,
): { why: 'suspended' | 'working'; text: string; until: number | null } | null => {
  if (has === undefined) return null
  if (view.doc.run !== null && isAskedToGoOn(view.doc.run)) return { why: 'working', text: '', until: null }
  const rung = inForce(SUSPENDS, view.policy, view)
  if (has.at !== null && has.why !== undefined)
    return { why: 'working', text: `; it could not be ${wordOf(has)}: ${has.why}`, until: has.at + TRIED_AGAIN }
  if (has.at === null || !has.is)
    return {
      why: 'working',
      text: has.is ? undoneText(has) : '',
      until: Math.max(view.now + AT_ONCE, has.undone?.after ?? 0),
    }
  if (has.left !== undefined)
    return { why: 'working', text: `; ${SUSPENDS} leaves it as it is: ${has.left}`, until: rung?.until ?? null }
  const still = rung === null ? frozen(view) : null
  if (still?.kind === 'rest') return { why: 'suspended', text: `; ${still.rest.text}`, until: still.rest.until }
  if (rung === null) return { why: 'working', text: '', until: view.now + AT_ONCE }
  const text = `; until ${plainTime(rung.until)} at the latest: ${crossedText(rung, view.policy.budget.name)}${undoneText(has)}`
  return { why: 'suspended', text, until: rung.until }
}

/**
 * Whether a lane's Job is suspended otherwise than rungs say, or waits for one that is over: whoever was to wake it may have died. Of what has left the policy
 * the plan says it, as its own looks read it (`isSaidByPlan`).
 */
export const isSuspendedOtherwise = (seen: Suspendable): boolean => {
  const { doc } = seen
  const stage = doc.run === null ? undefined : stageOf(doc.run)
  if (stage === undefined) return doc.rest?.why === 'suspended'
  const wanted = suspends(seen, stage.name) !== null
  if (stage.state === 'running' && stage.touched)
    return wanted !== (stage.suspended?.is === true && !(doc.run !== null && isAskedToGoOn(doc.run)))
  return doc.rest?.why === 'suspended' && !wanted
}
