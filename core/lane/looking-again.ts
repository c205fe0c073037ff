import { laneName } from '../lane-kinds/kind.ts'
import type { Facts, Unreadable } from '../reactions/reaction.ts'
import type { Outcome } from '../reasons.ts'
import type { PlanRow } from '../rows.ts'
import { plainTime } from '../text.ts'
import { type Act, frozen, rest } from './act.ts'
import { whereOf } from './answering.ts'
import { type Change, changed, joined, pauseAfter } from './change.ts'
import { close } from './closing.ts'
import { decidedBy } from './deciding.ts'
import { type Run, sameRun } from './document.ts'
import { saysOtherwise } from './done-with.ts'
import { fold } from './fold.ts'
import { isLate, late, restUnread, settleLeaveLine } from './holding.ts'
import { isOfAnother } from './ignoring.ts'
import { carriesOver, goesOn } from './kept.ts'
import { letterTo } from './letter-to.ts'
import type { LookLetter } from './letters.ts'
import type { Seen } from './planning.ts'
import { keptByRung } from './rungs.ts'
import type { View } from './view.ts'

/**
 * A look at the source that the run was wanted from, unless this invocation has read it: between a question, a line or a freeze and its
 * beginning nobody has, and what was approved may stand there no more (laws 1, 9). Null: it needs none. What carries something over was
 * made from it already, and goes on from that (law 7).
 */
export const lookingAgain = (view: View, run: Run): Act | null => {
  if (view.looked || carriesOver(run)) return null
  const letter = letterTo(view, run.desired)
  return letter === null ? null : { kind: 'look-again', letter }
}

/**
 * Why nothing of a run begins for now: a freeze, a rung of the budget, a later time that people chose, or its source names what is not whole yet, and may name again what the run is about.
 * Null: nothing keeps it.
 */
export const keptBack = (view: View, run: Run): Act | null => {
  const still = frozen(view) ?? keptByRung(view, run) ?? notYet(view)
  if (still !== null || carriesOver(run)) return still
  const letter = letterTo(view, run.desired)
  const found = letter === null ? undefined : waitsAt(view, whereOf(view, letter))
  return found?.waits == null
    ? null
    : rest(view, { why: found.waits.reason, text: `waits: ${found.waits.detail}`, until: found.due })
}

/** Until the time that people chose; null: it is past, or they chose none. */
const notYet = (view: View): Act | null => {
  const from = view.plan?.plan.bounds.from
  if (from === undefined || view.now >= from) return null
  return rest(view, { why: 'not-yet', text: `waits until ${plainTime(from)}, as people chose`, until: from })
}

/** Whether what the lane wants was read at its source in this invocation: what was looked at just now is not looked at again. */
export const hasLooked = (view: View, act: Act, { doc }: Pick<Change, 'doc'>): boolean =>
  view.looked || act.kind === 'look-again' || (act.kind === 'look' && doc.generation !== view.doc.generation)

/** Why a run that has begun nothing begins nothing any more, by what is known of its source; null: it is still what that says. */
export const whyNoMore = (view: View, run: Run): Outcome | null => {
  const { doc, kind, policy, now } = view
  const given = { policy, name: laneName(doc.lane), rows: view.contributions, now }
  const over = kind.whyOver?.(run.desired as never, given) ?? null
  if (over !== null) return { kind: 'refused', reason: 'lease-not-allowed', detail: over }
  const another = isOfAnother(view, run.desired) ? 'the policy has no rule for its source any more' : null
  const unruled = another ?? kind.whyNotFor?.(run.desired as never, given) ?? null
  if (unruled !== null) return { kind: 'cancelled', reason: 'not-configured', detail: unruled }
  const place = kind.placeOf?.(run.desired as never)
  if (place === undefined || goesOn(view, run)) return null
  if (doc.held?.place === place) return saysOtherwise(doc.held.detail)
  const waits = waitsAt(view, place)?.waits
  return waits ? saysOtherwise(waits.detail) : null
}

/** The letter that waits since this place said something that is not whole. */
const waitsAt = (view: View, place: string): LookLetter | undefined =>
  view.later.find((letter) => whereOf(view, letter) === place && isAnswered(letter))

/** What waits since its place said something that is not whole. */
const isAnswered = ({ waits }: LookLetter): boolean => waits !== null && !OF_NO_PLACE.has(waits.reason)

/** Of a place that does not answer nobody knows, and what waits for another run to be over says nothing of its own. */
const OF_NO_PLACE: ReadonlySet<string> = new Set(['source-unreadable', 'run-not-over'])

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
    return run.phase === 'steps' && isLate(view, (view.plan as PlanRow).plan) ? late(view, run, true) : changed(doc)
  const change = untold(letter, fold({ ...view, letters: [letter] }, facts, seen))
  if (!sameRun(run, change.doc)) return change
  if (decision.kind === 'wait' && kind.placeOf === undefined) return joined(change, settleLeaveLine(change))
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

/** While nobody knows whether it may begin, it soon holds nothing, and what governs beginning counts. */
const unread = (view: View, told: Unreadable | undefined): Change => {
  const { side = null, detail = 'nobody has looked at it' } = told ?? {}
  const given = { why: 'unavailable', text: `its source does not answer: ${detail}`, side } as const
  const { doc, rest } = restUnread(view, given, (tries) => pauseAfter(tries, told?.retryAfter))
  return changed(doc, { rest })
}
