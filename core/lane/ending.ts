import type { Outcome } from '../reasons.ts'
import { type Change, changed, moment } from './change.ts'
import type { Mark, Run } from './document.ts'
import type { View } from './view.ts'

/** The run ends otherwise than by its last step. */
export const settleEnd = ({ doc }: View, ending: Outcome): Change => {
  const run = doc.run as Run
  return changed(
    { ...doc, run: { ...run, ending } },
    { moments: [moment('step', `ends: ${ending.detail}`, { run, data: { ending: ending.kind } })] },
  )
}

/** What does not run costs nothing, whatever keeps it: it ran until then, or until now where that cannot be. */
export const stopped = (mark: Mark, { now, at }: { now: number; at: number }): Mark => {
  if (mark.ranFrom === null) return mark
  const ranTo = at >= mark.ranFrom && at < now ? at : now
  return { ...mark, ran: mark.ran + ranTo - mark.ranFrom, ranTo, ranFrom: null }
}
