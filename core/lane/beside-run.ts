import { type Act, awaySide } from './act.ts'
import { resizing, untilResized } from './ceilings.ts'
import type { Rest } from './document.ts'
import { granting } from './granting.ts'
import { besideLadder } from './laddering.ts'
import { righting } from './righting.ts'
import type { View } from './view.ts'

/** Why a lane rests that looks again by itself, after a pause. */
export const TROUBLED: ReadonlySet<Rest['why']> = new Set(['unavailable', 'not-allowed', 'bug'])

/**
 * What serves is set right though its lane waits. A budget's lane sees to its ladder. A pool's lane sees to its ceiling and grants its line whatever its run waits for, be that a person: only a cluster that is away keeps
 * it from both.
 */
export const besideRun = (view: View, act: Act): Act => {
  if (view.metered !== null) return besideLadder(view, act)
  if (view.kind.keeping !== undefined) return righting(view, act)
  if (view.line === null || (act.kind !== 'rest' && act.kind !== 'grant')) return act
  if (act.kind === 'rest' && TROUBLED.has(act.rest.why) && act.rest.side !== 'chat') return act
  const resizes = resizing(view)
  if (resizes !== null) return (resizes.kind === 'resize' ? awaySide(view, 'cluster') : null) ?? resizes
  const grants = granting(view, view.line)
  if (act.kind === 'grant' || grants.kind !== 'rest') return grants
  const untils = [act.rest.until, grants.rest.until].filter((until) => until !== null)
  return {
    kind: 'rest',
    rest: untilResized(view, { ...act.rest, until: untils.length === 0 ? null : Math.min(...untils) }),
  }
}

/** What came since and takes no place of what is asked about, in its own words; empty: nothing did. */
export const besideText = ({ later }: Pick<View, 'later'>): string => {
  const waits = later.find((letter) => letter.waits?.reason === 'run-not-over')?.waits
  return waits == null ? '' : `; what came since waits: ${waits.detail}`
}
