import { DatabaseSync } from 'node:sqlite'
import { type FieldManager, type Kind, type KubeObject, type ObjectRef, refOf } from '../../core/kube.ts'
import type {
  Applied,
  Change,
  Clock,
  Cluster,
  Created,
  Denied,
  LogOf,
  Objects,
  Selection,
  Watched,
} from '../../flows/ports.ts'
import { type Api, apply, type Changing, create, edit, patch, remove, tryCreate } from './api.ts'
import { controllerOf } from './controllers.ts'
import { withManagedFields } from './managed-fields.ts'
import { type NodeView, viewOf } from './node-view.ts'
import { cpuNode } from './nodes.ts'
import { learn, type Wish, wrote } from './pod-life.ts'
import { memoOf } from './pods.ts'
import { readSimulation } from './program.ts'
import { orphan } from './replica-sets.ts'
import { WatchCache } from './watch-cache.ts'
import { Watching } from './watching.ts'
import type { Webhook } from './webhooks.ts'
import { openWorld, type World } from './world.ts'

/** Of what stands, and of what Kueue lends, it is asked who owns what; of all others of a list nobody asks. */
const OWNED: ReadonlySet<Kind> = new Set(['Deployment', 'Service', 'PodDisruptionBudget', 'ScaledObject', 'Workload'])

export interface SimulatedOptions {
  /** A database, or the path of one, or `:memory:`. Its tables begin with `cluster_`. */
  file: string | DatabaseSync
  clock: Clock
  /** Where simulated containers read their behaviour and write their results. */
  objects: Pick<Objects, 'read'> & { write(bucket: string, key: string, bytes: Uint8Array): Promise<void> }
  /** Another seed gives other uids and pod names, and nothing else. */
  seed?: number
  namespaces?: string[]
  /** From a node's launch until pods run on it. Milliseconds. */
  provision?: number
  /** An empty node of a pool that does not say `consolidateAfter` goes after this. Milliseconds. */
  consolidate?: number
  /** Lists that are not `fresh` show what stood so long ago, as those of a server's cache may. Milliseconds, 0 unless told. */
  lag?: number
  /** Of others in the cluster: they change what is made and applied. */
  webhooks?: readonly Webhook[]
  /** Told what the simulation does, a line each. */
  log?: (line: string) => void
}

/** A cluster that behaves as a real one does where these flows look, and lives through time only by `advance`. */
export interface SimulatedCluster extends Cluster {
  /** Does everything that is due at or before now; answers when the next thing is due (ms), or null. */
  advance(now: number): Promise<number | null>
  /** Somebody makes a namespace; one that is there stays. */
  addNamespace(name: string): void
  nodes(): Promise<NodeView[]>
  /** Somebody changes an object by hand, as this field manager (`kubectl set image`, `kubectl edit`). */
  edit(ref: ObjectRef, manager: string, change: Changing): Promise<void>
  /** Somebody deletes a Deployment alone (`kubectl delete --cascade=orphan`). */
  orphan(ref: ObjectRef): Promise<void>
  close(): void
}

/** Opens the cluster that lives in this database; nothing of it is kept in memory. */
export const openSimulatedCluster = (options: SimulatedOptions): SimulatedCluster => new Simulated(options)

const fieldOf = (object: object, path: string): unknown =>
  path.split('.').reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], object)

/** Turns that are lived through in one transaction. */
const BATCH = 200

class Simulated implements SimulatedCluster {
  readonly #options: SimulatedOptions
  readonly #database: DatabaseSync
  readonly #world: World
  readonly #api: Api
  readonly #namespaces: Set<string>
  readonly #watching = new Watching()
  readonly #cache: WatchCache
  #advancing: Promise<unknown> = Promise.resolve()
  #closed = false

