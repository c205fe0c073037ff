import type { Lost } from '../pods/taken.ts'
import { said } from '../text.ts'
import type { Mark } from './document.ts'

/** Longest that what ended a pod stands in the mark. */
const LOST = 200

/** The mark with what has ended its newest pod. `lost` null: there is nothing to remember; undefined: nobody knows better than the mark. */
export const remembering = (mark: Mark, lost: Lost | null | undefined): Mark => {
  if (lost === undefined) return mark
  const { lost: _, died: __, ...known } = withoutMessage(mark)
  return lost === null ? known : { ...known, lost: { ...lost, note: said(lost.note, LOST) } }
}

/** What its pod has said is settled. */
const withoutMessage = (mark: Mark): Mark => {
  if (mark.made?.message === undefined) return mark
  const { message: _, ...made } = mark.made
  return { ...mark, made }
}
