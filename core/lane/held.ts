import type { Ignored } from '../reasons.ts'
import type { Ended } from './ended.ts'

/** Why what a source says begins nothing. `place`: where that was read, when it is about that alone. */
export interface Held {
  reason: Ignored
  detail: string
  at: number
  place?: string
}

/** What is said of what its own end keeps back: what moves it. `template`: of its pods, where it ended with one, and then another is another matter; so is another number of them. */
export const staysSo = ({ template, replicas }: Partial<Pick<Ended, 'template' | 'replicas'>>): string => {
  if (replicas !== undefined)
    return 'it stays so until its source changes, the policy wants its pods to be others or another number of them, or a person says retry'
  return template === undefined
    ? 'it stays so until its source changes or a person says retry'
    : 'it stays so until its source changes, the policy wants its pods to be others, or a person says retry'
}

/** The same of what was refused on paper. */
export const REFUSED_SO =
  'it begins once that has changed, in its source, the policy or what there is, or a person says retry'

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
/** What says of what is wanted that it is so no more. */
const ENDS: ReadonlySet<Ignored> = new Set<Ignored>(['source-gone', 'drift-over', 'no-dataset', 'no-version'])
/** Of these, what one place says: it holds until that says otherwise, or something else is wanted. */
const OF_PLACE: ReadonlySet<Ignored> = new Set<Ignored>(['bad-manifest', 'missed-deadline'])
/** Whether what a place says means that what was refused is not there any more: it is wanted no more, or something else is there that begins nothing. */
export const endsRefused = (reason: Ignored): boolean =>
  ENDS.has(reason) || OF_PLACE.has(reason) || reason === 'not-configured'

/** What was refused is found by resync each time, too, as a place is that is amiss: the two would be news in turn. */
const isToldAgain = (last: Held | null): boolean => last?.reason === 'held-refused' || last?.reason === 'would-pass-now'

/**
 * What is shown as held back once a source is ignored, and whether that is news. `told`: not found by resync, which finds
 * every place that is amiss, each time: the one that is shown stays. `awaited`: what is wanted was read there, and has begun nothing.
 */
export const heldAfter = (
  last: Held | null,
  { place, told, awaited = false, ...given }: Required<Held> & { told: boolean; awaited?: boolean },
): { held: Held | null; fresh: boolean } => {
  const { reason, detail } = given
  // A replay says nothing of what is there.
  if (reason === 'replayed') return { held: last, fresh: false }
  if (awaited && ENDS.has(reason)) return { held: { ...given, place }, fresh: true }
  if (!HOLDS.has(reason)) {
    const over = reason === 'already-true' || last?.place === place
    return { held: over ? null : last, fresh: false }
  }
  const held: Held = OF_PLACE.has(reason) ? { ...given, place } : given
  const same = last?.reason === reason && last.detail === detail
  const fresh = !same && (told || held.place === undefined || (last?.place === undefined && !isToldAgain(last)))
  return { held: fresh ? held : last, fresh }
}
