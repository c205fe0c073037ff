import type { Card } from '../core/cards.ts'
import type { FieldManager, Kind, KubeObject, ObjectRef } from '../core/kube.ts'
import type { RunKey } from '../core/names.ts'
import type { Policy } from '../core/policy.ts'
import type { Moment, RowKind, Rows } from '../core/rows.ts'

/**
 * The ports: what flows ask of the outside. Every implementation passes the contract suite `test/ports/<port>.contract.ts`.
 * A port answers what the far side said as data; it throws only `Unavailable`, when the far side could not be asked.
 */
export interface Ports {
  ledger: Ledger
  cluster: Cluster
  bus: Bus
  chat: Chat
  replies: Replies
  registry: Registry
  objects: Objects
  policies: Policies
  secrets: Secrets
  workflow: Workflow
  clock: Clock
}

/** What carrying out and healing touch: they check no signatures, and nobody pressed anything. */
export type WorkPorts = Omit<Ports, 'secrets' | 'replies'>

/** The far side could not be asked, or did not answer in time. Whether a write took effect is unknown: read again. */
export class Unavailable extends Error {
  override name = 'Unavailable'
  /** Seconds that the far side asks to be left alone. */
  retryAfter = 0
}

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
}

// ── Ledger ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/** A row with the revision it was read at. Revisions start at 1 and only grow. */
export interface Stored<K extends RowKind> {
  id: string
  revision: number
  value: Rows[K]
}

/** One write of a commit. `revision` is what was read; 0 means that the row must not exist. */
export type Write =
  | { [K in RowKind]: { put: K; id: string; revision: number; value: Rows[K] } }[RowKind]
  | { check: RowKind; id: string; revision: number }
  | { remove: RowKind; id: string; revision: number }
  | { moment: Omit<Moment, 'id'> }
  | { count: string; by: number }

/** `conflict` names the first row whose revision was not the one given: read everything again. Nothing was written. */
export type Committed = { ok: true } | { ok: false; conflict: { kind: RowKind; id: string } }

export interface Page {
  /** Rows whose id starts with this. */
  prefix?: string
  /** At most so many, 100 unless told. */
  limit?: number
  /** Highest ids first. */
  reverse?: boolean
  /** Only rows after this id (before it when `reverse`). */
  after?: string
}

/**
 * What we remember. Rows are documents with revisions; a commit is all or nothing, at most 25 writes, and each of its
 * rows is named once. A commit whose answer was lost (`Unavailable`) may have happened.
 */
export interface Ledger {
  read<K extends RowKind>(kind: K, id: string): Promise<Stored<K> | null>
  /** In the order of ids (UTF-8 bytes). */
  list<K extends RowKind>(kind: K, page?: Page): Promise<Stored<K>[]>
  commit(writes: Write[]): Promise<Committed>
  /** The timeline of a lane, or of everything (`null`), newest first; `before` is a moment's id. */
  moments(lane: string | null, page?: { limit?: number; before?: string }): Promise<Moment[]>
  /** Every counter that was ever bumped. */
  counts(): Promise<Record<string, number>>
}

// ── Cluster ─────────────────────────────────────────────────────────────────────────────────────────────────────────

export type Created =
  | { kind: 'created'; object: KubeObject }
  /** 409: an object of this name is there. */
  | { kind: 'exists'; object: KubeObject }
  | Denied

export type Applied =
  | { kind: 'applied'; object: KubeObject }
  /** Another field manager owns a field that we set to another value. */
  | { kind: 'conflict'; manager: string; fields: string[] }
  | Denied

/** 403, 404 of the namespace or kind, or 422: it will not be taken as it is. */
export interface Denied {
  kind: 'denied'
  status: number
  message: string
}

export interface Change {
  type: 'ADDED' | 'MODIFIED' | 'DELETED'
  object: KubeObject
}

export interface Cluster {
  /** `POST`. The name must be given. */
  create(object: KubeObject): Promise<Created>
  /** Server-side apply without force: every field in `object` becomes `manager`'s; fields it owned and left out are released. */
  apply(object: KubeObject, manager: FieldManager): Promise<Applied>
  get(ref: ObjectRef): Promise<KubeObject | null>
  /** May be a moment old (`resourceVersion=0`). Labels are equality selectors. */
  list(kind: Kind, where?: { namespace?: string; labels?: Record<string, string> }): Promise<KubeObject[]>
  /** Merge patch on the object with this uid only. */
  patch(ref: ObjectRef, uid: string, patch: Record<string, unknown>): Promise<'patched' | 'gone' | Denied>
  /** With a uid precondition; dependents go in the background. `gone` when it is not there or has another uid. */
  delete(ref: ObjectRef, uid: string): Promise<'deleted' | 'gone'>
  /** Changes to objects with these labels from now on, some perhaps told twice. Ends when `stop` is called. */
  watch(where: { labels?: Record<string, string> }, onChange: (change: Change) => void): Promise<{ stop(): void }>
  /** Last lines of a pod's log; empty when it has none any more. */
  logs(ref: ObjectRef, lines: number): Promise<string[]>
}

