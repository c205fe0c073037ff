import type { GenerationView, Traffic } from '../world.ts'
import { isEditedByHand } from './generations.ts'
import { isLedTo } from './traffic.ts'

/**
 * In which order generations leave, on a way forth and back: what nobody asks before what requests are led to, and of either what was never
 * judged before the baseline. So nothing that answers goes while something stands that answers nobody, and takes its room.
 */

/** Never judged, or judged before somebody changed it, leave first; the baseline last. */
export const judgedLast = (views: readonly GenerationView[], base: GenerationView | undefined): GenerationView[] => {
  const isJudged = (view: GenerationView): number => Number(view === base && !isEditedByHand(view))
  return views.toSorted((a, b) => isJudged(a) - isJudged(b) || a.generation - b.generation)
}

/** The same where requests are led there; otherwise in the order in which they are given. */
export const askedLast = <Left extends { view: GenerationView }>(
  leaving: readonly Left[],
  traffic: Traffic,
): Left[] => {
  const isAsked = ({ view }: Left): number => Number(isLedTo(traffic, view.generation))
  return leaving.toSorted((a, b) => isAsked(a) - isAsked(b))
}
