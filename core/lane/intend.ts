import type { Desired } from '../desired.ts'
import { othersIn } from '../planning/not-ours.ts'
import type { Intent } from '../reactions/reaction.ts'
import type { Ignored } from '../reasons.ts'
import { firstAttempt, mayRepeat, newRun, nextAttempt } from './attempts.ts'
import { asAside, asBefore, asideText, isAside, leftBeside, wantedBefore } from './before.ts'
import { type Before, hasBegun, type LaneDocument, sameRun } from './document.ts'
import { doneWith, isDoneWith } from './done-with.ts'
import { askedOfRun, keepsPlace, replacingNow } from './giving-way.ts'
import { staysSo } from './held.ts'
import { asLeft } from './left.ts'
import { refusedAnew } from './made-anew.ts'
import { SUPERSEDED } from './next-step.ts'
import { forOccasion, givesWay, isOfOccasion } from './occasion.ts'
import { OTHER_PODS, OTHER_REPLICAS, overtakenByOther, wantsOtherPods, wantsOtherReplicas } from './other-pods.ts'
import { olderThan, placed } from './placed.ts'
import { pinned, planOnPaper, type Seen } from './planning.ts'
import { provenIn } from './proven.ts'
import { wantRefused } from './refused.ts'
import type { View } from './view.ts'
import { isKeeping, type Wanted, wantsBack } from './wanted.ts'

/** The table of design.md §2: what the source says now against what the lane wants and what became of it. */
export const intend = (view: View, intent: Intent, seen: Seen): Wanted => {
  const { doc, kind } = view
  if (isOfOccasion(view, intent)) {
    const why = `${kind.titleOf(doc.desired as never)}: that is on the same`
    return { ...ignore('already-done', why), doc: { ...doc, order: laterOf(doc, intent) } } as Wanted
  }
  if (doc.desired === null || kind.keyOf(doc.desired as never) !== kind.keyOf(intent.desired as never))
    return wantOther(view, intent, seen)
  if (doc.aside !== undefined && isNewer(intent, doc.aside)) return wantInstead(view, intent, seen)
  const after = { ...doc, order: laterOf(doc, intent) }
  const same = wantAgain({ ...view, doc: after }, intent, seen)
  return same.kind === 'ignore' && after.order !== doc.order ? { ...same, doc: after } : same
}

/** The same is said last where it was said last, wherever it is read: what came between moves nothing. */
const laterOf = ({ order }: Pick<LaneDocument, 'order'>, intent: Pick<Intent, 'order'>): string | null =>
  order === null || (intent.order !== null && intent.order > order) ? intent.order : order

/** What its source says once more: what came between and was cancelled is forgotten, and would be new. */
const wantInstead = (view: View, intent: Intent, seen: Seen): Wanted => {
  const { aside: _, ...doc } = view.doc
  const after = { ...doc, order: intent.order ?? doc.order }
  const same = wantAgain({ ...view, doc: after }, intent, seen)
  return same.kind === 'ignore' ? { kind: 'note', doc: after, detail: same.detail } : same
}

const isNewer = ({ order }: Intent, { order: last = null }: Before): boolean =>
  order === null || last === null || order > last

const wantAgain = (view: View, intent: Intent, seen: Seen): Wanted => {
  const replacing = replacingNow(view, intent)
  if (replacing !== null)
    return { kind: 'want', doc: replacing, why: 'it may begin now, in place of what is under way' }
  const proven = provenIn(view, intent)
  return proven === null ? wantPlaced(view, intent, seen) : wantProven({ ...view, doc: proven }, intent, seen)
}

const wantPlaced = (view: View, intent: Intent, seen: Seen): Wanted => placed(view, intent, wantSame(view, seen))

/** Something else: new, or what the run under way carries out though something came between, and then as if nothing had. */
const wantOther = (view: View, intent: Intent, seen: Seen): Wanted => {
  const { doc } = view
  const last = laterOf({ order: doc.order }, { order: doc.passedOver ?? null })
  if (last !== null && intent.order !== null && intent.order < last) return olderThan(last, intent.order)
  // What came since is gone; written anew since, it is wanted anew.
  if (isDoneWith(doc, intent.order, view.kind.keyOf(intent.desired as never)))
    return ignore('already-done', 'it is over for good, and what came after it is not there any more')
  // What is cancelled behind a run stays so, also while more attempts follow.
  if (isAside(view, intent.desired)) return wantAside(view, intent, seen)
  const before = wantedBefore(view, intent.desired)
  // What is ending for something newer has given its way up: what it finished is kept.
  if (before === null || doc.run?.ending?.kind === 'superseded')
    return keepsPlace(view, intent) ?? asLeft(view, intent, wantNew(view, intent, before))
  const after = { ...asBefore(doc, before), order: intent.order ?? doc.order, onNewer: intent.onNewer }
  const same = wantAgain({ ...view, doc: after }, intent, seen)
  if (same.kind === 'want') return same
  return { kind: 'note', doc: same.kind === 'note' ? same.doc : after, detail: `${AGAIN}; ${same.detail}` }
}

