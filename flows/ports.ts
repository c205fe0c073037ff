import type { Card } from '../core/cards.ts'
import type { FieldManager, Kind, KubeObject, ObjectRef } from '../core/kube.ts'
import type { Policy } from '../core/policy.ts'
import type { Ledger } from './ledger-port.ts'
import type { Metrics } from './metrics-port.ts'
import type { Registry } from './registry-port.ts'

/**
 * The ports: what flows ask of the outside. Every implementation passes the contract suite `test/ports/<port>.contract.ts`.
 * A port answers what the far side said as data, and throws in three ways only (law 6): `Unavailable`, `NotAllowed`, `Refused`.
 * Anything else that it throws is a bug of ours.
 */
export interface Ports {
  ledger: Ledger
  queue: Queue
  cluster: Cluster
  bus: Bus
  chat: Chat
  replies: Replies
  registry: Registry
  objects: Objects
  metrics: Metrics
  policies: Policies
  secrets: Secrets
  clock: Clock
}

/** What reconciling, telling and healing touch: they check no signatures. */
export type WorkPorts = Omit<Ports, 'secrets'>

/** The far side could not be asked, or did not answer in time. Whether a write took effect is unknown: look again. */
export class Unavailable extends Error {
  override name = 'Unavailable'
  /** Seconds that the far side asks to be left alone. */
  retryAfter = 0
}

/** The far side does not let us now (401, 403): an expired token, a right that is missing. It may tomorrow. */
export class NotAllowed extends Unavailable {
  override name = 'NotAllowed'
}

/** The far side will never take it as it is (400, 422 on a write of ours), in its own words. */
export class Refused extends Error {
  override name = 'Refused'
}

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
}

// ── Queue ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * Hints that a group (a lane, or `out/<lane>` for what it tells) should be looked at. They carry no truth: a lost one costs a
 * minute, since whoever wakes has written a due row first. One consumer a group at a time, which saves work and protects nothing.
 */
export interface Queue {
  /**
   * The same `id` again for the same group within five minutes is swallowed, also after it was worked on: an id must change
   * whenever a repeat is meant. Group and id have 1 to 128 characters: ASCII letters, digits and punctuation, no spaces.
   */
  wake(group: string, id: string): Promise<void>
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

/** 400 or 422: it will not be taken as it is. Everything else that is no success is thrown. */
export interface Denied {
  kind: 'denied'
  status: number
  message: string
}

export interface Change {
  type: 'ADDED' | 'MODIFIED' | 'DELETED'
  object: KubeObject
}

/** What a list is of: of all namespaces, and all labels, where nothing is said. Labels are equality selectors. */
export interface Selection {
  namespace?: string
  labels?: Record<string, string>
  /** Fields by their whole values, of those that the server selects by: `involvedObject.uid` of events. */
  fields?: Record<string, string>
  /** For whoever concludes something from what is not in it (law 2). */
  fresh?: boolean
  /** What of it is answered: the rest is let go page by page, so that a list of the whole cluster needs no room. */
  keep?: (object: KubeObject) => boolean
}

/** What a watch is of: of all namespaces, and all labels, where nothing is said. */
export interface Watched {
  namespaces?: readonly string[]
  labels?: Record<string, string>
}

/** Which log of a pod: of which container (left out: its only one), and that of before its last start. */
export interface LogOf {
  container?: string
  previous?: boolean
}

export interface Cluster {
  /** `POST`. The name must be given. */
  create(object: KubeObject): Promise<Created>
  /** What `create` would answer, rights and admission asked too; nothing is made. Where a webhook takes no trials it is as if it would be made. */
  tryCreate(object: KubeObject): Promise<Created>
  /**
   * Server-side apply: every field in `object` becomes `manager`'s; fields it owned and left out are released. What another manager has set
   * otherwise is a conflict, unless it is `forced`: then that is the manager's alone.
   */
  apply(object: KubeObject, manager: FieldManager, how?: 'forced'): Promise<Applied>
  get(ref: ObjectRef): Promise<KubeObject | null>
  /** May be a moment old (`resourceVersion=0`), but for `fresh`: then whatever was written before is in it. */
  list(kind: Kind, where?: Selection): Promise<KubeObject[]>
  /** Merge patch on the object with this uid only; `moved` when the patch names a `resourceVersion` that it no longer has. */
  patch(ref: ObjectRef, uid: string, patch: Record<string, unknown>): Promise<'patched' | 'gone' | 'moved' | Denied>
  /**
   * With a uid precondition. A Job's pods are ended whatever keeps its object, which may be there until they are gone; what
   * anything else made goes in the background. `gone` when it is not there or has another uid.
   */
  delete(ref: ObjectRef, uid: string): Promise<'deleted' | 'gone'>
  /** Changes to objects from now on, some perhaps told twice. Ends when `stop` is called. */
  watch(where: Watched, onChange: (change: Change) => void): Promise<{ stop(): void }>
  /** Last lines of a pod's log; empty when it has none any more. */
  logs(ref: ObjectRef, lines: number, of?: LogOf): Promise<string[]>
}

// ── Telling and sources ─────────────────────────────────────────────────────────────────────────────────────────────

export interface Bus {
  /** Delivered at least once, unordered. Throws `Unavailable` when any entry was not taken, `Refused` when one never can be. */
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
  /**
   * Shows a card; the same `key` again updates the card that it made, so a repeated post shows one card, and posts it anew
   * where a person has deleted it. Throws `Refused` in the chat's words when it never can (archived, not invited, wrong token).
   */
  post(channel: string, key: string, card: Card): Promise<{ channel: string; ts: string }>
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

/** Keys of a whole page of a list, as S3 has it. */
export const PAGE = 1000

export interface Objects {
  /** Folders of this machine stand in for buckets: what pods of a real cluster write is not in them. */
  readonly standIn?: true
  /** null when it is not there. */
  head(bucket: string, key: string, versionId?: string | null): Promise<ObjectHead | null>
  /** Small objects: all bytes at once. null when it is not there; throws `TooLarge` over `maxBytes`. */
  read: Reading<{ bytes: Uint8Array }>
  /** Large objects: piece by piece, checked at their end; broken or changed bytes end with `Unavailable`. */
  stream: Reading<{ pieces: AsyncIterable<Uint8Array> }>
  /** A page of keys with this prefix, in the order of their UTF-8 bytes, after that key; less than a whole one when there are no more. */
  list(bucket: string, prefix: string, after?: string | null): Promise<{ key: string; head: ObjectHead }[]>
}

/** An object is larger than what was asked for. */
export class TooLarge extends Error {
  override name = 'TooLarge'
}

export interface Policies {
  /** The policy in force, validated. Cheap when it has not changed. */
  load(): Promise<Policy>
  /**
   * The policy in force, of which it is known that it was published then or later: it is asked for anew where the one at hand is older. Throws `Unavailable`
   * where that cannot be had. Left out where nobody else can hold another one.
   */
  notBefore?(published: number): Promise<Policy>
  /** Why what is written since the last load is not in force; null: it is. Left out where only what is validated is written. */
  problem?(): Promise<string | null>
}

export interface Secrets {
  get(name: 'mlflow-webhook' | 'slack-signing' | 'alert-webhook'): Promise<string>
}
