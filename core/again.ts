import type { Asked, Desired, TrainDesired } from './desired.ts'
import type { LaneDocument } from './lane/document.ts'
import { isToldOtherwise, occasionOf } from './occasions/catalogue.ts'
import type { Again } from './occasions/occasion.ts'
import type { Policy } from './policy.ts'
import type { Outcome, OutcomeKind } from './reasons.ts'

/**
 * How the last run on the same dataset version, or the same version of a model, ended, where that bears on whether people are asked before the
 * next. What they have said stands until a run on it has ended well as the policy says, whatever others came to in between, and whatever else was wanted. Left out:
 * nothing of it was said, it is on none at all, or ended by its work.
 */
export const againOn = (
  next: RunsOn,
  { desired, outcome, saidBefore = [] }: Pick<LaneDocument, 'desired' | 'outcome' | 'saidBefore'>,
  { approvals }: Pick<Policy, 'approvals'>,
): Again | undefined => {
  const known = desired as TrainDesired | null
  if (known !== null && isOnSame(known, next)) return againOfLast(known, outcome, { approvals })
  return saidBefore.find(({ version }) => version === next.version)?.again
}

/** The same of the last run on it. */
const againOfLast = (
  known: TrainDesired,
  outcome: LaneDocument['outcome'],
  { approvals }: Pick<Policy, 'approvals'>,
): Again | undefined => {
  const before = againIn(known)
  if (outcome === null || isOfNobody(outcome)) return before
  if (outcome.kind === 'refused')
    return isUnknown(known) && approvals.unknownRequester !== 'anyone' ? 'refused' : before
  const isSaid = before !== undefined && before !== 'succeeded'
  if (isSaid && YIELDS.has(outcome.kind)) return before
  // A small try at it is none of what the policy wants: how it ended says nothing of that, but that what it is on was denied.
  if (outcome.kind !== 'rejected' && isToldOtherwise(known.occasion)) return before
  return ENDS.get(outcome.kind) ?? before
}

/**
 * What an occasion is run with on a dataset version that its lane has not wanted by itself, since somebody has written it where the one before lay: of
 * that nobody has judged who wrote it. Left out: it is the one that the lane knows, or anybody may write one.
 */
export const unjudged = (
  next: RunsOn,
  { desired }: Pick<LaneDocument, 'desired'>,
  { approvals }: Pick<Policy, 'approvals'>,
): Again | undefined => {
  const { version = '' } = (desired ?? {}) as Partial<TrainDesired>
  const isOther = version !== '' && next.version !== '' && next.version !== version
  return isOther && approvals.unknownRequester !== 'anyone' ? 'refused' : undefined
}

/** The same as something was wanted with. */
export const againIn = (desired: Desired | null): Again | undefined => {
  const { drift, again } = (desired ?? {}) as Partial<TrainDesired>
  return drift?.again ?? again
}

/** Ends that take the place of nothing that was said before: that somebody wants it no more, and that nobody has answered. */
const YIELDS: ReadonlySet<OutcomeKind> = new Set<OutcomeKind>(['cancelled', 'expired'])

/** Whether people have no part in it: its rule has left the policy, or there was no room for it in time. */
const isOfNobody = (outcome: Pick<Outcome, 'kind' | 'reason'>): boolean =>
  outcome.reason === 'not-configured' || (outcome.kind === 'expired' && !isUnanswered(outcome))

/** Whether nobody has answered about it, which means no: not that there was no room for it in time. */
export const isUnanswered = (outcome: Pick<Outcome, 'kind' | 'reason'> | null): boolean =>
  outcome?.kind === 'expired' && outcome.reason !== 'no-room'

/** What of a run says what it is on. */
type RunsOn = Pick<TrainDesired, 'version' | 'weights'>

const isOnSame = (known: RunsOn, next: RunsOn): boolean => {
  const [a, b] = [known.weights, next.weights]
  if (known.version !== next.version || (a === undefined) !== (b === undefined)) return false
  return a === undefined ? next.version !== '' : a.model === b?.model && a.version === b.version && a.made === b.made
}

/** Ends after which the same is run on only where people agree: it ended well, or they have ended it. */
const ENDS = new Map<string, Again>(
  (['succeeded', 'cancelled', 'rejected', 'expired'] as const).map((kind) => [kind, kind]),
)

/** Whether it is the own run of what it is on, and its source does not prove who asked: of that nobody has judged who it was. */
const isUnknown = ({ drift, occasion, proven }: TrainDesired): boolean => {
  const isOwn = occasion === undefined ? drift === undefined : occasionOf(occasion).isOwn === true
  return isOwn && proven !== true
}

/** Ends of a run that say that people have not agreed to it. */
const NOT_AGREED: ReadonlySet<Again | undefined> = new Set<Again | undefined>(['rejected', 'expired', 'cancelled'])

/**
 * Who asked for what people have not agreed to, where nobody asks for the run on the same: they are not asked to agree to their own alone. That is
 * who wrote it, whoever has run it by hand since.
 */
export const askedBefore = (
  next: RunsOn & Asked,
  again: Again | undefined,
  { desired, saidBefore = [] }: Pick<LaneDocument, 'desired' | 'saidBefore'>,
): Partial<Asked> => {
  if (next.requester !== null || !NOT_AGREED.has(again)) return {}
  const last = desired as TrainDesired | null
  const word = next.version === '' ? undefined : saidBefore.find(({ version }) => version === next.version)
  const isLast = last !== null && isOnSame(last, next)
  const isOwn = isLast && last.drift === undefined && last.occasion === undefined
  const before = isLast && (isOwn || word?.requester === undefined) ? last : word
  const { requester = null, proven } = before ?? {}
  return { requester, ...(proven === true ? { proven } : {}) }
}
