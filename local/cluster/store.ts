import type { DatabaseSync, SQLInputValue, SQLOutputValue, StatementSync } from 'node:sqlite'
import { isDeepStrictEqual } from 'node:util'
import { sha256Hex } from '../../core/digest.ts'
import { type Kind, type KubeObject, type ObjectRef, refOf } from '../../core/kube.ts'
import type { Change } from '../../flows/ports.ts'
import { readOnce } from '../read-once.ts'
import type { Owners } from './managed-fields.ts'
import { placeIn } from './places.ts'
import { KINDS, type Labels, placeOf, wireTime } from './wire.ts'

const SCHEMA = `
CREATE TABLE IF NOT EXISTS cluster_objects (
  kind TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL,
  owner TEXT NOT NULL, place TEXT NOT NULL, labels TEXT NOT NULL, body TEXT NOT NULL, owners TEXT NOT NULL,
  PRIMARY KEY (kind, namespace, name));
CREATE INDEX IF NOT EXISTS cluster_objects_owner ON cluster_objects (owner, kind);
CREATE INDEX IF NOT EXISTS cluster_objects_place ON cluster_objects (kind, place);
CREATE TABLE IF NOT EXISTS cluster_counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
`
const LETTERS = 'bcdfghjklmnpqrstvwxz2456789'

/** What a list asks for. `owner` is a controller's uid, `place` what `placeIn` says of an object. */
export interface Where {
  namespace?: string
  labels?: Labels
  owner?: string
  place?: string
}

/** One committed change; `before` are the labels that the object had. */
export interface Seen {
  type: Change['type']
  body: string
  namespace: string | null
  labels: Labels
  before: Labels | null
  /** When, milliseconds, and what stood there before, if anything did. */
  at: number
  was: string | null
}

/** The objects of the cluster, as the server keeps them: every write has a revision of its own, and nothing is half written. */
export class Store {
  readonly #database: DatabaseSync
  readonly #seed: number
  #seen: Seen[] = []
  /** Told of every write, inside its transaction, so that whoever it concerns is woken. */
  onWrite: (object: KubeObject, gone: boolean) => void = () => undefined
  /** Milliseconds: what the clock says while something is written. */
  now = 0
  readonly #sql
  readonly #listings = new Map<string, StatementSync>()

