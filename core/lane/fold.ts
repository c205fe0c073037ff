import { ruleFor } from '../lane-kinds/catalogue.ts'
import type { Decision, Facts, Intent, Unreadable } from '../reactions/reaction.ts'
import { said } from '../text.ts'
import { heard, noted, whereOf } from './answering.ts'
import { inTurn } from './before.ts'
import { type Change, changed, DETAIL, joined, moment } from './change.ts'
import { foldCommand } from './commands.ts'
import { decidedBy, decisionOf } from './deciding.ts'
import { type LaneDocument, wantedRun } from './document.ts'
import { ignored, isRefusedElsewhere, leftElsewhere } from './ignoring.ts'
import { inShadow, knownInShadow } from './in-shadow.ts'
import { intend } from './intend.ts'
import { foldOfPool } from './leasing.ts'
import { inOrder, type Letter, type LookLetter, lookOf, type RunLetter } from './letters.ts'
import { foldLift } from './lifting.ts'
import { lastOf, sameLook } from './looks.ts'
import { knowing, withoutPassed } from './passed.ts'
import type { Seen } from './planning.ts'
import { keptWaiting, postponed } from './postponing.ts'
import { lookForRetry, placeForRetry } from './retrying.ts'
import { foldRun } from './running.ts'
import type { View } from './view.ts'
import { foldVote } from './votes.ts'
import type { Wanted } from './wanted.ts'
import { foldWarned } from './warned.ts'

/**
 * Folds every due letter into the document, by time, then id. Letters that point at the same place are one look: they are
 * answered alike, and what any of them proves stays when it has to wait. Each is answered by a moment that names it.
 */
export const fold = (view: View, facts: Readonly<Record<string, Facts>>, seen: Seen): Change => {
  let change = isRefusedElsewhere(view) ? leftElsewhere(view) : changed(view.doc)
  const done = new Set<string>()
  for (const letter of inOrder(view.letters)) {
    if (done.has(letter.id)) continue
    const at: View = { ...view, doc: change.doc }
    const folded = foldOne(at, letter, { facts, seen })
    for (const { id } of [...folded.removed, ...folded.later]) done.add(id)
    change = joined(change, folded)
  }
  return change
}

const foldOne = (view: View, letter: Letter, given: { facts: Readonly<Record<string, Facts>>; seen: Seen }): Change => {
  switch (letter.kind) {
    case 'look':
      return foldedLooks(view, letter, given)
    case 'vote':
      return inTurn(view, (own) => foldVote(own, letter))
    case 'warned':
      return foldWarned(view, letter)
    case 'lift':
      return foldLift(view, letter)
    case 'run':
      return foldRun(view, letter, saidOf(view, letter, given))
    case 'go-on':
    case 'lease':
      return foldOfPool(view, letter)
    default:
      return foldCommand(view, letter, letter.kind === 'retry' ? saidNow(view, given.facts) : null)
  }
}

/** What a run that somebody asks for comes to; where its source does not answer, by what is known of that. */
const saidOf = (
  view: View,
  letter: RunLetter,
  { facts, seen }: { facts: Readonly<Record<string, Facts>>; seen: Seen },
): { decision: Decision; seen: Seen } => {
  const look = lookOf(letter)
  const told = facts[whereOf(view, look)]
  const known = told === undefined || told.kind === 'unreadable' ? NOWHERE : told
  return { decision: decisionOf(view, look, known, true), seen }
}

const NOWHERE: Facts = { kind: 'nowhere' }

/** What the source of what would be tried again says now; null: nobody has looked, or it does not answer. */
const saidNow = (view: View, facts: Readonly<Record<string, Facts>>): Decision | null => {
  const letter = lookForRetry(view)
  const told = letter === null ? undefined : facts[placeForRetry(view, letter)]
  return letter === null || told === undefined || told.kind === 'unreadable' ? null : decisionOf(view, letter, told)
}

/** What our own code cannot fold waits, alone: people's letters and the bound of what runs do not wait behind it. */
const foldedLooks = (...[view, letter, given]: Parameters<typeof foldLooks>): Change => {
  try {
    return foldLooks(view, letter, given)
  } catch (error) {
    const told: Unreadable = { kind: 'unreadable', side: 'ours', detail: String(error), retryAfter: 0, bug: true }
    return postponed(view, sameLook(view, letter), told)
  }
}

