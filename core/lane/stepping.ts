import type { Worked as GpuWork } from '../idle.ts'
import type { RungRow } from '../money/rungs.ts'
import type { SuspendedBy } from '../pods/suspended.ts'
import type { Lost } from '../pods/taken.ts'
import type { ContributionRow } from '../pools/contribution.ts'
import type { Failure } from '../reasons.ts'
import { type ResultRow, resultOf } from '../rows.ts'
import type { ResultRead } from '../steps/result-place.ts'
import type { HeldBeside } from '../steps/stuck.ts'
import type { Telling } from '../telling.ts'
import { said } from '../text.ts'
import { isUntried } from './attempts.ts'
import { withJudgedOf, withKeptOf } from './before.ts'
import { boundAt } from './bound.ts'
import { markedForLease } from './ceilings.ts'
import { type Change, DETAIL, resting, SHORT } from './change.ts'
import type { LaneDocument, Mark, Run } from './document.ts'
import { settleEnd } from './ending.ts'
import { withFallenHold, withStanding } from './falling.ts'
import type { Gpus } from './hold.ts'
import { idleEnding, measureAt, ofItsPod, withIdle } from './idle.ts'
import { isKept, withKept } from './kept.ts'
import type { Made } from './made.ts'
import { markOf, withMark } from './marks.ts'
import { askedMoreText, moreAt } from './more.ts'
import { remembering } from './remembering.ts'
import { liftedBy } from './rungs.ts'
import { asSuspended, restOfSuspended } from './suspending.ts'
import { toldDeactivated } from './suspension-told.ts'
import { nextMonth, withHoldOfThisMonth } from './this-month.ts'
import type { Trouble, View } from './view.ts'
import { ended, goesOn, type Worked } from './worked.ts'

/** What touching or looking at a step came to. */
export type Stepped =
  /** The far side has it: `made` is the run-once object that it made or adopted. `seen`: its answer was the first look. */
  | { kind: 'begun'; made: Made | null; note: string; seen?: Waiting | undefined; waits?: true | 'pods' }
  /** What has touched nothing yet may begin; or begins again, with what somebody has set otherwise since, and patience with it goes on. */
  | { kind: 'free'; again?: string }
  | Waiting
  | ({
      kind: 'done'
      note: string
      values: ResultRow['values'] | null
      /** Which result it was. */
      read?: ResultRead
      tellings?: Telling[]
      /** What goes on top of the ceiling of the pool that the lane is from now on. */
      contributes?: ContributionRow
      /** The rung that is lifted from now on. */
      lifts?: RungRow
      /** GPUs of pools that were seen to stand. */
      stands?: Gpus
      /** What is held from now on, since some of that does not end. */
      beside?: HeldBeside
    } & Worked)
  | ({ kind: 'failed'; reason: Failure; note: string } & Worked)

/**
 * It is over, and a far side that would say how does not answer; `made` has with it what its pods have said themselves. Or somebody else does not do
 * what comes before it: then it has made nothing, and `made` is left out.
 */
export interface Away {
  kind: 'away'
  trouble: Trouble
  made?: Made
}

/** Not yet: look again when something changed, at the latest then. `running`: its work is seen to run. */
export type Waiting = {
  kind: 'wait'
  note: string
  until: number | null
  running: boolean
  why?: 'deleting'
  /** What its GPUs did in the last minutes; left out: nobody has looked. */
  worked?: GpuWork
  /** The pod that is at work. */
  pod?: string | undefined
  /** By whom its Job is suspended; left out: nobody has looked. */
  suspended?: SuspendedBy | undefined
  /** Who beside us has said that it is suspended no more; null: the API server does not say. */
  letGoBy?: string | null
  /** What has ended its newest pod from outside; null: nothing; left out: nobody has looked. */
  lost?: Lost | null
} & Worked

/**
 * Says `running`, by whom and when, before anything is touched; so another takes over what was marked T ago. From then on what was
 * approved has begun.
 */
export const settleMark = (view: View, name: string, again?: string): Change => {
  const { doc, me, now, revision, fenceFrom } = view
  const { waits: _, ...mark } = markOf(doc, name)
  const took = mark.state === 'running'
  const begins = took ? (again ?? null) : 'begins'
  const { approved } = doc
  const known = mark.kind === 'resize-pool' ? markedForLease(view) : doc
  return withMark(
    approved === null || mark.way === 'back' ? known : { ...known, approved: { ...approved, begun: true } },
    {
      ...mark,
      state: 'running',
      by: me,
      markedAt: now,
      fence: fenceFrom + revision + 1,
      touched: false,
      // Patience with it counts from here: what an outage took of the time was not its own.
      startedAt: again === undefined ? now : mark.startedAt,
      note: said(begins ?? mark.note, SHORT),
    },
    begins === null ? null : `${mark.title}: ${begins}`,
  )
}

/** What an act at a step came to: the mark goes on, or the run ends by it. */
export const settleStepped = (view: View, name: string, stepped: Stepped): Change => {
  const mark = markOf(view.doc, name)
  switch (stepped.kind) {
    case 'begun':
      return begun(view, mark, stepped)
    case 'free':
      return settleMark(view, name, stepped.again)
    case 'wait':
      return waiting(view, mark, stepped)
    case 'done':
      return done(view, mark, stepped)
    case 'failed':
      return failed(view, mark, stepped)
  }
}

const begun = (view: View, mark: Mark, { made, note, seen, waits }: Stepped & { kind: 'begun' }): Change => {
  const touched: Mark = { ...mark, touched: true, made, note: said(note, SHORT), ...(waits ? { waits } : {}) }
  const change = withMark(view.doc, touched, null)
  return seen === undefined ? change : waiting({ ...view, doc: change.doc }, touched, seen)
}

