import { reactionTo } from '../reactions/catalogue.ts'
import { said } from '../text.ts'
import { type Change, changed, DETAIL, moment } from './change.ts'
import type { LaneDocument } from './document.ts'
import type { LookLetter } from './letters.ts'
import type { View } from './view.ts'

/** Where a letter points, as people write it. */
export const whereOf = ({ reactions }: Pick<View, 'reactions'>, { event }: LookLetter): string =>
  reactionTo(reactions, event)?.at(event) ?? event.type

/** What letters became. */
export interface Answer {
  became: string
  kind: string
  reason: string | null
  detail: string
}

/** One moment for all letters that are answered alike: callers find theirs in it. */
export const answers = (
  view: View,
  letters: LookLetter[],
  { became, kind, reason, detail }: Answer,
): Change['moments'] => [
  ...heard(view, letters),
  moment('decision', `${kind}: ${detail}`, {
    data: {
      became,
      reason,
      letters: letters.map(({ id }) => id),
      event: letters[0]?.event.type,
      detail: said(detail, DETAIL),
    },
  }),
]

/** What was told, once however often. */
export const heard = (view: View, letters: LookLetter[]): Change['moments'] => {
  const [first] = letters.filter(({ waits }) => waits === null)
  if (first === undefined) return []
  const more = letters.length === 1 ? '' : ` (${letters.length} deliveries)`
  return [moment('event', `${first.event.type} ${whereOf(view, first)}${more}`, { data: { ...first.event } })]
}

/** Nothing starts by these letters, and the document knows more than it did. */
export const noted = (
  view: View,
  letters: LookLetter[],
  { doc, detail }: { doc: LaneDocument; detail: string },
): Change =>
  changed(doc, {
    removed: letters,
    moments: answers(view, letters, { became: 'recorded', kind: 'note', reason: null, detail }),
    counts: ['noted'],
  })