const foldLooks = (
  view: View,
  letter: LookLetter,
  { facts, seen }: { facts: Readonly<Record<string, Facts>>; seen: Seen },
): Change => {
  const { letters, over } = lastOf(view, sameLook(view, letter))
  const told = facts[whereOf(view, letter)]
  const change =
    told === undefined || told.kind === 'unreadable'
      ? postponed(view, letters, told as Unreadable | undefined)
      : foldTold(view, letters, { told, seen })
  return over.length === 0 ? change : { ...change, removed: [...change.removed, ...over] }
}

const foldTold = (given: View, letters: LookLetter[], { told, seen }: { told: Facts; seen: Seen }): Change => {
  const decision = decidedBy(given, letters, told)
  const [letter] = letters as [LookLetter]
  const isInShadow = decision.kind === 'intend' && ruleFor(given.kind, given.doc.lane, given.policy)?.mode === 'shadow'
  const view = { ...given, doc: learnt(given.doc, isInShadow ? knownInShadow(given, letters, decision) : decision) }
  if (decision.kind === 'wait') return keptWaiting(view, letters, { ...decision, side: null, retryAfter: 0, told })
  if (decision.kind === 'ignore') return ignored(knowing(view, letter, { decision, told }), letters, decision)
  const whole = withoutPassed(view, letter, told)
  if (isInShadow) return inShadow(whole, letters, { intent: decision.intent, seen, told })
  const wanted = intend(whole, decision.intent, seen)
  return wanted.kind === 'later'
    ? later(given, letters, { ...wanted, told })
    : intended(whole, letters, { ...decision, wanted })
}

/** What is known is as it was, and what told of it waits: a source says who asked, and some of them all that they say, once (law 8). */
const later = (
  view: View,
  letters: LookLetter[],
  { reason, detail, told }: { reason: 'run-not-over' | null; detail: string; told: Facts },
): Change => {
  if (reason === null) return postponed(view, letters, { kind: 'unreadable', side: 'cluster', detail, retryAfter: 0 })
  return keptWaiting(view, letters, { reason, detail, until: null, side: null, retryAfter: 0, told })
}

/** With what is known by a decision of alerts, of its schedule and of versions; where that is nothing new it is the same to the byte. */
const learnt = (given: LaneDocument, { episodes, schedule, versions }: Decision): LaneDocument => {
  const { schedule: _, ...withoutSchedule } = given
  const before: LaneDocument = schedule === null ? withoutSchedule : given
  const { versions: __, ...withoutVersions } = before
  return {
    ...(versions === null ? withoutVersions : before),
    ...(episodes === undefined ? {} : { episodes }),
    ...(schedule == null ? {} : { schedule }),
    ...(versions == null ? {} : { versions }),
  }
}

/** Why a source names nothing, it says itself. */
const isNothingNew = ({ reason }: { reason: string }): boolean => reason === 'source-names-nothing-new'

const intended = (
  view: View,
  letters: LookLetter[],
  { intent, detail, wanted }: { intent: Intent; detail: string; wanted: Exclude<Wanted, { kind: 'later' }> },
): Change => {
  if (wanted.kind === 'ignore') {
    const { doc = view.doc, ...why } = wanted
    const known = { ...view, doc }
    return ignored(known, letters, isNothingNew(why) ? { ...why, detail: `${detail}; ${why.detail}` } : why)
  }
  if (wanted.kind === 'note') return noted(view, letters, wanted)
  const { doc } = wanted
  const run = wantedRun(doc)
  const title = view.kind.titleOf(intent.desired as never)
  return changed(doc, {
    removed: letters,
    moments: [
      ...heard(view, letters),
      moment('facts', detail, { run }),
      moment('decision', `intend: ${title} (${wanted.why})`, {
        run,
        data: {
          became: 'intended',
          letters: letters.map(({ id }) => id),
          detail: said(`${title}: ${wanted.why}`, DETAIL),
        },
      }),
    ],
    counts: ['intended'],
  })
}

/** Documents and letters of a lane that `fold` must look at the world for: what was refused, what stands, or rose and was changed by hand, what is in shadow. */
export const needsPaper = ({ doc, kind, policy }: Pick<View, 'doc' | 'kind' | 'policy'>): boolean =>
  doc.outcome?.kind === 'refused' ||
  ((doc.outcome?.kind === 'succeeded' || doc.outcome?.reason === 'edited-by-hand') && kind.lasts === 'standing') ||
  ruleFor(kind, doc.lane, policy)?.mode === 'shadow'
