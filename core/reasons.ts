/**
 * Why something was not done. Closed on purpose: each is counted and shown (law 13), and a reader can look one up in
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
  | 'would-pass-now'
  | 'attempts-exhausted'
  | 'missed-deadline'
  | 'edited-by-hand'
  | 'owned-by-others'
  | 'drift-over'
  | 'time-ahead'
  | 'drift-told'
  | 'drift-counted'
  | 'bad-report'
  | 'no-dataset'
  | 'no-version'
  | 'notice-known'
  | 'not-by-hand'
  | 'bad-set'

/** Why an event waits: a row that reconcile looks at again. */
export type Waiting = 'objects-missing' | 'source-unreadable' | 'registry-pending' | 'cooling-down' | 'run-not-over'

/** Why no plan can be made. */
export type PlanRefusal =
  | 'not-configured'
  | 'missing-price'
  | 'pool-unknown'
  | 'pool-too-small'
  | 'disk-too-small'
  | 'would-deadlock'
  | 'no-room'
  | 'budget-exceeded'
  | 'requester-unknown'
  | 'nobody-may-approve'
  | 'owned-by-gitops'
  | 'autoscaler-cannot-pause'
  | 'changed-while-asked'
  | 'plan-too-large'
  | 'pods-without-deployment'
  | 'source-not-allowed'
  | 'source-not-loadable'
  | 'lease-not-allowed'
  | 'ceiling-not-set'
  | 'policy'

/** Why a command of a person changed nothing. */
export type CommandRefusal =
  | 'nothing-wanted'
  | 'nothing-in-progress'
  | 'in-progress'
  | 'no-longer-so'
  | 'no-such-stage'
  | 'source-says-otherwise'
  | 'not-an-operator'
  | 'not-configured'
  | 'in-shadow'
  | 'lease-not-allowed'
  | 'no-such-lease'
  | 'no-such-rung'
  | 'too-late'
  | 'frozen'

/** Why an answer did not count. */
export type AnswerRefusal =
  | 'unknown-question'
  | 'question-closed'
  | 'too-late'
  | 'wrong-workspace'
  | 'not-an-approver'
  | 'group-unreadable'
  | 'requester-may-not-approve'
  | 'already-answered'

/** Why a run failed. */
export type Failure =
  | 'bound-reached'
  | 'gpus-idle'
  | 'other-machines'
  | 'halfway-bound'
  | 'refused'
  | 'exit-code'
  | 'out-of-memory'
  | 'out-of-disk'
  | 'image-pull'
  | 'configuration'
  | 'nccl-timeout'
  | 'storage-away'
  | 'storage-refused'
  | 'server-away'
  | 'disk-failed'
  | 'runner-bug'
  | 'told-to-end'
  | 'node-lost'
  | 'preempted'
  | 'pod-gone'
  | 'not-admitted'
  | 'no-node'
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
  | 'artifact-changed'
  | 'edited-by-hand'

/** Failures that another attempt at the same desired state may cure without a person. */
export const TRANSIENT_FAILURES: ReadonlySet<Failure> = new Set([
  'node-lost',
  'preempted',
  'pod-gone',
  'not-admitted',
  'nccl-timeout',
  'image-pull',
  'storage-away',
  'server-away',
  'disk-failed',
  'told-to-end',
  'other-machines',
  'halfway-bound',
])

/**
 * Of these what says nothing of the work: its place has gone back to what was judged, or its pool has other machines now, and it is planned
 * and asked about for those. Repeating it uses no attempt up, since nothing of it comes again by itself.
 */
export const UNTRIED_FAILURES: ReadonlySet<Failure> = new Set(['halfway-bound', 'other-machines'])

/** Why a lane rests. Each has an answer to `why`; `side` in the document names the far side that is meant. */
export type RestReason =
  /** Nothing is due: what was wanted is done, or nothing was ever wanted. */
  | 'done'
  /** Wanted, and kept back until its source, the policy or a person changes something. */
  | 'parked'
  /** A failed attempt is repeated after a pause. */
  | 'pause'
  /** A person is awaited. */
  | 'asked'
  /** GPUs or dollars are awaited, in the line, or a pool's lane has somebody in its line. */
  | 'no-room'
  /** Its objects are at work. */
  | 'working'
  /** What it made is being taken away. */
  | 'deleting'
  | 'frozen'
  /** A rung of the budget's ladder lets nothing new begin. */
  | 'rung'
  /** People chose that it begins later. */
  | 'not-yet'
  /** A rung of the budget's ladder has suspended its Job, or keeps the next one from beginning. */
  | 'suspended'
  /** A far side does not answer. */
  | 'unavailable'
  /** A far side does not let us now: an expired token, a right that is missing. */
  | 'not-allowed'
  /** The step was marked by another, who may still be at it. */
  | 'marked-by-another'
  /** Ours: it alarms, and goes on after a deploy. */
  | 'bug'
  /** Written by a newer release. */
  | 'newer-schema'
  /** A letter waits for its source. */
  | Waiting

/** What `why` says of a lane that does not rest: its next act is due, or nobody knows of such a lane. */
export type Unrested = 'moving' | 'nothing-known'

/** Why the product on one machine did not serve a request, beside the reasons why an input is no event. */
export type RequestRefusal =
  | 'no-token'
  | 'wrong-host'
  | 'wrong-origin'
  | 'bad-body'
  | 'bad-count'
  | 'bad-before'
  | 'bad-period'
  | 'missing-lane'
  | 'no-question'
  | 'no-choice'
  | 'not-found'
  | 'unavailable'
  | 'bug'

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