const waiting = (view: View, mark: Mark, stepped: Waiting): Change => {
  const { doc, now } = view
  const note = said(stepped.note, SHORT)
  const ran = asSuspended(goesOn(view, mark, stepped), stepped, now)
  const seen = ofItsPod(ran, stepped.pod)
  const change = withIdle(view, withMark(doc, { ...remembering(seen, stepped.lost), note }, null), stepped.worked)
  const bound = boundAt({ ...view, doc: change.doc }, change.doc.run as Run)
  // Looked at first: what has ended by itself meanwhile is ended by no bound, and not for its GPUs.
  const known = { ...view, doc: change.doc }
  const run = known.doc.run as Run
  const ending = bound !== null && now >= bound.at ? bound.ending : idleEnding(known, run)
  if (ending !== null) return settleEnd(known, ending)
  const still = restOfSuspended(known, markOf(known.doc, mark.name))
  const until = [
    stepped.until,
    still?.until ?? null,
    moreAt(known, run),
    measureAt(known, run),
    bound?.at ?? null,
    bound === null ? null : nextMonth(now),
  ].filter((at) => at !== null)
  const rest = resting(view, {
    why: stepped.why ?? still?.why ?? 'working',
    text: `${mark.title}: ${note}${still?.text ?? ''}${askedMoreText(run)}`,
    until: until.length === 0 ? null : Math.min(...until),
  })
  return { ...toldDeactivated(view, change, { mark, note }), doc: withHoldOfThisMonth(view, change.doc), rest }
}

const done = (view: View, mark: Mark, stepped: Stepped & { kind: 'done' }): Change => {
  const { doc, plan, policy } = view
  const known = remembering(ended(view, mark, stepped), null)
  const row = rowOf(view, known, stepped)
  const over: Mark = {
    ...known,
    state: 'done',
    touched: true,
    note: said(stepped.note, SHORT),
    result: row?.row ?? null,
  }
  const change = withMark(doc, over, `${mark.title}: ${stepped.note}`)
  const step = plan?.plan.steps.find(({ name }) => name === mark.name)
  const keeps = row !== null && mark.way === 'forth' && step !== undefined && isKept(step)
  const after = withJudgedOf({ ...view, doc: withStanding(change.doc, stepped) }, mark, true)
  return {
    ...change,
    ...(stepped.beside === undefined ? {} : { guard: stepped.beside.guard }),
    doc: withFallenHold(view, keeps ? keeping({ ...view, doc: after }, row) : after),
    results: row === null ? [] : [row],
    tellings: stepped.tellings ?? [],
    contributions: stepped.contributes === undefined ? [] : [{ row: stepped.contributes, gone: false }],
    ...liftedBy(stepped, policy),
  }
}

const keeping = (view: View, row: ResultRow): LaneDocument =>
  withKeptOf(view, view.doc.run as Run, (known) => withKept(known, row, view.plan?.plan))

const rowOf = (
  { doc, now }: View,
  { name, key, made }: Mark,
  { values, read }: Stepped & { kind: 'done' },
): ResultRow | null => {
  const { generation, attempt } = doc.run as Run
  const row = resultOf({ generation, attempt }, name)
  const common = { row, step: name, key, generation, attempt, at: now }
  if (values === null) return null
  if (read === undefined || made === null) return { ...common, values, made, etag: null }
  const { at, ...how } = read
  return { ...common, values, made: { ...made, result: at }, ...how }
}

const UNSEEN = '; nobody saw when it stopped, and what it cost is reckoned as the most that it may have'

/** Forth, a step that fails ends the run; a move back that fails keeps no other from being made. */
const failed = (view: View, mark: Mark, stepped: Stepped & { kind: 'failed' }): Change => {
  const { doc, now } = view
  const ran = remembering(ended(view, mark, stepped), null)
  const { reason } = stepped
  const note =
    ran.ranFrom !== null && (ran.endedAt ?? now) < now && stepped.ranUntil == null
      ? `${stepped.note}${UNSEEN}`
      : stepped.note
  const change = withMark(doc, { ...ran, state: 'failed', note: said(note, SHORT) }, `failed (${reason}): ${note}`)
  if (mark.way === 'back')
    return { ...change, doc: lookedAtAgain(withFailedWayBack(change.doc, { note, reason }), reason) }
  const after = withJudgedOf({ ...view, doc: change.doc }, mark, false)
  const run = change.doc.run as Run
  return {
    ...change,
    doc: { ...after, run: { ...run, ending: { kind: 'failed', reason, detail: said(note, DETAIL) } } },
  }
}

/** Where somebody has changed what it leads to, what is there now says where it leads. */
const lookedAtAgain = (doc: LaneDocument, reason: Failure): LaneDocument =>
  reason === 'edited-by-hand' ? { ...doc, run: { ...(doc.run as Run), phase: 'steps' } } : doc

/**
 * How the run ends stays, and says too that what stood before does not stand again. What was to go back for what stood halfway is tried again, asked
 * about from how it stands then: it has done nothing wrong. What was to begin on other machines, from there, is not: that its way back failed is how it ends.
 */
const withFailedWayBack = (doc: LaneDocument, { note, reason }: { note: string; reason: Failure }): LaneDocument => {
  const { ending } = doc.run as Run
  if (ending === null || ending.detail.includes(note)) return doc
  const detail = said(`${ending.detail}; the way back failed: ${note}`, DETAIL)
  const isTried = isUntried(ending) && ending.reason !== 'halfway-bound'
  return { ...doc, run: { ...(doc.run as Run), ending: { ...ending, ...(isTried ? { reason } : {}), detail } } }
}
