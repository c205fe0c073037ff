import type { Desired } from '../desired.ts'
import { type Outcome, TRANSIENT_FAILURES, UNTRIED_FAILURES } from '../reasons.ts'
import { type Change, changed, moment } from './change.ts'
import { type LaneDocument, type Run, wantedRun } from './document.ts'
import type { View } from './view.ts'

/** The generation of what a lane wants next: names of it were never minted, by what the ledger remembers and by what stood when it was adopted. */
export const nextGeneration = ({ doc, generationFrom }: Pick<View, 'doc' | 'generationFrom'>): number =>
  Math.max(doc.generation, doc.newest ?? 0, generationFrom) + 1

/** The first attempt at what is a new desired state: nothing that was approved, finished or used up before counts for it. */
export const firstAttempt = (
  view: Pick<View, 'doc' | 'policy' | 'generationFrom' | 'now'>,
  desired: Desired,
): LaneDocument => {
  const { newest: _, aside: __, inLineFrom: ___, gaveWay: ____, ...doc } = view.doc
  return {
    ...doc,
    desired,
    generation: nextGeneration(view),
    attempt: 1,
    since: view.now,
    attemptsLeft: view.policy.retries,
    approved: null,
    kept: [],
    redo: [],
    outcome: null,
    held: null,
  }
}

/** The next attempt at the same desired state. What was approved and not begun in time is asked about again. */
export const nextAttempt = (doc: LaneDocument, now: number): LaneDocument => ({
  ...doc,
  attempt: doc.attempt + 1,
  since: now,
  approved: hasLapsed(doc, now) ? null : doc.approved,
  outcome: null,
  held: null,
})

const hasLapsed = ({ approved }: LaneDocument, now: number): boolean =>
  approved !== null && !approved.begun && now > approved.question.bounds.until

/** A run of what the lane wants, without a plan. */
export const newRun = (doc: LaneDocument, now: number): Run => ({
  generation: doc.generation,
  attempt: doc.attempt,
  desired: doc.desired as NonNullable<LaneDocument['desired']>,
  startedAt: now,
  phase: 'planned',
  digest: '',
  question: null,
  asked: 0,
  hold: null,
  steps: [],
  ending: null,
  cancelled: null,
  cleared: false,
})

/** A failure that another try may cure is tried again, within the retry budget. */
export const settleAgain = ({ doc, now }: View): Change => {
  const next = { ...nextAttempt(doc, now), attemptsLeft: doc.attemptsLeft - (isUntried(doc.outcome) ? 0 : 1) }
  const text = `attempt ${doc.attempt} failed (${doc.outcome?.reason}), which another attempt may cure`
  return changed(next, { moments: [moment('decision', text, { run: wantedRun(next) })], counts: ['again'] })
}

/** Whether a failed attempt is repeated without a person. */
export const mayRepeat = ({
  doc: { outcome, attemptsLeft },
}: {
  doc: Pick<LaneDocument, 'attemptsLeft'> & { outcome: Outcome | null }
}): boolean =>
  outcome?.kind === 'failed' &&
  outcome.reason !== null &&
  (TRANSIENT_FAILURES as ReadonlySet<string>).has(outcome.reason) &&
  (attemptsLeft > 0 || (attemptsLeft === 0 && isUntried(outcome)))

/** Whether it failed by nothing of its work, so that it may be tried again as if for the first time. */
export const isUntried = (outcome: Outcome | null): boolean =>
  (UNTRIED_FAILURES as ReadonlySet<string>).has(outcome?.reason ?? '')

/** Whether another attempt may begin by itself, be that to mend what somebody changed while it rose. */
export const mayGoOn = (given: Parameters<typeof mayRepeat>[0]): boolean =>
  mayRepeat(given) || (given.doc.outcome?.reason === 'edited-by-hand' && given.doc.attemptsLeft >= 1)
