import type { Desired } from './desired.ts'
import type { ObjectRef } from './kube.ts'
import type { RunKey } from './names.ts'
import type { Bounds, Plan, RollOutModelStep, StepKind } from './plan.ts'
import type { Outcome, Waiting } from './reasons.ts'

/**
 * The rows of the ledger. Each has one writer's law: a row changes only by a commit that names the revision it was read
 * at. Times are milliseconds since the epoch.
 */
export interface Rows {
  lane: LaneRow
  run: RunRow
  plan: Plan
  answer: AnswerRow
  pool: PoolRow
  budget: BudgetRow
  shadow: ShadowRow
  freeze: FreezeRow
  card: CardRow
  group: GroupRow
  watch: WatchRow
  listing: ListingRow
}
export type RowKind = keyof Rows

/** What a lane wants, who carries it out, and what it has come to. */
export interface LaneRow {
  lane: string
  /** 0 = nothing was ever wanted. */
  generation: number
  attempt: number
  desired: Desired | null
  /** The greatest order key that moved the lane, or null when its source has none. Compared as text. */
  order: string | null
  /** `wanted` until the current attempt has an outcome. */
  state: 'idle' | 'wanted' | Outcome['kind']
  outcome: Outcome | null
  /** Attempts that reconcile and events may still add to this generation without a person. */
  attemptsLeft: number
  holder: Holder | null
  /** What the row's current attempt asks of an earlier holder: stop at the next safe point, or finish first. */
  takeover: 'stop' | 'finish'
  /** A person asked the current attempt to stop and go back. */
  cancelled: { by: string; at: number; attempt: number; generation: number } | null
  /** The last generation that succeeded: where walking back ends. Serving lanes only. */
  baseline: { generation: number; desired: Desired } | null
  /** A decision to wait: looked at again by reconcile until it is past. */
  waiting: { reason: Waiting; detail: string; until: number; event: unknown } | null
  /** When the current attempt was wanted. */
  since: number
}

export interface Holder {
  generation: number
  attempt: number
  since: number
}

/** One attempt: what carrying it out has come to. Kept after its outcome. */
export interface RunRow extends RunKey {
  id: string
  startedAt: number
  endedAt: number | null
  stage:
    | 'started'
    | 'waiting-for-lane'
    | 'planned'
    | 'asked'
    | 'waiting-for-room'
    | 'carrying-out'
    | 'resting'
    | 'walking-back'
    | 'done'
  /** Callback to ring when anything that this run waits for may have changed. It carries no truth. */
  bell: string | null
  /** Id of the answer's row that is open, or was last. */
  answer: string | null
  hold: Hold | null
  /** Progress of the plan's steps, then of the steps that walk back. */
  steps: StepRow[]
  /** Set while walking back: the outcome that it will end in, and the steps that lead back. */
  ending: Outcome | null
  back: RollOutModelStep[]
  outcome: Outcome | null
  /** Dollars that it is reckoned to have cost. */
  cost: number
}

/** Progress of one step. */
export interface StepRow {
  name: string
  kind: StepKind
  title: string
  state: 'pending' | 'running' | 'done' | 'failed' | 'skipped'
  startedAt: number | null
  endedAt: number | null
  /** What is seen now, for a person. */
  note: string
  /** Run-once object with the uid that it was created or adopted with. */
  object: { ref: ObjectRef; uid: string; result: { bucket: string; key: string } } | null
  /** What it measured or made: numbers and URIs that later steps read. */
  result: Record<string, string | number> | null
}

/** GPUs of pools and dollars set aside before the first effect. */
export interface Hold {
  gpus: Record<string, number>
  dollars: number
}

/** The question about one (attempt, digest), and the votes on it. */
export interface AnswerRow extends RunKey {
  id: string
  plan: string
  digest: string
  openedAt: number
  /** Votes with a later time do not count. */
  until: number
  state: 'open' | 'approved' | 'rejected' | 'expired' | 'closed'
  /** What the approval binds besides the digest. */
  bounds: Bounds
  need: number
  requester: string | null
  votes: Vote[]
  /** Where the card stands. */
  card: { channel: string; ts: string } | null
  /** What the card shows: state and number of votes. */
  shown: string | null
}

export interface Vote {
  /** `TEAM/USER`. */
  by: string
  verdict: 'approve' | 'deny'
  reason: string | null
  at: number
}

/** Holds on a pool's GPUs, by run id. */
export interface PoolRow {
  pool: string
  holds: Record<string, { lane: string; gpus: number }>
  /** Runs that wait for room, until they hold some or end: their bells are rung when a hold goes back. */
  waiters: string[]
}

/** Dollars held, by run id, and spent, by month (`2026-11`). */
export interface BudgetRow {
  name: string
  holds: Record<string, { lane: string; dollars: number }>
  spent: Record<string, number>
}

/** What would have happened: a plan that was never carried out. */
export interface ShadowRow {
  lane: string
  desired: Desired
  at: number
  plan: Plan | null
  /** Why there would have been no plan. */
  refused: string | null
}

/** Where a card stands, by channel and key: written before it is posted, so that whoever dies in between is noticed. */
export interface CardRow {
  channel: string
  key: string
  /** The message; null while it is being posted. */
  ts: string | null
  at: number
}

/** Who is in a user group of the chat, as it was read there. */
export interface GroupRow {
  /** `TEAM/GROUP`. */
  group: string
  /** `TEAM/USER`. */
  members: string[]
  at: number
}

/** What a watch has seen of the cluster: the lanes that were held, each with a digest over its objects' revisions. */
export interface WatchRow {
  seen: Record<string, string>
}

/** How far the listing of a dataset's prefix has come that was too long for one time, and the newest manifest so far. */
export interface ListingRow {
  after: string | null
  newest: { key: string; lastModified: number; etag: string } | null
}

/** A freeze of one lane, or of all (`*`). */
export interface FreezeRow {
  lane: string
  by: string
  at: number
  until: number
}

/** One entry of the timeline: written in the same commit as what it tells. */
export interface Moment {
  /** Increases with time within a lane. */
  id: string
  at: number
  /** Lane, or `-` for what concerns none (a refused input). */
  lane: string
  generation: number | null
  attempt: number | null
  kind: 'event' | 'decision' | 'facts' | 'plan' | 'answer' | 'hold' | 'step' | 'outcome' | 'note'
  /** A sentence for a person. */
  text: string
  data?: Record<string, unknown>
}
