/**
 * What a contract is: one file per event, foreign shape in, our words out, and the EventBridge pattern that selects it.
 * Lenient about fields it does not use, strict about those it does, total: any input gives an event or a refusal.
 */
export interface Contract<E> {
  /** Stem of its file, its samples' folder, its decision and its door. */
  name: string
  /** One line for `signalbox contracts`. */
  summary: string
  /**
   * How it arrives: a pattern on a bus, or a webhook route whose signature is checked first. `bucketAt`: where the event names its
   * bucket; what is deployed selects the policy's buckets there.
   */
  via: { bus: 'default' | 'signalbox'; pattern: Pattern; bucketAt?: readonly string[] } | { route: string }
  /** What such an event must be besides its source and detail-type, for who sent one that the pattern does not select. Left out: nothing. */
  selects?: string
  /** Never throws. `input` is what JSON gave. */
  parse(input: unknown): Parsed<E>
}

export type Parsed<E> = { ok: true; event: E } | { ok: false; reason: ParseRefusal; detail: string }

/** Why an input is not this event. `detail` names the path and what was expected. */
export type ParseRefusal = 'not-an-object' | 'not-this-event' | 'missing-field' | 'bad-field' | 'test-payload'

/** The part of EventBridge's pattern language that contracts use. The local bus refuses anything else. */
export type Pattern = { [field: string]: Pattern | Condition[] }
export type Condition =
  | string
  | { prefix: string }
  | { suffix: string }
  | { exists: boolean }
  | { numeric: ['>', number] }
  | { wildcard: string }

/** A manifest appeared in a bucket. */
export interface DatasetUploaded {
  type: 'dataset-uploaded'
  /** EventBridge's id: for the trace, never for identity. */
  id: string
  /** When S3 says it happened, milliseconds since the epoch. */
  at: number
  bucket: string
  /** Literal key of the manifest. */
  key: string
  versionId: string | null
  /** Of the bytes that were written, and the AWS account, or the service, that S3 says has written them; left out: it does not say. */
  etag?: string
  requester?: string
  /** Replayed from an archive: never intends. */
  replayed: boolean
}

/** An alias or a tag of a registered model changed, or its stage may have. It tells where to look, not what is there. */
export interface ModelPromoted {
  type: 'model-promoted'
  /** The delivery id: the same for every retry of one delivery. */
  id: string
  at: number
  model: string
  signal: Signal
  /** Whose webhook told of it, where the registry has workspaces. */
  workspace?: string
  replayed: boolean
}

/** What changed in the registry: the name of an alias, the key of a tag, the name of a stage. */
export interface Signal {
  kind: 'alias' | 'tag' | 'stage'
  name: string
}

/** An alert that watches what is served fires or is resolved. What it says is what its source says then. */
export interface DriftDetected {
  type: 'drift-detected'
  /** EventBridge's id: for the trace, never for identity. */
  id: string
  /** When it began to fire; of a resolved one when it ended. */
  at: number
  /** Its rule's name in Prometheus or Grafana. */
  alert: string
  /** Tells alerts of one rule apart, by their labels. */
  fingerprint: string
  state: 'firing' | 'resolved'
  /** When it began to fire: with the fingerprint the episode. */
  since: number
  /** Whether it is about what fired before and was not told to be over, where something did: since when, this does not say. Left out: it says. */
  resumes?: true
  labels: Record<string, string>
  /** What it says, with its numbers: anybody's words. */
  text: string
  replayed: boolean
}

/** A report of drift, of one window, appeared in a bucket. */
export interface DriftReported {
  type: 'drift-reported'
  /** EventBridge's id: for the trace, never for identity. */
  id: string
  at: number
  bucket: string
  /** Literal key of the report. */
  key: string
  replayed: boolean
}

