import type { Telling } from '../telling.ts'
import { counted } from '../text.ts'
import { type Change, moment } from './change.ts'
import type { LaneDocument, Mark } from './document.ts'
import { markOf } from './marks.ts'
import type { Suspension, Undone } from './suspension.ts'

const [FIRST_PAUSE, LONGEST_PAUSE] = [5_000, 60_000]

/** From one time that it is suspended to the next: the first time at once, then ever later, up to a minute: who does it every few seconds makes as many writes as the meter's tick, and runs no longer than that. */
const pauseOf = (times: number): number =>
  times <= 1 ? 0 : Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** Math.min(times - 2, 10))

/** For so long a node that was started for it is reckoned to cost: whoever lets it go again meanwhile starts no other. Milliseconds. */
const A_NODE = 30 * 60_000

/** Whether the node that somebody has started for it by letting it go is counted, and there yet. */
export const isNodeThere = ({ undone }: Pick<Suspension, 'undone'>, now: number): boolean =>
  undone?.node !== undefined && now - undone.node < A_NODE

/**
 * The mark of what was seen to be let go: it is to be suspended again, in a while where that was so before. Each time counts as a node, unless that
 * of the time before is there: what somebody else spends on it counts towards its bound (law 9).
 */
export const withUndone = (
  mark: Mark,
  has: Suspension & { at: number },
  { by, now }: { by: string | null; now: number },
): Mark => {
  const times = (has.undone?.times ?? 0) + 1
  const isAnother = !isNodeThere(has, now)
  const node = isAnother ? now : has.undone?.node
  const undone: Undone = { times, by, after: has.at + pauseOf(times), ...(node === undefined ? {} : { node }) }
  const letGo = (mark.letGo ?? 0) + (isAnother ? 1 : 0)
  return { ...mark, ...(letGo === 0 ? {} : { letGo }), suspended: { ...has, at: null, by: '', undone } }
}

/** Whether it waits before it is suspended again. */
export const waitsAgain = ({ is, at, undone }: Suspension, now: number): boolean =>
  is && at === null && undone !== undefined && now < undone.after

const whoOf = ({ by }: Undone): string => by ?? 'somebody'

/** `; kubectl-patch has let it go 12 times, and it is suspended again each time`; empty: nobody has. */
export const undoneText = ({ undone }: Suspension): string => {
  if (undone === undefined) return ''
  if (undone.times === 1) return `; ${whoOf(undone)} has let it go, and it is suspended again`
  return `; ${whoOf(undone)} has let it go ${counted(undone.times, 'time')}, and it is suspended again each time`
}

/** A line of the timeline the 1st, 2nd, 4th, 8th, … time: however long somebody goes on with it, there are few. */
const undoneLine = ({ title }: Pick<Mark, 'title'>, undone: Undone): string | null =>
  Number.isInteger(Math.log2(undone.times))
    ? `“${title}” is suspended again: ${whoOf(undone)} has let it go${undone.times === 1 ? '' : `, ${undone.times} times by now`}`
    : null

/** What people are told of it, once for each time that the rung comes. */
const undoneNote = (
  { name: lane, lane: of }: Pick<LaneDocument, 'name' | 'lane'>,
  { name, title }: Pick<Mark, 'name' | 'title'>,
  { since, undone }: Suspension & { undone: Undone },
): Telling => ({
  kind: 'note',
  key: `${lane} ${name} was let go ${since}`,
  card: {
    title: `“${title}” is suspended again: ${whoOf(undone)} has let it go`,
    facts: [{ label: 'Lane', value: of }],
    lines: [
      'while the rung is in force it is suspended again each time, and that is told no more',
      'to let it go on lift the rung: `npx signalbox lift`',
    ],
    ...{ question: null, tone: 'bad' },
  },
})

/** The same change where what was suspended is so for another time: with what is said of that. */
export const toldAgain = (
  { doc }: { doc: LaneDocument },
  change: Change,
  mark: Pick<Mark, 'name' | 'title'>,
): Change => {
  const has = markOf(change.doc, mark.name).suspended
  const { undone } = has ?? {}
  if (has === undefined || undone === undefined) return change
  const line = undoneLine(mark, undone)
  const moments = line === null ? [] : [moment('step', line, { run: doc.run, data: { step: mark.name } })]
  return { ...change, moments, tellings: undone.times === 1 ? [undoneNote(doc, mark, { ...has, undone })] : [] }
}
