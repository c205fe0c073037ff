import { said } from '../text.ts'
import { SHORT } from './change.ts'
import type { LastLook } from './clearing.ts'
import type { LaneDocument, Mark } from './document.ts'
import { remembering } from './remembering.ts'
import type { View } from './view.ts'
import { goesOn, overAt, stopped, worksOn } from './worked.ts'

/**
 * The document with what a look has seen of a Job while its lane could not be read: its time, by the rules that count it in any lane, and
 * what a person is told of it. What it has come to is settled once the lane is read.
 */
export const seenUnread = (
  view: Pick<View, 'doc' | 'plan' | 'now'>,
  mark: Mark,
  seen: LastLook['seen'],
): LaneDocument => {
  // From now on nobody has looked: what the next look finds begun anew stood still no longer than since then.
  const known: Mark = { ...workedIn(view, mark, seen), unseenFrom: view.now }
  return withMarked(view.doc, seen.kind === 'wait' ? { ...known, ...toldBy(mark, seen) } : known)
}

const workedIn = (view: Pick<View, 'doc' | 'plan' | 'now'>, mark: Mark, seen: LastLook['seen']): Mark => {
  if (seen.kind === 'wait') return remembering(goesOn(view, mark, seen), seen.lost)
  const known = worksOn(view, mark, { ...seen, running: false })
  return { ...stopped(known, { now: view.now, at: overAt(view, known, seen) }), ...diedBy(seen) }
}

/** Its pod goes with its node, for which nobody waits: how it failed is known from now on, though it is settled later. */
const diedBy = (seen: LastLook['seen']): Pick<Mark, 'died'> =>
  seen.kind === 'failed' && seen.reason !== 'deleted'
    ? { died: { failure: seen.reason, note: said(seen.note, SHORT) } }
    : {}

const toldBy = (mark: Mark, { note, pod }: Extract<LastLook['seen'], { kind: 'wait' }>): Partial<Mark> => ({
  note: note === '' ? mark.note : said(note, SHORT),
  ...(pod === undefined ? {} : { pod }),
})

/** The same once its Job is told to end: nobody may look again for days. */
export const toldToEnd = (doc: LaneDocument, mark: Mark, now: number): LaneDocument =>
  withMarked(doc, { ...mark, endedAt: now })

const withMarked = (doc: LaneDocument, mark: Mark): LaneDocument => {
  if (doc.run === null) return doc
  const steps = doc.run.steps.map((one) => (one.name === mark.name && one.way === mark.way ? mark : one))
  return { ...doc, run: { ...doc.run, steps } }
}