const AGAIN = 'it is wanted again while its run goes on'

const wantSame = (view: View, seen: Seen): Wanted => {
  const { doc, kind } = view
  const { outcome } = doc
  const anew = outcome === null ? overtakenByOther(view) : null
  if (anew !== null) return { kind: 'want', doc: anew, why: OTHER_PODS }
  if (outcome === null)
    return ignore('in-progress', `${kind.titleOf(doc.desired as never)} is already being carried out`)
  // A denial or a failure is of its own template alone.
  if (outcome.kind !== 'succeeded' && wantsOtherPods(view, outcome.template))
    return { kind: 'want', doc: firstAttempt(view, doc.desired as Desired), why: OTHER_PODS }
  // And of so many of its pods, where that was all that it was about.
  if (wantsOtherReplicas(view, outcome))
    return {
      kind: 'want',
      doc: { ...nextAttempt(doc, view.now), attemptsLeft: view.policy.retries },
      why: OTHER_REPLICAS,
    }
  switch (outcome.kind) {
    case 'succeeded':
      return wantSucceeded(view, seen)
    case 'failed':
      return wantFailed(view, seen)
    case 'refused':
      return wantRefused(view, doc.outcome?.against === null ? null : onPaper(asAnew(view), seen))
    case 'cancelled':
      // Not by a person: the policy took its rule away, and has one that acts again.
      return outcome.reason === 'not-configured'
        ? { kind: 'want', doc: nextAttempt(doc, view.now), why: 'its rule acts again' }
        : heldBack(view)
    case 'superseded':
      return { kind: 'want', doc: nextAttempt(doc, view.now), why: 'what superseded it is no longer wanted' }
    default:
      return heldBack(view)
  }
}

/** What stays as it has ended while something else goes on. Where that is what serves, and goes on no more, what it was kept for may begin. */
const wantAside = (view: View, intent: Intent, seen: Seen): Wanted => {
  const { doc } = view
  if (!isKeeping(view)) return ignore('held-cancelled', asideText(doc))
  if (doc.run !== null || doc.outcome === null) return ignore('in-progress', asideText(doc))
  const own = intend({ ...view, doc: asAside(doc) }, intent, seen)
  return own.kind === 'want' ? own : ignore('in-progress', asideText(doc))
}

/** Parked: not by its own failure, nor by what a look could see changed. */
const heldBack = ({ doc: { generation, outcome } }: View): Wanted => {
  const kind = outcome?.kind as 'rejected' | 'expired' | 'cancelled'
  return ignore(`held-${kind}`, `generation ${generation} was ${kind}; ${staysSo(outcome ?? {})}`)
}

const ignore = (reason: Ignored, detail: string): Wanted => ({ kind: 'ignore', reason, detail })

const wantNew = (view: View, given: Intent, before: Before | null): Wanted => {
  const { kind, now } = view
  const intent = { ...given, onNewer: askedOfRun(view, given) }
  const { before: _, aside: __, ...doc } = view.doc
  if (kind.isNothing(intent.desired as never) && doc.generation === 0)
    return ignore('source-names-nothing-new', 'nothing was ever wanted from this source')
  const next: LaneDocument = { ...doc, desired: intent.desired, outcome: null }
  // What was wanted in between and has no run goes back before this one: nobody is asked for what stood before.
  const isBetween = doc.halfway === true && doc.run === null && wantsBack({ doc: next, kind })
  return {
    kind: 'want',
    why: doc.generation === 0 ? 'the first desired state of this lane' : 'the desired state changed',
    doc: {
      ...firstAttempt({ ...view, doc }, pinned(view, intent.desired)),
      run: isBetween ? { ...newRun(doc, now), ending: SUPERSEDED } : doc.run,
      order: intent.order ?? doc.order,
      onNewer: intent.onNewer,
      kept: before?.kept ?? [],
      redo: before?.redo ?? [],
      ...givesWay(view, intent),
      ...forOccasion(view, intent),
      ...doneWith(view, view.doc, ...(view.doc.aside === undefined ? [] : [view.doc.aside])),
      ...(before === null ? leftBeside(view.doc, { onNewer: intent.onNewer, now }) : {}),
    },
  }
}

