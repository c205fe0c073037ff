import type { Desired, TrainDesired } from './desired.ts'
import type { LaneDocument } from './lane/document.ts'
import type { Again } from './occasions/occasion.ts'
import type { Policy } from './policy.ts'

/**
 * How the last run on this dataset version ended, where that bears on whether people are asked before the next. What they have said stands until a
 * run on it has ended well, whatever others came to in between. Left out: it is another version, none at all, or ended by its work.
 */
export const againOn = (
  version: string,
  { desired, outcome }: Pick<LaneDocument, 'desired' | 'outcome'>,
  { approvals }: Pick<Policy, 'approvals'>,
): Again | undefined => {
  const known = desired as TrainDesired | null
  if (known === null || version === '' || known.version !== version) return undefined
  const before = againIn(known)
  if (outcome === null || outcome.reason === 'not-configured') return before
  if (outcome.kind === 'refused')
    return isUnknown(known) && approvals.unknownRequester !== 'anyone' ? 'refused' : before
  const isSaid = before !== undefined && before !== 'succeeded'
  if (outcome.kind === 'cancelled' && isSaid) return before
  return ENDS.get(outcome.kind) ?? before
}

/** The same as something was wanted with. */
export const againIn = (desired: Desired | null): Again | undefined => {
  const { drift, again } = (desired ?? {}) as Partial<TrainDesired>
  return drift?.again ?? again
}

/** Ends after which the same dataset version is run on only where people agree: it ended well, or they have ended it. */
const ENDS = new Map<string, Again>(
  (['succeeded', 'cancelled', 'rejected', 'expired'] as const).map((kind) => [kind, kind]),
)

/** Whether it is a dataset's own run, and its source does not prove who asked: of that nobody has judged who it was. */
const isUnknown = ({ drift, occasion, proven }: TrainDesired): boolean =>
  drift === undefined && occasion === undefined && proven !== true
