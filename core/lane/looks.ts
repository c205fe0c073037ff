import { reactionTo } from '../reactions/catalogue.ts'
import { whereOf } from './answering.ts'
import { inOrder, type LookLetter } from './letters.ts'
import type { View } from './view.ts'

/**
 * All letters that point where this one does, also those that would have waited longer. What is replayed never intends, and is answered
 * apart: it takes the place of none that may.
 */
export const sameLook = (view: View, letter: LookLetter): LookLetter[] => {
  const at = whereOf(view, letter)
  const due = view.letters.filter((other): other is LookLetter => other.kind === 'look')
  return inOrder([...due, ...view.later]).filter(
    (other) => whereOf(view, other) === at && other.event.replayed === letter.event.replayed,
  )
}

/** Letters that count for what is so at their place, and those that say only what was so before. */
export const lastOf = ({ reactions }: View, letters: LookLetter[]): { letters: LookLetter[]; over: LookLetter[] } => {
  const last = reactionTo(reactions, letters[0]?.event ?? { type: '' })?.last
  if (last === undefined || letters.length < 2) return { letters, over: [] }
  const event = letters.map((letter) => letter.event).reduce((a, b) => last(a, b))
  const counts = letters.filter((letter) => letter.event === event)
  return { letters: counts, over: letters.filter((letter) => !counts.includes(letter)) }
}