  constructor(options: SimulatedOptions) {
    const { file, seed = 1, provision = 90_000, consolidate = 600_000, namespaces = ['training', 'serving'] } = options
    this.#options = options
    this.#cache = new WatchCache(options.lag ?? 0)
    this.#database = typeof file === 'string' ? new DatabaseSync(file) : file
    if (typeof file === 'string') this.#database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL')
    this.#world = openWorld(this.#database, { seed, pace: { provision, consolidate }, webhooks: options.webhooks })
    this.#namespaces = new Set(namespaces)
    this.#api = { world: this.#world, namespaces: this.#namespaces }
    const { store } = this.#world
    this.#write(() => {
      if (store.count('opened') === 1) store.insert(cpuNode())
    })
  }

  addNamespace(name: string): void {
    this.#namespaces.add(name)
  }

  async create(object: KubeObject): Promise<Created> {
    return this.#write(() => create(this.#api, object))
  }

  async tryCreate(object: KubeObject): Promise<Created> {
    return tryCreate(this.#api, object)
  }

  async apply(object: KubeObject, manager: FieldManager, how?: 'forced'): Promise<Applied> {
    return this.#write(() => apply(this.#api, object, { manager, how }))
  }

  async patch(
    ref: ObjectRef,
    uid: string,
    change: Record<string, unknown>,
  ): Promise<'patched' | 'gone' | 'moved' | Denied> {
    return this.#write(() => patch(this.#api, ref, uid, change))
  }

  async delete(ref: ObjectRef, uid: string): Promise<'deleted' | 'gone'> {
    return this.#write(() => remove(this.#api, ref, uid))
  }

  async get(ref: ObjectRef): Promise<KubeObject | null> {
    const { store } = this.#world
    const object = store.get(ref)
    return object === null ? null : withManagedFields(object, store.ownersOf(ref))
  }

  async list(kind: Kind, { fields = {}, keep = () => true, ...where }: Selection = {}): Promise<KubeObject[]> {
    const { store } = this.#world
    const current = store.list(kind, where)
    const seen =
      where.fresh === true ? current : this.#cache.list(kind, where, { current, now: this.#options.clock.now() })
    const found = seen.filter(
      (object) => keep(object) && Object.entries(fields).every(([path, value]) => fieldOf(object, path) === value),
    )
    return OWNED.has(kind) ? found.map((one) => withManagedFields(one, store.ownersOf(refOf(one)))) : found
  }

  async watch(where: Watched, onChange: (change: Change) => void): Promise<{ stop(): void }> {
    return this.#watching.watch(where, onChange)
  }

  /** The server's own words for a container that it must be told, or does not know, are an answer without lines here. */
  async logs(ref: ObjectRef, lines: number, { container }: LogOf = {}): Promise<string[]> {
    const pod = this.#world.store.get({ ...ref, kind: 'Pod' })
    const { containers = [], initContainers = [] } = pod?.spec ?? {}
    const isOne =
      container === undefined
        ? containers.length === 1
        : [...containers, ...initContainers].some(({ name }) => name === container)
    return pod === null || lines <= 0 || !isOne ? [] : (memoOf(this.#world, pod).logs ?? []).slice(-lines)
  }

  advance(now: number): Promise<number | null> {
    const turn = this.#advancing.then(() => this.#advance(now))
    this.#advancing = turn.catch(() => undefined)
    return turn
  }

  async nodes(): Promise<NodeView[]> {
    return this.#world.store.list('Node').map((node) => viewOf(this.#world, node))
  }

  async edit(ref: ObjectRef, manager: string, change: Changing): Promise<void> {
    this.#write(() => edit(this.#api, ref, { manager, change }))
  }

  async orphan(ref: ObjectRef): Promise<void> {
    this.#write(() => orphan(this.#world, ref))
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#watching.close()
    if (typeof this.#options.file === 'string') this.#database.close()
  }

  async #advance(now: number): Promise<number | null> {
    const { due, store } = this.#world
    while (!this.#closed) {
      const first = due.first()
      if (first === null || first.at > now) return first?.at ?? null
      const wish = store.transaction(first.at, () => this.#live(now))
      await this.#tell()
      if (wish !== null) await this.#fulfil(wish)
    }
    return null
  }

  /** Lives through what is due, each at its own time, until somebody needs something of the outside. */
  #live(now: number): Wish | null {
    const { due, store } = this.#world
    for (let turns = 0; turns < BATCH; turns++) {
      const turn = due.first()
      if (turn === null || turn.at > now) return null
      store.now = turn.at
      due.done(turn)
      const wish = controllerOf(turn.kind)(this.#world, turn)
      if (wish === null) continue
      due.wake(turn)
      return wish
    }
    return null
  }

  /** What it read or wrote is remembered by the pod, which is still due. A crash before that repeats it: it is harmless. */
  async #fulfil(wish: Wish): Promise<void> {
    const { objects, log } = this.#options
    const { name } = wish.pod.metadata
    if (wish.kind === 'read') {
      const parsed = await readSimulation(objects, wish.pod)
      for (const problem of parsed.problems) log?.(`pod ${name}: ${problem}`)
      this.#remember(() => learn(this.#world, wish.pod, parsed))
    } else {
      const { bucket, key, text, made, report } = wish.result
      for (const file of made) await objects.write(bucket, file, Buffer.from(name))
      if (report !== undefined) await objects.write(report.bucket, report.key, Buffer.from(report.text))
      await objects.write(bucket, key, Buffer.from(text, 'utf8'))
      log?.(`pod ${name}: wrote s3://${bucket}/${key}`)
      this.#remember(() => wrote(this.#world, wish.pod))
    }
  }

  #remember(work: () => void): void {
    const { store } = this.#world
    if (!this.#closed) store.transaction(store.now, work)
  }

  #write<T>(work: () => T): T {
    const { store } = this.#world
    const answer = store.transaction(this.#options.clock.now(), work)
    void this.#tell()
    return answer
  }

  #tell(): Promise<void> {
    const seen = this.#world.store.takeSeen()
    this.#cache.note(seen, this.#options.clock.now())
    return this.#watching.tell(seen)
  }
}
