import type { Outcome } from '../reasons.ts'
import { type Change, changed, moment, resting } from './change.ts'
import type { LaneDocument, Mark, Run } from './document.ts'
import { withoutGpus } from './falling.ts'
import type { View } from './view.ts'

/** The run ends otherwise than by its last step. */
export const settleEnd = ({ doc }: View, ending: Outcome): Change => {
  const run = doc.run as Run
  return changed(
    { ...doc, run: { ...run, ending } },
    { moments: [moment('step', `ends: ${ending.detail}`, { run, data: { ending: ending.kind } })] },
  )
}

/** What is not gone yet of a run that ends. `stopped`: its pods are, and something else keeps the Job. */
export interface Left {
  note: string
  until: number
  stopped?: boolean
}

/** What runs of it was taken away, or not yet. */
export const settleClear = (view: View, left: Left | null): Change => {
  const { now } = view
  const run = view.doc.run as Run
  const still = left !== null && left.stopped !== true
  const steps = still
    ? run.steps
    : run.steps.map((mark) => (mark.state === 'running' ? stopped(mark, { now, at: now }) : mark))
  const next: Run = { ...run, steps, cleared: left === null }
  const doc: LaneDocument = { ...view.doc, run: next }
  if (left === null) return changed(doc)
  // Somebody else's finalizer keeps an object for days: no room is kept for what nobody runs any more.
  const gone = left.stopped === true && !view.kind.stands
  return changed(gone ? withoutGpus(doc, next) : doc, {
    rest: resting(view, { why: 'deleting', text: left.note, until: left.until }),
  })
}

/** What does not run costs nothing, whatever keeps it: it ran until then, or until now where that cannot be. */
export const stopped = (mark: Mark, { now, at }: { now: number; at: number }): Mark => {
  if (mark.ranFrom === null) return mark
  const ranTo = at > mark.ranFrom && at < now ? at : now
  return { ...mark, ran: mark.ran + ranTo - mark.ranFrom, ranTo, ranFrom: null }
}
