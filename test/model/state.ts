import type { KubeObject } from '../../core/kube.ts'
import type { Act } from '../../core/lane/act.ts'
import type { Change, joined } from '../../core/lane/change.ts'
import type { LaneDocument, Rest } from '../../core/lane/document.ts'
import type { next } from '../../core/lane/next.ts'
import type { settle } from '../../core/lane/settle.ts'
import type { View } from '../../core/lane/view.ts'
import type { LaneKind } from '../../core/lane-kinds/kind.ts'
import type { Reaction } from '../../core/reactions/reaction.ts'
import type { RowKind } from '../../core/rows.ts'
import type { Stored, Write } from '../../flows/ledger-port.ts'
import type { Policies, PolicyName } from './policies.ts'

/** T: how long another invocation may still be at a step; and how long one lives at most. Milliseconds. */
export const HANDOVER = 90_000
export const LIMIT = 60_000

/** The product's own functions that are explored; a mutant hands others in. */
export interface Core {
  next: typeof next
  settle: typeof settle
  joined: typeof joined
}

/** What the loop, the ledger and the far sides guard, besides the core: a mutant turns one off. */
export interface Guards {
  /** Nothing is touched before it is written down that it will be. */
  writesFirst: boolean
  /** A commit counts only on the revision that was read. */
  compares: boolean
  /** Who lost a commit reads again as somebody new: what it has asked for may still be on its way. */
  renames: boolean
  /** A plan that is not the document's was read too early: everything is read again. */
  wholeReads: boolean
  /** A name that is taken is success only for the same content. */
  sameContent: boolean
  /** Whoever goes on after a commit is followed by another, if it dies. */
  follows: boolean
  /** What a run held goes back when it closes. */
  givesBack: boolean
  /** A sum may not grow above its bound. */
  bounds: boolean
  /** The cluster refuses an apply of an older mark. */
  fences: boolean
  /** A move looks at what stands before it touches anything. */
  looks: boolean
}

/** Kinds of what may go wrong, and of what people and sources do. */
export type Fault =
  | 'death'
  | 'lost'
  | 'late'
  | 'overlap'
  | 'unavailable'
  | 'refused'
  | 'bug'
  | 'lag'
  | 'overrun'
  | 'torn'
export type Doing =
  | 'newer'
  | 'other-place'
  | 'again'
  | 'half'
  | 'back-again'
  | 'copied'
  | 'moved'
  | 'removed'
  | 'yes'
  | 'no'
  | 'old-yes'
  | 'slow-yes'
  | 'cancel'
  | 'cancel-wanted'
  | 'retry'
  | 'retry-from'
  | 'freeze'
  | 'long-freeze'
  | 'pool-freeze'
  | 'thaw'
  | Exclude<PolicyName, 'plain'>
  | 'restore'
  | 'bad'
  | 'lost-node'
  | 'poor'
  | 'deleted'
  | 'cleaned'
  | 'taken-name'
  | 'scaled'
  | 'room'
  | 'away'

export interface Config {
  name: string
  kind: 'once' | 'standing'
  steps: 'registered' | 'judged'
  onNewer: 'finish' | 'stop'
  /** Of what stands: whether its first version is served already. */
  serves: boolean
  /** Whether somebody must agree; `later`: only to what comes after the first version, and to its second attempt. */
  asks: boolean | 'later'
  retries: number
  /** How long a question and a plan live. Milliseconds. */
  expiry: number
  /** Whether what runs costs anything, so that it reaches its bound in two hours. */
  priced: boolean
  faults: readonly Fault[]
  doings: readonly Doing[]
  /** How many of each sort at most, whichever they are. */
  most: { faults: number; doings: number }
}

export interface Model {
  config: Config
  core: Core
  guards: Guards
  kind: LaneKind
  reactions: readonly Reaction[]
  policies: Policies
}

