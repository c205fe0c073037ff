import { whereOf } from '../core/lane/answering.ts'
import { inOrder, isUnderstood, type Letter, type LookLetter, letterRow } from '../core/lane/letters.ts'
import type { Reaction } from '../core/reactions/reaction.ts'
import type { Ledger, Stored } from './ledger-port.ts'

/** Letters of one commit: so many, and at most so many that are answered each by itself (a commit has its weight). */
const LETTERS = 16
const ANSWERS = 6
/** Letters that are read at once. */
const PAGE = 100

/** Letters that count by now; of a newer release's none does. */
export const isDue = (letter: Letter, { now, reactions }: { now: number; reactions: readonly Reaction[] }): boolean =>
  letter.due <= now && isUnderstood(letter, reactions)

interface Asked {
  lane: string
  at: Parameters<typeof isDue>[1]
}

interface Found<Row> {
  found: Row[]
  /** Whether some were not read. */
  more: boolean
}

type LetterRow = Stored<'look' | 'order'>

/** Letters of both sorts, read side by side. */
export const everyLetter = async (
  ledger: Ledger,
  lane: string,
  at: Asked['at'],
): Promise<Found<LetterRow & { value: Letter }>> => {
  const [looks, orders] = await Promise.all([
    lettersOf(ledger, 'look', { lane, at, stops: hasDue }),
    lettersOf(ledger, 'order', { lane, at, stops: hasDue }),
  ])
  return { found: [...looks.found, ...orders.found], more: looks.more || orders.more }
}

/** The same, and of what people have said all: where most of it lies there until the lane can be read, it keeps nothing behind it from being heeded. */
export const everyOrder = async (
  ledger: Ledger,
  lane: string,
  at: Asked['at'],
): Promise<(LetterRow & { value: Letter })[]> => {
  const [looks, orders] = await Promise.all([
    lettersOf(ledger, 'look', { lane, at, stops: hasDue }),
    lettersOf(ledger, 'order', { lane, at, stops: () => false }),
  ])
  return [...looks.found, ...orders.found]
}

const hasDue = (page: readonly LetterRow[], at: Asked['at']): boolean => page.some(({ value }) => isDue(value, at))

/**
 * Letters of one sort, until a page has what ends it: pages of letters that all wait are passed over. Who may write rows of this sort says
 * nothing of another: a vote among the letters of events is none.
 */
const lettersOf = async (
  ledger: Ledger,
  kind: 'look' | 'order',
  { lane, at, stops }: Asked & { stops: typeof hasDue },
): Promise<Found<LetterRow>> => {
  const found: LetterRow[] = []
  for (let after: string | undefined; ; ) {
    const page = await ledger.list(kind, { prefix: `${lane}#`, limit: PAGE, ...(after === undefined ? {} : { after }) })
    const known = page.filter(({ value }) => letterRow(value) === kind)
    found.push(...known)
    if (page.length < PAGE) return { found, more: false }
    if (stops(known, at)) return { found, more: true }
    after = page.at(-1)?.id
  }
}

/**
 * The first letters, as many as one commit can answer: those that point at one place are answered as one, together with those
 * that wait there. Of these, what is too many is left for another fold, and so is a place that does not fit any more.
 */
export const someOf = (
  due: Letter[],
  waiting: LookLetter[],
  reactions: readonly Reaction[],
): { some: Letter[]; later: LookLetter[] } => {
  const whereAt = (letter: Letter): string => (letter.kind === 'look' ? whereOf({ reactions }, letter) : letter.id)
  const answers = new Set<string>()
  const [some, taken]: [Letter[], LookLetter[]] = [[], []]
  for (const letter of inOrder(due)) {
    const answer = whereAt(letter)
    const isNew = !answers.has(answer)
    if (isNew && answers.size === ANSWERS) continue
    const there = isNew ? waiting.filter((other) => whereAt(other) === answer) : []
    const room = LETTERS - some.length - taken.length
    if (room < 1 || (some.length > 0 && room < 1 + there.length)) break
    answers.add(answer)
    some.push(letter)
    taken.push(...there.slice(0, room - 1))
  }
  const elsewhere = waiting.filter((letter) => !answers.has(whereAt(letter)))
  return { some, later: [...taken, ...elsewhere] }
}
