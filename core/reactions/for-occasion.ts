import { againIn, againOn, askedBefore, isUnanswered, unjudged } from '../again.ts'
import type { Desired, TrainDesired } from '../desired.ts'
import { coolsFrom } from '../drift.ts'
import { hasBegun, type LaneDocument } from '../lane/document.ts'
import type { Rule } from '../lane-kinds/kind.ts'
import { pipeline } from '../lane-kinds/pipeline.ts'
import { occasionOf } from '../occasions/catalogue.ts'
import type { Again, Occasion } from '../occasions/occasion.ts'
import { ruleNamed } from '../policy/names.ts'
import type { Policy } from '../policy.ts'
import { type NewestFacts, onNewest } from './newest-dataset.ts'
import type { Decision } from './reaction.ts'

/** The occasion of this kind that something is wanted for; null: for none. */
export const occasionIn = <K extends Occasion['kind']>(
  desired: Desired | null,
  kind: K,
): Extract<Occasion, { kind: K }> | null => {
  const { occasion } = (desired ?? {}) as Partial<TrainDesired>
  return occasion?.kind === kind ? (occasion as Extract<Occasion, { kind: K }>) : null
}

/** Whether what a lane wants, or what was cancelled behind its run and may be tried again, is wanted for this. */
export const isWantedFor = (
  { desired, aside }: Pick<LaneDocument, 'desired' | 'aside'>,
  occasion: Occasion,
): boolean => {
  const { keyOf } = occasionOf(occasion)
  return [desired, aside?.desired ?? null]
    .map((wanted) => occasionIn(wanted, occasion.kind))
    .some((wanted) => wanted !== null && keyOf(wanted) === keyOf(occasion))
}

/** What is wanted for such an occasion and has begun nothing, was refused or lost its rule: where it was read, or what stood in its way, may have changed. */
export const awaitedFor = <K extends Occasion['kind']>(
  doc: LaneDocument | null,
  kind: K,
): Extract<Occasion, { kind: K }> | null => {
  if (doc === null) return null
  const { run, outcome } = doc
  if (run !== null) return hasBegun(run) ? null : occasionIn(run.desired, kind)
  return outcome?.kind === 'refused' || outcome?.reason === 'not-configured' ? occasionIn(doc.desired, kind) : null
}

/** The run for an occasion, on the newest dataset version; or why there is none. It orders nothing: the lane keeps the order of its datasets. */
export const wantedFor = (
  occasion: Occasion,
  { facts, detail, requester }: { facts: NewestFacts; detail: string; requester: string | null },
  given: { policy: Policy; rule: Rule; doc: LaneDocument },
): Decision => {
  const on = onNewest(facts, given)
  if (on.kind === 'none') return { kind: 'ignore', reason: on.reason, detail: on.detail }
  const { name } = given.rule
  const replaces = ruleNamed(given.policy.pipelines, name)?.rule.onNewer === 'replace'
  const plain: TrainDesired = { kind: 'train', dataset: name, ...on.dataset, requester }
  const again = againFor(occasion, plain, given)
  const desired: TrainDesired = {
    ...{ ...plain, ...askedBefore(plain, again, given.doc), occasion },
    ...(again === undefined ? {} : { again }),
    ...coolsFrom(given.doc),
  }
  return {
    kind: 'intend',
    detail: `${detail}${on.instead ?? ''}`,
    intent: { order: null, onNewer: replaces ? 'stop' : 'finish', desired },
  }
}

/**
 * What of the runs before on the same stands when this one begins, be people asked about it for that or not; of its own it stays what it was.
 * Where one has ended well, what was said of a later one was said of that one alone.
 */
const againFor = (
  occasion: Occasion,
  plain: TrainDesired,
  { policy, doc }: { policy: Policy; doc: LaneDocument },
): Again | undefined => {
  if (doc.endedWell === pipeline.keyOf(plain) && !isWantedFor({ desired: doc.desired }, occasion)) return undefined
  const isSame = (doc.desired as TrainDesired | null)?.version === plain.version
  if (isSame && isWantedFor({ desired: doc.desired }, occasion)) return againIn(doc.desired)
  const again = againOn(plain, doc, policy) ?? unjudged(plain, doc, policy)
  // A person who asks takes back what a person has cancelled, and not that nobody has answered since.
  if (isSame && again === occasionOf(occasion).undoes && isUnanswered(doc.outcome)) return 'expired'
  return again === 'succeeded' ? undefined : again
}