// ── Workflow ────────────────────────────────────────────────────────────────────────────────────────────────────────

export interface Workflow {
  /** Asynchronous start under a name. The same name again changes nothing, also after it has ended, until it is forgotten. */
  start(name: string, run: RunKey): Promise<void>
  /** Wake an execution that sleeps on this bell. `closed` when nobody does any more. */
  ring(bell: string): Promise<'rung' | 'closed'>
  /** `unknown`: never started, or forgotten after its retention. */
  describe(name: string): Promise<'running' | 'closed' | 'unknown'>
}

/** What a running workflow may do. Everything else that is not pure goes inside `step`. */
export interface WorkflowContext {
  /** Runs `work` at least once and remembers its answer (JSON); on replay the remembered answer is returned. */
  step<T>(name: string, work: () => Promise<T>): Promise<T>
  /**
   * Opens a bell, lets `listen` store its id and look whether sleeping is still right, and sleeps until it is rung or
   * `seconds` have passed. `listen` answers false to go on without sleeping. `over`: nobody rang in that time.
   */
  sleep(name: string, seconds: number, listen: (bell: string) => Promise<boolean>): Promise<'awake' | 'over'>
}

export interface Bus {
  /** Delivered at least once, unordered. Throws `Unavailable` when any entry was not taken. */
  publish(events: BusEvent[]): Promise<void>
}

export interface BusEvent {
  source: string
  detailType: string
  detail: Record<string, unknown>
  /** ARNs or lane names that it concerns. */
  resources?: string[]
}

export interface Chat {
  /** Posts a card; the same `key` again updates the card that it made, so a repeated post shows one card. */
  post(channel: string, key: string, card: Card): Promise<{ channel: string; ts: string }>
  update(at: { channel: string; ts: string }, card: Card): Promise<void>
  /** Who is in a user group, as `TEAM/USER`; nobody when there is no such group. */
  members(group: string): Promise<string[]>
}

export interface Replies {
  /**
   * Tells one person what became of what they pressed; `to` is where their press asks for it. Resolves also when it cannot
   * be told: nothing depends on it.
   */
  say(to: string, text: string): Promise<void>
}

export interface ModelVersion {
  name: string
  version: string
  source: string
  /** `source` resolved to where the bytes are (`get-download-uri`). */
  artifactUri: string
  runId: string | null
  status: 'READY' | 'PENDING_REGISTRATION' | 'FAILED_REGISTRATION' | string
  tags: Record<string, string>
}

export interface Registry {
  /** What the alias says now; null when the model or the alias is not there. */
  alias(model: string, alias: string): Promise<ModelVersion | null>
  /** The newest version that carries this tag value, null when none does (law 14: search before writing). */
  findByTag(model: string, key: string, value: string): Promise<ModelVersion | null>
  /** The newest version in a stage (deprecated by MLflow since 2.9, still used); null when there is none. */
  inStage(model: string, stage: string): Promise<ModelVersion | null>
  /** Registers a new version; makes the model when it is not there. Not idempotent: search first. */
  register(input: {
    model: string
    source: string
    runId: string | null
    tags: Record<string, string>
  }): Promise<ModelVersion>
}

export interface ObjectHead {
  size: number
  versionId: string | null
  /** Milliseconds since the epoch. */
  lastModified: number
  etag: string
  /** Of all of its bytes, 64 lower-case hex digits, where the store keeps it. */
  sha256: string | null
}

type Reading<T> = (
  bucket: string,
  key: string,
  maxBytes: number,
  versionId?: string | null,
) => Promise<({ head: ObjectHead } & T) | null>

export interface Objects {
  /** null when it is not there. */
  head(bucket: string, key: string, versionId?: string | null): Promise<ObjectHead | null>
  /** Small objects: all bytes at once. null when it is not there; throws `TooLarge` over `maxBytes`. */
  read: Reading<{ bytes: Uint8Array }>
  /** Large objects: piece by piece, checked at their end; broken or changed bytes end with `Unavailable`. */
  stream: Reading<{ pieces: AsyncIterable<Uint8Array> }>
  /** A page of keys with this prefix, in the order of their UTF-8 bytes, after that key; empty when there are no more. */
  list(bucket: string, prefix: string, after?: string | null): Promise<{ key: string; head: ObjectHead }[]>
}

/** An object is larger than what was asked for. */
export class TooLarge extends Error {
  override name = 'TooLarge'
}

export interface Policies {
  /** The policy in force, validated. Cheap when it has not changed. */
  load(): Promise<Policy>
}

export interface Secrets {
  get(name: 'mlflow-webhook' | 'slack-signing'): Promise<string>
}
