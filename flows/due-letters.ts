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

/** Letters of both sorts, read side by side. */
export const everyLetter = async (
  ledger: Ledger,
  lane: string,
  at: Parameters<typeof isDue>[1],
): Promise<{ found: (Stored<'look' | 'order'> & { value: Letter })[]; more: boolean }> => {
  const [looks, orders] = await Promise.all([
    lettersOf(ledger, 'look', { lane, at }),
    lettersOf(ledger, 'order', { lane, at }),
  ])
  return { found: [...looks.found, ...orders.found], more: looks.more || orders.more }
}

/**
 * Letters of one sort, those that are due among them: pages of letters that all wait are passed over. `more`: some were not read.
 * Who may write rows of this sort says nothing of another: a vote among the letters of events is none.
 */
const lettersOf = async (
  ledger: Ledger,
  kind: 'look' | 'order',
  { lane, at }: { lane: string; at: Parameters<typeof isDue>[1] },
): Promise<{ found: Stored<'look' | 'order'>[]; more: boolean }> => {
  const found: Stored<'look' | 'order'>[] = []
  for (let after: string | undefined; ; ) {
    const page = await ledger.list(kind, { prefix: `${lane}#`, limit: PAGE, ...(after === undefined ? {} : { after }) })
    const known = page.filter(({ value }) => letterRow(value) === kind)
    found.push(...known)
    if (page.length < PAGE) return { found, more: false }
    if (known.some(({ value }) => isDue(value, at))) return { found, more: true }
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
