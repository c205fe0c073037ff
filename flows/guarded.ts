import { holderIn, isHolder } from '../core/marker.ts'
import { SELF } from '../core/rows.ts'
import { type Claiming, type ClaimPorts, claim, markerOf } from './claim.ts'
import { ourNamespaces } from './namespaces.ts'
import type { Cluster } from './ports.ts'
import { readRow } from './rows.ts'

/** As `claim`, of one namespace, for who has claimed before: only its marker is looked at, as long as it says so. */
const stillOurs = async (ports: ClaimPorts, claiming: Claiming, namespace: string): Promise<void> => {
  const self = await readRow(ports.ledger, 'identity', SELF)
  const holder = holderIn(await markerOf(ports, namespace))
  const me = { ledger: self?.value.ledger ?? '', home: claiming.home }
  if (holder === null || !isHolder(holder, me)) await claim(ports, claiming, [namespace])
}

/** So long it counts that a marker named us. Milliseconds. */
const COUNTS = 10_000

/** One namespace: when its marker last named us, and whether it is being looked at. */
interface Sureness {
  since: number
  asking: Promise<void> | null
}

/**
 * The cluster, written to only where the marker of the namespace names this ledger: one that is gone, or another's, keeps nobody
 * from working in the others. Markers are looked at beside what is read, so that no write waits for them as a rule.
 */
export const guarded = (ports: ClaimPorts, claiming: Omit<Claiming, 'adopt'>): Cluster => {
  const { cluster, clock } = ports
  const known = new Map<string, Sureness>()
  const knownOf = (namespace: string): Sureness => {
    const found = known.get(namespace) ?? { since: Number.NEGATIVE_INFINITY, asking: null }
    known.set(namespace, found)
    return found
  }
  const sureOf = async (namespace: string): Promise<void> => {
    const one = knownOf(namespace)
    if (clock.now() - one.since <= COUNTS) return
    one.asking ??= stillOurs(ports, claiming, namespace)
      .then(() => {
        one.since = clock.now()
      })
      .finally(() => {
        one.asking = null
      })
    await one.asking
  }
  const ours = async (): Promise<string[]> => ourNamespaces(await ports.policies.load())
  const all = async (namespaces: readonly string[]): Promise<void> => void (await Promise.all(namespaces.map(sureOf)))
  const lookAtAll = async (): Promise<void> =>
    void (await Promise.allSettled(
      await ours().then(
        (some) => some.map(sureOf),
        () => [],
      ),
    ))
  const beside = async <T>(reading: Promise<T>): Promise<T> => (await Promise.all([reading, lookAtAll()]))[0]
  /** What lies in no namespace is everybody's: all of ours must be. */
  const before = async <T>(namespace: string | null | undefined, write: () => Promise<T>): Promise<T> => {
    await all(namespace == null ? await ours() : [namespace])
    return write()
  }
  return {
    get: (ref) => beside(cluster.get(ref)),
    list: (kind, where) => beside(cluster.list(kind, where)),
    logs: (ref, lines) => cluster.logs(ref, lines),
    watch: (where, onChange) => cluster.watch(where, onChange),
    create: (object) => before(object.metadata.namespace, () => cluster.create(object)),
    apply: (object, manager) => before(object.metadata.namespace, () => cluster.apply(object, manager)),
    patch: (ref, uid, patch) => before(ref.namespace, () => cluster.patch(ref, uid, patch)),
    delete: (ref, uid) => before(ref.namespace, () => cluster.delete(ref, uid)),
  }
}
