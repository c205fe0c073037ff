import { withStretch } from '../money/months.ts'
import { reckonedUntil } from './bound.ts'
import type { LaneDocument, Mark } from './document.ts'
import { unseenFrom } from './patience.ts'
import type { View } from './view.ts'

/** From when until when its work ran, as the far side says, however late we look; what is left out was seen now. */
export interface Worked {
  ranFrom?: number | null
  /** When what runs of it now, or ran last, began: its work may have stood still before that. */
  ranAgain?: number | null
  /** When what ran before that was over, as far as its pods say. */
  ranBefore?: number | null
  ranUntil?: number | null
  /** Where nothing says until when: it did not run longer than that. */
  ranMost?: number
}

type Seeing = Pick<View, 'now'> & { doc: Pick<LaneDocument, 'rest'> }
type Reckoning = Pick<View, 'doc' | 'plan' | 'now'>

/**
 * The mark with the work that was seen. What began later than was known began anew while nobody looked: what ran before was over then,
 * from when on its pods say, else from when on nobody could look; and where nothing says so, it stood still for no time at all.
 * `unsaid`: since when it runs where the far side does not say; null: it is over.
 */
export const atWork = (view: Seeing, mark: Mark, seen: Worked, unsaid: number | null): Mark => {
  const ranFrom = opened(mark, seen, unsaid)
  const again = seen.ranAgain ?? null
  if (ranFrom === null || again === null || again <= ranFrom) return { ...mark, ranFrom }
  const over = seen.ranBefore ?? unseenFrom(view, mark) ?? again
  const ranTo = Math.min(again, Math.max(ranFrom, over))
  return { ...withStretch(mark, ranFrom, ranTo), ranFrom: again }
}

/** The same of what is not over. What waits has a stretch only where it was at work before. */
export const worksOn = (view: Seeing, mark: Mark, seen: Worked & { running: boolean }): Mark =>
  seen.running || mark.ranFrom !== null ? atWork(view, mark, seen, seen.running ? view.now : null) : mark

/** And where it waits it has stopped. What of a rollout has no node is counted beside (`Nodeless`): its way goes on. */
export const goesOn = (view: Reckoning, mark: Mark, seen: Worked & { running: boolean }): Mark => {
  const known = worksOn(view, mark, seen)
  return seen.running || mark.kind === 'roll-out-model'
    ? known
    : stopped(known, { now: view.now, at: seen.ranUntil ?? reckonedUntil(view, known) })
}

/** Since when it runs: where it has stood still before, not since the first time. */
const opened = ({ ranTo, ranFrom }: Mark, seen: Worked, unsaid: number | null): number | null => {
  if (ranFrom !== null) return ranFrom
  if (ranTo === null) return seen.ranFrom ?? unsaid
  const again = seen.ranAgain ?? unsaid
  return again === null ? null : Math.max(ranTo, again)
}

/** What does not run costs nothing, whatever keeps it: it ran until then, or until now where that cannot be. */
export const stopped = (mark: Mark, { now, at }: { now: number; at: number }): Mark => {
  if (mark.ranFrom === null) return mark
  const ranTo = at >= mark.ranFrom && at < now ? at : now
  return { ...withStretch(mark, mark.ranFrom, ranTo), ranFrom: null }
}

/** The mark of what is over: never seen at work is only who was not looked at in that time. */
export const ended = (view: Reckoning, mark: Mark, seen: Worked): Mark => {
  const known = atWork(view, mark, seen, null)
  return { ...known, endedAt: overAt(view, known, seen) }
}

/** When its work was over: as the far side says, or as is reckoned where nobody saw it. */
export const overAt = (view: Reckoning, mark: Mark, { ranUntil, ranMost }: Worked): number =>
  ranUntil == null ? reckonedUntil(view, mark, ranMost) : Math.min(view.now, ranUntil)
