import type { Facts, Unreadable } from '../reactions/reaction.ts'
import type { Outcome } from '../reasons.ts'
import type { PlanRow } from '../rows.ts'
import type { Act } from './act.ts'
import { whereOf } from './answering.ts'
import { type Change, changed, joined, pauseAfter, resting } from './change.ts'
import { close } from './closing.ts'
import { type Run, sameRun } from './document.ts'
import { decidedBy, fold } from './fold.ts'
import { expired, isLate, settleLeaveLine } from './holding.ts'
import type { LookLetter } from './letters.ts'
import { SUPERSEDED } from './next-step.ts'
import type { Seen } from './planning.ts'
import type { View } from './view.ts'

/**
 * A look at the source that the run was wanted from, unless this invocation has read it: between a question, a line or a freeze and its
 * beginning nobody has, and what was approved may stand there no more (laws 1, 9). Null: it needs none. What carries something over was
 * made from it already, and goes on from that (law 7).
 */
export const lookingAgain = (view: View, run: Run): Act | null => {
  if (view.looked || carriesOver(run)) return null
  const letter = letterTo(view, run)
  return letter === null ? null : { kind: 'look-again', letter }
}

const carriesOver = ({ steps }: Run): boolean => steps.some(({ state }) => state !== 'pending')

/** A letter that nobody has written: it is one once it has to wait. */
const letterTo = ({ reactions, doc, now }: View, { desired }: Run): LookLetter | null => {
  const event = reactions.map(({ whence }) => whence?.(desired, now) ?? null).find((found) => found !== null)
  if (event === undefined) return null
  const id = `${String(now).padStart(14, '0')}.again`
  return { kind: 'look', id, lane: doc.lane, at: now, due: now, event, from: 'door', waits: null, tries: 0 }
}

/** Whether what the lane wants was read at its source in this invocation: what was looked at just now is not looked at again. */
export const hasLooked = (view: View, act: Act, { doc }: Pick<Change, 'doc'>): boolean =>
  view.looked || act.kind === 'look-again' || (act.kind === 'look' && doc.generation !== view.doc.generation)

/** Why a run that has begun nothing begins nothing any more, by what is known of its source; null: it is still what that says. */
export const whyNoMore = (view: View, run: Run): Outcome | null => {
  const { doc, kind, later } = view
  if (isOfAnother(view, run.desired))
    return { kind: 'cancelled', reason: 'not-configured', detail: 'the policy has no rule for its source any more' }
  const place = kind.placeOf?.(run.desired as never)
  if (place === undefined || carriesOver(run)) return null
  if (doc.held?.place === place) return saysOtherwise(doc.held.detail)
  const waits = later.find((letter) => whereOf(view, letter) === place && isAnswered(letter))?.waits
  return waits ? saysOtherwise(waits.detail) : null
}

/** Whether what was read there is for another lane, or none, by the policy in force. */
export const isOfAnother = (
  { reactions, policy, doc }: Pick<View, 'reactions' | 'policy'> & { doc: Pick<View['doc'], 'lane'> },
  desired: Run['desired'],
): boolean =>
  reactions.some(({ whence, ruleOf }) => {
    const event = whence?.(desired, 0) ?? null
    return event !== null && ruleOf(event, policy)?.lane !== doc.lane
  })

/** What waits since its place said something that is not whole: of a place that does not answer nobody knows. */
const isAnswered = ({ waits }: LookLetter): boolean => waits !== null && waits.reason !== 'source-unreadable'

const saysOtherwise = (detail: string): Outcome => ({
  ...SUPERSEDED,
  detail: `its source says something else now, which begins nothing: ${detail}`,
})

/** Goes on where the source says what the run is about; anything else counts as a letter about it would, and the run begins nothing. */
export const settleLookAgain = (
  view: View,
  letter: LookLetter,
  { facts, seen }: { facts: Readonly<Record<string, Facts>>; seen: Seen },
): Change => {
  const { doc, kind } = view
  const run = doc.run as Run
  const told = facts[whereOf(view, letter)]
  if (told === undefined || told.kind === 'unreadable') return unread(view, told as Unreadable | undefined)
  const decision = decidedBy(view, [letter], told)
  if (decision.kind === 'intend' && kind.keyOf(decision.intent.desired as never) === kind.keyOf(run.desired as never))
    return run.phase === 'steps' && isLate(view, (view.plan as PlanRow).plan) ? expired(view, run, true) : changed(doc)
  const change = untold(letter, fold({ ...view, letters: [letter] }, facts, seen))
  if (!sameRun(run, change.doc)) return change
  return joined(change, close({ ...view, doc: change.doc }, run, saysOtherwise(decision.detail)))
}

/** The change without the letter, which nobody has written and nobody waits for. */
const untold = ({ id }: LookLetter, change: Change): Change => ({
  ...change,
  removed: change.removed.filter((letter) => letter.id !== id),
  moments: change.moments
    .filter(({ kind }) => kind !== 'event')
    .map(({ data, ...said }) => {
      const named = data?.['letters'] as string[] | undefined
      const letters = named === undefined ? {} : { letters: named.filter((one) => one !== id) }
      return data === undefined ? said : { ...said, data: { ...data, ...letters } }
    }),
})

/** While nobody knows whether it may begin, it holds nothing, and what governs beginning counts. */
const unread = (view: View, told: Unreadable | undefined): Change => {
  const { side = null, detail = 'nobody has looked at it' } = told ?? {}
  const rest = resting(view, { why: 'unavailable', text: `its source does not answer: ${detail}`, side })
  return { ...settleLeaveLine(view), rest: { ...rest, until: view.now + pauseAfter(rest.tries, told?.retryAfter) } }
}
