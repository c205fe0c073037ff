import { warningKey, warningText } from '../capacity.ts'
import type { Card } from '../cards.ts'
import { type Change, changed, DETAIL, moment } from './change.ts'
import { wantedRun } from './document.ts'
import type { WarnedLetter } from './letters.ts'
import type { View } from './view.ts'

/** Warnings of a lane that are remembered: EC2 says each for minutes. */
const MOST = 8

/**
 * A line on the lane's timeline, once for each warning, however often it is delivered. Nothing is ended or begun by it: what comes of it is
 * seen on the pods. The end of a block, which takes all of a pool's nodes, is told in the channel too.
 */
export const foldWarned = (view: View, letter: WarnedLetter): Change => {
  const { doc } = view
  const { event, on } = letter
  const { warned = [] } = doc
  const key = warningKey(event)
  if (warned.includes(key)) return changed(doc, { removed: [letter] })
  const text = warningText(event, on)
  return changed(
    { ...doc, warned: [...warned, key].slice(-MOST) },
    {
      removed: [letter],
      moments: [
        moment('note', text, {
          run: doc.run ?? wantedRun(doc),
          data: {
            became: 'recorded',
            reason: null,
            letters: [letter.id],
            event: event.type,
            detail: text.slice(0, DETAIL),
          },
        }),
      ],
      counts: [`warned:${event.warns}`],
      tellings:
        event.warns === 'block-ends' ? [{ kind: 'note', key: `${doc.lane} ${key}`, card: cardOf(view, text) }] : [],
    },
  )
}

const cardOf = ({ doc }: View, text: string): Card => ({
  title: `A capacity block of ${doc.lane} ends`,
  facts: [],
  lines: [text],
  question: null,
  tone: 'bad',
})