/** EC2 warns of an instance, or of all of a capacity block. Nothing is begun or ended by it: whoever it concerns hears of it. */
export interface CapacityWarned {
  type: 'capacity-warned'
  /** EventBridge's id: for the trace, never for identity. */
  id: string
  at: number
  /** It takes the instance back within minutes; it may, soon; all instances of the block end. */
  warns: 'interruption' | 'rebalance' | 'block-ends'
  /** Null: of a block. */
  instance: string | null
  /** The block; null: of one instance. */
  reservation: string | null
  /** When the block ends. */
  until: number | null
  replayed: boolean
}

/** Events that may intend: each tells where to look. */
export interface IntendingEvent {
  /** The contract's name. */
  type: string
  id: string
  /** When its source says it happened, milliseconds since the epoch. */
  at: number
  /** Replayed from an archive: never intends. */
  replayed: boolean
}

/** Money, or an amount of something else, in the unit that its source says: `USD`, or what stands there in its place. */
export interface Amount {
  value: number
  unit: string
}

/** Who says something of a budget, or of costs, that is not our own meter. */
export type NoticeOf = 'aws-budget' | 'aws-action' | 'anomaly' | 'gateway'

/**
 * Somebody else's count of costs has crossed something. It is late, sometimes wrong, and never acted upon: our own meter stands beside it.
 */
export interface BudgetCrossed {
  type: 'budget-crossed'
  /** EventBridge's id: for the trace, never for identity. */
  id: string
  /** When its source told it, milliseconds since the epoch. */
  at: number
  of: NoticeOf
  /** Its budget, monitor or policy, as its source calls it; empty: it names none. */
  name: string
  /** What else it is called there, as people know it first. Left out: nothing. */
  called?: string[]
  /** Tells notices of one name apart: the same again is the same, be it with another amount. */
  key: string
  /** What was counted there; null: it does not say. */
  amount: Amount | null
  /** What the budget has there. */
  budgeted: Amount | null
  /** What was crossed. */
  threshold: Amount | null
  /** Reckoned to be spent by the end of its period, and not spent. */
  isForecast: boolean
  /** The days that are counted (UTC): from then on, and until before then. Null: it does not say. */
  days: { from: number; until: number } | null
  /** Whether it counts what our meter sees, or more of it: a gateway counts calls, and no nodes. */
  ofNodes: boolean
  /** What else it says: anybody's words. */
  text: string
  replayed: boolean
}

/** Somebody pressed a button of a card, or sent the modal with a reason. */
export interface ApprovalAnswered {
  type: 'approval-answered'
  /** Id of the answer's row, opaque. */
  question: string
  verdict: 'approve' | 'deny'
  /** `TEAM/USER`. */
  by: string
  /** Display name, for the card only: never for identity. */
  byName: string
  /**
   * Team that the app is installed in: an answer from another workspace does not count. Null where a whole organisation has it:
   * then the person's own team is all that says where they are.
   */
  workspace: string | null
  reason: string | null
  /** The message that was clicked, null for a modal. */
  message: { channel: string; ts: string } | null
  /** Where the person who pressed can be told something that only they see; whoever has it may write there. Null for a modal. */
  replyTo: string | null
  at: number
}

/** Somebody asks for a lease of a pool, for more time for one, or for its end. Of what is not said it has null. */
export interface LeaseAsked {
  type: 'lease-asked'
  /** The pool's name in the policy. */
  pool: string
  does: 'take' | 'extend' | 'end'
  /** `take`: how many. */
  gpus: number | null
  /** How long from when it is said; of an extension beyond its end. Milliseconds. */
  lasts: number | null
  until: number | null
  /** Which lease; null: the only one that there is. */
  of: string | null
  /** `TEAM/USER`. */
  by: string
  /** Display name: never for identity. */
  byName: string
  /** Where the person can be told something that only they see. */
  replyTo: string | null
}

/** Ours: a run has an outcome. A documented public schema, version 1. */
export interface PlanFinished {
  type: 'plan-finished'
  id: string
  at: number
  lane: string
  generation: number
  attempt: number
  plan: string
  outcome: 'succeeded' | 'failed' | 'refused' | 'rejected' | 'expired' | 'superseded' | 'cancelled'
  reason: string | null
  detail: string
  /** Dollars that it is reckoned to have cost. */
  cost: number
}
