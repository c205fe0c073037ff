import { ruleFor } from '../lane-kinds/catalogue.ts'
import { reactionTo } from '../reactions/catalogue.ts'
import type { Facts, Unreadable } from '../reactions/reaction.ts'
import { said } from '../text.ts'
import { answers } from './answering.ts'
import { type Change, changed, pauseAfter, SHORT } from './change.ts'
import type { LookLetter } from './letters.ts'
import type { View } from './view.ts'

/** A source that does not answer says nothing of what is there: its letters wait, for as long as it takes. */
export const postponed = (view: View, letters: LookLetter[], told: Unreadable | undefined): Change => {
  const change = keptWaiting(view, letters, {
    reason: 'source-unreadable',
    detail: told === undefined ? 'its source was not looked at yet' : unreadText(told),
    until: null,
    // A bug of ours is nothing that a far side could be waited for.
    side: told === undefined || told.bug === true ? null : told.side,
    retryAfter: told?.retryAfter ?? 0,
  })
  const isNews = told?.bug === true && change.counts.length > 0
  return isNews ? { ...change, counts: [...change.counts, `bug:${told.side}`] } : change
}

const unreadText = ({ side, detail, bug }: Unreadable): string =>
  bug === true ? `a bug of ours, at ${side}: ${detail}` : `${side} does not answer: ${detail}`

/** A minute at least: what is being uploaded takes a while. Milliseconds. */
const SOON = 60_000

/** Letters of one place that wait together, for one reason. `told`: what the place says; left out: it does not answer. */
export const keptWaiting = (
  view: View,
  letters: LookLetter[],
  {
    reason,
    until,
    side,
    retryAfter,
    told,
    next,
    ...given
  }: NonNullable<LookLetter['waits']> & { retryAfter: number; told?: Facts; next?: number },
): Change => {
  const detail = said(given.detail, SHORT)
  const tries = Math.max(...letters.map((letter) => letter.tries)) + 1
  const pause = pauseAfter(tries, retryAfter)
  const at = next ?? view.now + (reason === 'source-unreadable' ? pause : Math.max(SOON, pause))
  const due = until === null ? at : Math.max(view.now + 1000, Math.min(at, until + 1))
  const waits = { reason, detail, until, side, ...(cameInShadow(view, letters) ? { inShadow: true as const } : {}) }
  const stay = staying(view, letters, told)
  const known = letters.some((letter) => letter.waits?.reason === reason && letter.waits.detail === detail)
  const news = letters.filter((letter) => letter.from === 'door' && letter.waits === null)
  const quiet = news.length === 0 && known
  return changed(view.doc, {
    removed: letters.filter((letter) => !stay.includes(letter)),
    later: stay.map((letter) => ({ ...letter, due, tries, waits })),
    moments: quiet ? [] : answers(view, letters, { became: 'waiting', kind: 'wait', reason, detail }),
    counts: quiet ? [] : [`waiting:${reason}`],
  })
}

/** Whether one of them has waited since before its rule was in shadow. */
export const waitedBefore = (letters: readonly LookLetter[]): boolean =>
  letters.some(({ waits }) => waits !== null && waits.inShadow !== true)

const cameInShadow = ({ kind, doc, policy }: View, letters: LookLetter[]): boolean =>
  ruleFor(kind, doc.lane, policy)?.mode === 'shadow' && !waitedBefore(letters)

/** Letters that wait of one place at most: fewer than one fold takes, the newest of those that prove something. */
const PROVING = 8

/**
 * Of letters that wait together one stays for all, and so does each that proves who asked by itself: its source says that once (law 8).
 * While the place does not answer nobody knows which of them is about what stands there.
 */
const staying = (view: View, letters: LookLetter[], told: Facts | undefined): LookLetter[] => {
  const proving = new Map<string, LookLetter>()
  for (const letter of letters) {
    const proof = reactionTo(view.reactions, letter.event)?.proof?.(letter.event, told) ?? null
    if (proof !== null && !proving.has(proof)) proving.set(proof, letter)
  }
  if (proving.size > 0) return [...proving.values()].slice(-PROVING)
  return [(letters.find(({ waits }) => waits !== null) ?? letters[0]) as LookLetter]
}