/** One run-once object in the world, under its name. */
export interface Job {
  object: KubeObject<'Job'>
  uid: string
  state: 'running' | 'ok' | 'poor' | 'bad' | 'lost-node' | 'deleting'
  /** Whose: null where a person made it. */
  run: { generation: number; attempt: number } | null
}

export interface Deployment {
  digest: string
  replicas: number
  ready: number
  /** As the admission compares it, and when its writer was marked, which nobody compares. */
  fence: number
  marked: number
}

/** A write whose answer nobody waits for any more: it may land until then, or never. */
export interface Flying {
  label: string
  /** What tells two of them apart. */
  key: string
  until: number
  land(state: State, model: Model): State
}

export interface World {
  source: Readonly<Record<string, { version: number; order: number; complete: boolean; until: number }>>
  newest: number
  jobs: Readonly<Record<string, Job>>
  /** What Jobs wrote, by their names: its score. */
  results: Readonly<Record<string, number>>
  registry: readonly string[]
  deployments: Readonly<Record<string, Deployment>>
  flying: readonly Flying[]
  /** GPUs that other lanes hold. */
  others: number
  /** Votes that a door has taken and not written yet. */
  doors: readonly { at: number; question: string }[]
}

export interface Ledger {
  rows: Readonly<Record<string, Stored<RowKind>>>
  sums: Readonly<Record<string, number>>
  due: Readonly<Record<string, number>>
}

/** What nobody in the model knows, and invariants are said with. */
export interface Past {
  /** Something besides faults happened that may end a run as failed. */
  excused: boolean
  /** Somebody else has changed what serves, or the cluster did not let us. */
  moved: boolean
  /** Names that were created, and how often since a person last removed one. */
  created: Readonly<Record<string, number>>
  /** Keys of a generation that finished and whose artifacts are there. */
  finished: readonly string[]
  /** Of these, what a person wants anew. */
  anew: readonly string[]
  /** Keys of a generation whose gate failed: they must be measured anew. */
  spoiled: readonly string[]
  /** Which Jobs' results a Job has read, by its name. */
  read: Readonly<Record<string, string>>
  /** Questions that ended unanswered, and until when each could be answered. */
  expired: Readonly<Record<string, number>>
  /** Letters that a moment has named. */
  answered: readonly string[]
  /** Attempts that people asked for. */
  wanted: number
  /** How often its source said no more what was wanted. */
  lost: number
}

/** An invocation inside: what it knows, and what it does next. */
export interface Consumer {
  me: string
  from: number
  view: View
  rows: Ledger['rows']
  before: { doc: LaneDocument; revision: number }
  pending: Change | null
  next: Upcoming
  /** Acts since the last commit: only for a trace. */
  acts: readonly string[]
}

/** What an invocation does next, at one far side or the ledger. */
export type Upcoming =
  /** Rows beside the document were read as they were then. */
  | { at: 'read'; was: Ledger }
  | { at: 'world'; act: Act; sub: 'register' | null }
  | { at: 'commit'; writes: Write[]; change: Change; doc: LaneDocument; why: Rest | null }

export interface State {
  now: number
  left: { faults: number; doings: number }
  policy: PolicyName
  ledger: Ledger
  world: World
  inside: readonly Consumer[]
  past: Past
  /** For names that are used once: no part of what a state is. */
  count: number
  /** What must never be. */
  bad: string | null
}

/** One step of somebody, with what a trace says of it. */
export interface Move {
  label: string
  state: State
  /** It is an invocation's beginning. */
  comes?: true
}

/** The document as it stands. */
export const docOf = ({ ledger }: Pick<State, 'ledger'>): LaneDocument | null => {
  const row = ledger.rows['lane lane/a']
  return row === undefined ? null : (row.value as LaneDocument)
}

/** The same with something wrong in it, unless something was wrong already. */
export const spoilt = (state: State, bad: string | null): State =>
  bad === null || state.bad !== null ? state : { ...state, bad }
