import type { Plan, Planned } from '../plan.ts'
import { nextAttempt } from './attempts.ts'
import type { Ended } from './ended.ts'
import { refusedAnew } from './made-anew.ts'
import { againstOf } from './planning.ts'
import { gpusOfRooms, poolRoom, whyFull } from './room.ts'
import type { View } from './view.ts'
import type { Wanted } from './wanted.ts'

/**
 * What comes of a desired state that was refused, once its source says it again: what refused it must have changed. Where only the release did, it
 * says so and starts nothing (law 15). `paper`: as it would be planned now; null: nobody has looked.
 */
export const wantRefused = (view: View, paper: Planned | null): Wanted => {
  const { doc, now } = view
  const refused = doc.outcome as Ended
  // Nothing on paper refused it: it waits for a person.
  if (refused.against === null) return { kind: 'ignore', reason: 'held-refused', detail: refused.detail }
  if (paper === null || paper.kind === 'refuse')
    return { kind: 'ignore', reason: 'held-refused', detail: paper?.detail ?? refused.detail }
  const still = paper.kind === 'plan' ? whyStill(view, refused, paper.plan) : null
  const anew = { ...doc, desired: refusedAnew(view) }
  return still ?? { kind: 'want', doc: nextAttempt(anew, now), why: 'it would no longer be refused' }
}

/** Whether others stand in a line of what it lacks: each GPU that comes free goes to the first of them, so nobody else sees room. */
const othersWait = (view: View, plan: Plan): boolean =>
  Object.keys(gpusOfRooms(view, plan)).some((pool) => (view.lines[poolRoom(pool)] ?? 0) > 0)

/**
 * Why what would be planned begins nothing: there is still no room for what lacked that, nor a line to stand in, whatever else moves; or nothing has changed, and a newer
 * release alone would let it pass. Null: it begins.
 */
const whyStill = (view: View, { reason, against, detail }: Ended, plan: Plan): Wanted | null => {
  if (reason === 'no-room')
    return whyFull(view, plan) === null || othersWait(view, plan)
      ? null
      : { kind: 'ignore', reason: 'held-refused', detail }
  if (against !== againstOf(view)) return null
  return { kind: 'ignore', reason: 'would-pass-now', detail: 'it would pass now: say retry' }
}
