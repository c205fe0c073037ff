import { standingRate } from '../money/cost.ts'
import type { Change } from './change.ts'
import type { LaneDocument, Mark, Rest, Run } from './document.ts'
import type { View } from './view.ts'

/** Rests in which nobody could look (law 6), or nobody did (law 18). */
export const UNSEEN: ReadonlySet<Rest['why']> = new Set(['unavailable', 'not-allowed', 'bug', 'frozen'])

/** Far sides without which nothing can be taken away: what stands, and by which policy it goes back. */
const NEEDED: ReadonlySet<string | null> = new Set(['cluster', 'policies'])

/** Rests in which what stands could not be taken away either: one of those did not answer, or it was we who could not. */
const isOutOfReach = (rest: Rest | null): boolean =>
  rest !== null && UNSEEN.has(rest.why) && rest.why !== 'frozen' && (NEEDED.has(rest.side) || rest.why === 'bug')

/** Whether it waits for a far side, and the cluster answers: what stands can be taken away meanwhile. */
export const isInReach = (rest: Rest | null): boolean =>
  rest !== null && UNSEEN.has(rest.why) && rest.why !== 'frozen' && !isOutOfReach(rest)

/** What is looked at so much later than it was to be was not late by itself: nobody could look at any lane. Milliseconds. */
const LATE = 10 * 60_000

/** Who is looked at too late had perhaps nobody to look for as long before that. Milliseconds. */
const BEFORE = 3_600_000

/** Since when what stands could not be taken away; null: it could. In a freeze nothing would have happened before somebody was to look. */
const outOfReachFrom = (
  { rest, due, writtenAt }: Pick<LaneDocument, 'rest' | 'due' | 'writtenAt'>,
  now: number,
): number | null => {
  if (rest !== null && isOutOfReach(rest)) return rest.since
  if (due === null || now - due <= LATE) return null
  return rest?.why === 'frozen' ? due : Math.max(writtenAt, due - BEFORE)
}

/** Dollars that what stands on the way of a rollout has cost while it could not be reached: no fault of its run, which they do not end (law 6). */
export const unreachedOf = ({ doc, plan, now }: Pick<View, 'doc' | 'plan' | 'now'>, run: Run): number => {
  const from = outOfReachFrom(doc, now)
  const { unreached = 0, unreachedTo = 0 } = run
  if (plan === null || from === null) return unreached
  return unreached + (standingRate({ run, plan: plan.plan }) * Math.max(0, now - Math.max(from, unreachedTo))) / HOUR
}

const HOUR = 3_600_000

/** The document once that is over: what it has cost is kept apart. */
const withUnreached = (
  view: Pick<View, 'doc' | 'plan' | 'now'>,
  { doc, rest }: Pick<Change, 'doc' | 'rest'>,
): LaneDocument => {
  const { rest: last, run } = view.doc
  if (run === null || doc.run === null) return doc
  // Such a rest goes on until another takes its place; each commit says anew when it is to be looked at.
  const goesOn = rest === null || (last?.why === rest.why && last.side === rest.side)
  if (isOutOfReach(last) && goesOn) return doc
  const unreached = unreachedOf(view, run)
  // What is committed with this knows of no look since either.
  return unreached === (run.unreached ?? 0) ? doc : { ...doc, run: { ...doc.run, unreached, unreachedTo: view.now } }
}

type Seeing = Pick<View, 'now'> & { doc: Pick<LaneDocument, 'rest'> }

/** From when patience with a step counts: an outage of a far side, or a freeze, in which nobody looked at it, uses none of it up. */
export const patientFrom = ({ doc: { rest }, now }: Seeing, { startedAt }: Pick<Mark, 'startedAt'>): number => {
  const from = startedAt ?? now
  return rest === null || !UNSEEN.has(rest.why) ? from : from + Math.max(0, now - Math.max(rest.since, from))
}

/** Since when nobody could look at a step; null: it was looked at. */
export const unseenFrom = ({ doc: { rest } }: Pick<Seeing, 'doc'>, mark: Pick<Mark, 'unseenFrom'>): number | null =>
  rest === null || !UNSEEN.has(rest.why) ? null : (mark.unseenFrom ?? rest.since)

/** What moves back that failed have used up of it: a way back waits no longer in all than one of its moves does. Milliseconds. */
export const spentOnWayBack = ({ steps }: Pick<Run, 'steps'>, { way }: Pick<Mark, 'way'>): number =>
  steps
    .filter((mark) => way === 'back' && mark.way === 'back' && mark.state === 'failed')
    .reduce((sum, { startedAt, endedAt }) => sum + Math.max(0, (endedAt ?? 0) - (startedAt ?? 0)), 0)

/** The document once such a rest is over, or goes on as another: what it took is no longer part of any step's time. */
export const patient = (
  view: Pick<View, 'doc' | 'plan' | 'now'>,
  change: Pick<Change, 'doc' | 'rest'>,
): LaneDocument => {
  const doc = withUnreached(view, change)
  const { rest } = change
  const last = view.doc.rest
  if (last === null || rest === null || (last.why === rest.why && last.side === rest.side)) return doc
  if (doc.run === null || !UNSEEN.has(last.why)) return doc
  const steps = doc.run.steps.map(({ unseenFrom: since, ...mark }) => {
    if (mark.state !== 'running' || !mark.touched) return mark
    const unseen = UNSEEN.has(rest.why) ? { unseenFrom: since ?? last.since } : {}
    return { ...mark, startedAt: patientFrom(view, mark), ...unseen }
  })
  return { ...doc, run: { ...doc.run, steps } }
}
