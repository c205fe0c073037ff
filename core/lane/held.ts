import type { Ignored } from '../reasons.ts'

/** Why what a source says begins nothing. `place`: where that was read, when it is about that alone. */
export interface Held {
  reason: Ignored
  detail: string
  at: number
  place?: string
}

/** What is said of what its own end keeps back. */
export const STAYS_SO = 'it stays so until its source changes or a person says retry'

/** Reasons that hold something back until somebody does something: they are shown for as long as they hold. */
const HOLDS: ReadonlySet<Ignored> = new Set<Ignored>([
  'held-failed',
  'held-rejected',
  'held-expired',
  'held-cancelled',
  'held-refused',
  'would-pass-now',
  'attempts-exhausted',
  'bad-manifest',
  'missed-deadline',
  'edited-by-hand',
  'owned-by-others',
])
/** Of these, what one place says: it holds until that says otherwise, or something else is wanted. */
const OF_PLACE: ReadonlySet<Ignored> = new Set<Ignored>(['bad-manifest', 'missed-deadline'])

/**
 * What is shown as held back once a source is ignored, and whether that is news. `told`: not found by resync, which finds
 * every place that is amiss, each time: the one that is shown stays.
 */
export const heldAfter = (
  last: Held | null,
  { place, told, ...given }: Required<Held> & { told: boolean },
): { held: Held | null; fresh: boolean } => {
  const { reason, detail } = given
  // A replay says nothing of what is there.
  if (reason === 'replayed') return { held: last, fresh: false }
  if (!HOLDS.has(reason)) {
    const over = reason === 'already-true' || last?.place === place
    return { held: over ? null : last, fresh: false }
  }
  const held: Held = OF_PLACE.has(reason) ? { ...given, place } : given
  const same = last?.reason === reason && last.detail === detail
  const fresh = !same && (told || held.place === undefined || last?.place === undefined)
  return { held: fresh ? held : last, fresh }
}