const wantSucceeded = (view: View, seen: Seen): Wanted => {
  const { doc, kind, now } = view
  if (kind.lasts === 'once')
    return ignore(
      'already-done',
      `generation ${doc.generation} succeeded; a finished run is final until a person says retry`,
    )
  const paper = onPaper(view, seen)
  if (paper?.hand?.tells === true) return ignore('edited-by-hand', paper.hand.text)
  // Where it does not stand as it is wanted, another attempt says what is in its way.
  const others = paper === null || paper.kind === 'refuse' ? null : othersIn(paper)
  if (others !== null) return ignore('owned-by-others', others)
  if (paper === null || paper.kind === 'nothing') return ignore('already-true', paper?.reason ?? 'the world agrees')
  // What stood ready once and is not for a while, Kubernetes brings back.
  if (paper.kind === 'plan' && paper.agrees !== undefined) return ignore('already-true', paper.agrees)
  // Its pods are wanted to be others: that is a generation of its own, with its own attempts.
  if (paper.kind === 'plan' && paper.plan.generation !== doc.generation)
    return { kind: 'want', doc: nextAttempt(doc, now), why: paper.hand?.text ?? OTHER_PODS }
  if (doc.attemptsLeft === 0) return exhausted(doc)
  const again = { ...nextAttempt(doc, now), attemptsLeft: doc.attemptsLeft - 1 }
  return { kind: 'want', doc: again, why: paper.hand?.text ?? 'the world no longer agrees with what the lane wants' }
}

const wantFailed = (view: View, seen: Seen): Wanted => {
  const { doc, now } = view
  const reason = doc.outcome?.reason ?? 'unknown'
  if (mayRepeat(view))
    return ignore('in-progress', `attempt ${doc.attempt} failed (${reason}); another begins in a moment`)
  // What somebody changed while it rose is made anew where the policy mends that.
  const hand = reason === 'edited-by-hand' && doc.attemptsLeft >= 1 ? onPaper(view, seen)?.hand : undefined
  if (hand?.tells === false)
    return { kind: 'want', doc: { ...nextAttempt(doc, now), attemptsLeft: doc.attemptsLeft - 1 }, why: hand.text }
  return doc.attemptsLeft === 0
    ? exhausted(doc)
    : ignore('held-failed', `generation ${doc.generation} failed (${reason}); ${staysSo(doc.outcome ?? {})}`)
}

/**
 * An attempt that has begun nothing gives way to another, which keeps what was paid for and asks anew; what was refused is tried again.
 * What has begun or ended stays as it is, and another attempt knows.
 */
const wantProven = (view: View, intent: Intent, seen: Seen): Wanted => {
  const { doc } = view
  const why = 'who asked is proven now'
  if (waitsToBegin(doc) || doc.outcome?.kind === 'refused')
    return { kind: 'want', doc: nextAttempt(doc, view.now), why }
  const same = wantPlaced(view, intent, seen)
  return same.kind === 'ignore' ? { kind: 'note', doc, detail: `${why}; ${same.detail}` } : same
}

/** Whether the run of the wanted attempt has begun nothing, and nobody has ended it by what they said. */
const waitsToBegin = ({ run, generation, attempt }: LaneDocument): boolean =>
  run !== null &&
  sameRun(run, { generation, attempt }) &&
  !hasBegun(run) &&
  run.ending === null &&
  run.cancelled === null &&
  run.question?.state !== 'rejected'

const asAnew = (view: View): View => ({ ...view, doc: { ...view.doc, desired: refusedAnew(view) } })

const onPaper = (view: View, seen: Seen) => {
  const { doc, world } = view
  if (world === null || doc.desired === null) return null
  return planOnPaper(view, { generation: doc.generation, attempt: doc.attempt + 1, desired: doc.desired }, seen)
}

const exhausted = (doc: LaneDocument): Wanted =>
  ignore('attempts-exhausted', `generation ${doc.generation} has had ${doc.attempt} attempts; say retry for another`)