  constructor(database: DatabaseSync, seed: number) {
    database.exec(SCHEMA)
    this.#database = database
    this.#seed = seed
    this.#sql = {
      get: database.prepare('SELECT body, owners FROM cluster_objects WHERE kind = ? AND namespace = ? AND name = ?'),
      put: database.prepare(
        'INSERT OR REPLACE INTO cluster_objects (kind, namespace, name, owner, place, labels, body, owners) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
      ),
      remove: database.prepare('DELETE FROM cluster_objects WHERE kind = ? AND namespace = ? AND name = ?'),
      count: database.prepare(
        'INSERT INTO cluster_counters (name, value) VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value',
      ),
    }
  }

  /** All or nothing. `work` must not wait for anything. */
  transaction<T>(now: number, work: () => T): T {
    this.now = now
    this.#database.exec('BEGIN IMMEDIATE')
    const seenBefore = this.#seen.length
    try {
      const answer = work()
      this.#database.exec('COMMIT')
      return answer
    } catch (error) {
      this.#seen.length = seenBefore
      this.#database.exec('ROLLBACK')
      throw error
    }
  }

  /** What was committed since the last call, in order. */
  takeSeen(): Seen[] {
    const seen = this.#seen
    this.#seen = []
    return seen
  }

  get<K extends Kind>(ref: ObjectRef & { kind: K }): KubeObject<K> | null {
    const row = this.#row(ref)
    return row === undefined ? null : objectIn(row)
  }

  /** Who owns which field. */
  ownersOf(ref: ObjectRef): Owners {
    const row = this.#row(ref)
    return row === undefined ? {} : ownersIn(row)
  }

  list<K extends Kind>(kind: K, { namespace, labels = {}, owner, place }: Where = {}): KubeObject<K>[] {
    const tests: [string, SQLInputValue][] = [['kind = ?', kind]]
    if (namespace !== undefined && KINDS[kind].namespaced) tests.push(['namespace = ?', namespace])
    if (owner !== undefined) tests.push(['owner = ?', owner])
    if (place !== undefined) tests.push(['place = ?', place])
    for (const [key, value] of Object.entries(labels)) tests.push(['instr(labels, ?) > 0', `\n${key}=${value}\n`])
    const where = tests.map(([test]) => test).join(' AND ')
    const found = this.#listing(where).all(...tests.map(([, value]) => value))
    return found.map(objectIn<K>)
  }

  /** A new object, as the server completes it: uid, time and revision, then what `complete` adds to its kind. */
  insert<K extends Kind>(object: KubeObject<K>, complete = withoutOwners<K>): KubeObject<K> {
    const revision = this.count('revision')
    const metadata = {
      ...object.metadata,
      uid: this.#uid(revision),
      resourceVersion: String(revision),
      creationTimestamp: wireTime(this.now),
      ...(KINDS[object.kind].counted ? { generation: 1 } : {}),
    }
    return this.#write({ type: 'ADDED', before: null, was: null, ...complete({ ...object, metadata }) })
  }

  /** A changed object. When nothing has changed nothing is written, as on the server. */
  update<K extends Kind>(object: KubeObject<K>, owners?: Owners): KubeObject<K> {
    const row = this.#row(refOf(object))
    if (row === undefined) throw new Error(`${object.kind} ${object.metadata.name} is not there to be updated`)
    const text = JSON.stringify(object)
    // Most of what controllers show has not changed, to the byte.
    if (text === row['body'] && owners === undefined) return object
    const old = { object: objectIn<K>(row), owners: ownersIn(row) }
    const sent = JSON.parse(text) as KubeObject<K>
    if (isDeepStrictEqual(old.object, sent) && (owners === undefined || isDeepStrictEqual(owners, old.owners)))
      return object
    const specChanged = !isDeepStrictEqual(specOf(old.object), specOf(sent))
    const { generation = 1 } = old.object.metadata
    const metadata = {
      ...object.metadata,
      resourceVersion: String(this.count('revision')),
      ...(KINDS[object.kind].counted ? { generation: specChanged ? generation + 1 : generation } : {}),
    }
    const [before, was] = [old.object.metadata.labels ?? {}, String(row['body'])]
    return this.#write({ type: 'MODIFIED', object: { ...object, metadata }, owners: owners ?? old.owners, before, was })
  }

  remove(object: KubeObject): void {
    const { namespace, name } = placeOf(refOf(object))
    const was = String(this.#row(refOf(object))?.['body'] ?? JSON.stringify(object))
    this.#sql.remove.run(object.kind, namespace, name)
    const last = { ...object, metadata: { ...object.metadata, resourceVersion: String(this.count('revision')) } }
    const labels = object.metadata.labels ?? {}
    this.#seen.push({
      type: 'DELETED',
      body: JSON.stringify(last),
      namespace: within(object),
      labels,
      before: labels,
      at: this.now,
      was,
    })
    this.onWrite(object, true)
  }

  /** The next number of a counter that never goes back, not even over restarts. */
  count(counter: string): number {
    return Number(this.#sql.count.get(counter)?.['value'])
  }

  /** `<base>-<5 letters>`, a name that no object of the kind has. The base is cut as the server cuts it. */
  freeName(kind: Kind, namespace: string | null, base: string): string {
    const digest = sha256Hex(`${this.#seed} name ${this.count('name')}`)
    const letters = [0, 2, 4, 6, 8].map((at) => LETTERS[Number.parseInt(digest.slice(at, at + 2), 16) % LETTERS.length])
    const name = `${`${base}-`.slice(0, 58)}${letters.join('')}`
    return this.get({ kind, namespace, name }) === null ? name : this.freeName(kind, namespace, base)
  }

  #row(ref: ObjectRef): Row | undefined {
    const { namespace, name } = placeOf(ref)
    return this.#sql.get.get(ref.kind, namespace, name)
  }

  #write<K extends Kind>(write: {
    type: 'ADDED' | 'MODIFIED'
    object: KubeObject<K>
    owners: Owners
    before: Labels | null
    was: string | null
  }): KubeObject<K> {
    const { type, object, owners, before, was } = write
    const { namespace, name } = placeOf(refOf(object))
    const body = JSON.stringify(object)
    const { labels = {}, ownerReferences = [] } = object.metadata
    const owner = ownerReferences.find(({ controller }) => controller === true)?.uid ?? ''
    const flat = Object.entries(labels).map(([key, value]) => `${key}=${value}`)
    const index = [owner, placeIn(object), `\n${flat.join('\n')}\n`]
    this.#sql.put.run(object.kind, namespace, name, ...index, body, JSON.stringify(owners))
    this.#seen.push({ type, body, namespace: within(object), labels, before, at: this.now, was })
    this.onWrite(object, false)
    return parsed(body)
  }

  #listing(where: string): StatementSync {
    const known = this.#listings.get(where)
    if (known !== undefined) return known
    const made = this.#database.prepare(`SELECT body FROM cluster_objects WHERE ${where} ORDER BY namespace, name`)
    this.#listings.set(where, made)
    return made
  }

  #uid(revision: number): string {
    const hex = sha256Hex(`${this.#seed} uid ${revision}`)
    return [
      hex.slice(0, 8),
      hex.slice(8, 12),
      `4${hex.slice(13, 16)}`,
      `8${hex.slice(17, 20)}`,
      hex.slice(20, 32),
    ].join('-')
  }
}

type Row = Record<string, SQLOutputValue>

/** Controllers look at everything again and again, and most of it has not changed. */
export const parsed = readOnce()

const objectIn = <K extends Kind>(row: Row): KubeObject<K> => parsed(String(row['body']))

const ownersIn = (row: Row): Owners => parsed(String(row['owners']))

const withoutOwners = <K extends Kind>(object: KubeObject<K>): { object: KubeObject<K>; owners: Owners } => ({
  object,
  owners: {},
})

const within = ({ metadata }: KubeObject): string | null => metadata.namespace ?? null

const specOf = (object: KubeObject): unknown => ('spec' in object ? (object.spec ?? {}) : {})
