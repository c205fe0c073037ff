/**
 * Why something was not done. Closed on purpose: each is counted and shown (law 11), and a reader can look one up in
 * docs/reasons.md. The sentence for a person goes beside it, in `detail`.
 */

/** Why an input is not an event. */
export type Refusal =
  | 'not-json'
  | 'not-an-object'
  | 'not-this-event'
  | 'missing-field'
  | 'bad-field'
  | 'test-payload'
  | 'bad-signature'
  | 'stale-signature'
  | 'too-large'
  | 'no-contract'

/** Why an event intends nothing. */
export type Ignored =
  | 'replayed'
  | 'not-configured'
  | 'source-names-nothing-new'
  | 'source-gone'
  | 'source-unreadable'
  | 'bad-manifest'
  | 'older-than-current'
  | 'already-true'
  | 'already-done'
  | 'in-progress'
  | 'held-failed'
  | 'held-rejected'
  | 'held-expired'
  | 'held-cancelled'
  | 'held-refused'
  | 'attempts-exhausted'
  | 'missed-deadline'

/** Why an event waits: a row that reconcile looks at again. */
export type Waiting = 'objects-missing' | 'source-unreadable' | 'registry-pending'

/** Why no plan can be made. */
export type PlanRefusal =
  | 'not-configured'
  | 'missing-price'
  | 'pool-unknown'
  | 'pool-too-small'
  | 'would-deadlock'
  | 'budget-exceeded'
  | 'requester-unknown'
  | 'nobody-may-approve'
  | 'owned-by-gitops'
  | 'autoscaler-cannot-pause'
  | 'changed-while-asked'

/** Why an answer did not count. */
export type AnswerRefusal =
  | 'unknown-question'
  | 'question-closed'
  | 'too-late'
  | 'wrong-workspace'
  | 'wrong-message'
  | 'not-an-approver'
  | 'group-unreadable'
  | 'requester-may-not-approve'
  | 'already-answered'

/** Why a run failed. */
export type Failure =
  | 'exit-code'
  | 'out-of-memory'
  | 'image-pull'
  | 'nccl-timeout'
  | 'node-lost'
  | 'deadline-exceeded'
  | 'deleted'
  | 'result-missing'
  | 'result-malformed'
  | 'gate'
  | 'not-healthy'
  | 'name-taken'
  | 'conflict'
  | 'denied'
  | 'not-registered'
  | 'workflow-died'

/** Failures that another attempt at the same desired state may cure without a person. */
export const TRANSIENT_FAILURES: ReadonlySet<Failure> = new Set([
  'node-lost',
  'nccl-timeout',
  'workflow-died',
  'image-pull',
])

/** How a run ended. */
export type OutcomeKind = 'succeeded' | 'failed' | 'refused' | 'rejected' | 'expired' | 'superseded' | 'cancelled'

/** A run's end, with the reason that the card and the trace show. */
export interface Outcome {
  kind: OutcomeKind
  /** One of the closed reasons above when the kind needs one. */
  reason: Failure | PlanRefusal | null
  /** A sentence for a person: what happened and what to do next. */
  detail: string
}
