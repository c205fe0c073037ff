import { holderIn, isHolder } from '../core/marker.ts'
import { SELF } from '../core/rows.ts'
import { type Claiming, type ClaimPorts, claim, markerOf } from './claim.ts'
import { ourNamespaces } from './namespaces.ts'
import type { Cluster } from './ports.ts'
import { readRow } from './rows.ts'

/** As `claim`, for who has claimed before: only the markers are looked at, as long as they say so. */
const stillOurs = async (ports: ClaimPorts, claiming: Claiming): Promise<void> => {
  const self = await readRow(ports.ledger, 'identity', SELF)
  const namespaces = ourNamespaces(await ports.policies.load())
  const markers = await Promise.all(namespaces.map((namespace) => markerOf(ports, namespace)))
  const me = { ledger: self?.value.ledger ?? '', home: claiming.home }
  const named = markers.map(holderIn)
  if (!named.every((holder) => holder !== null && isHolder(holder, me))) await claim(ports, claiming)
}

/** So long it counts that the markers named us. Milliseconds. */
const COUNTS = 10_000

/**
 * The cluster, written to only while the markers of our namespaces name this ledger. They are looked at beside what is read, so
 * that no write waits for them as a rule.
 */
export const guarded = (ports: ClaimPorts, claiming: Omit<Claiming, 'adopt'>): Cluster => {
  const { cluster, clock } = ports
  let sure = Number.NEGATIVE_INFINITY
  let asking: Promise<void> | null = null
  const ask = (): Promise<void> => {
    asking ??= stillOurs(ports, claiming)
      .then(() => {
        sure = clock.now()
      })
      .finally(() => {
        asking = null
      })
    return asking
  }
  const isSure = (): boolean => clock.now() - sure <= COUNTS
  const beside = async <T>(reading: Promise<T>): Promise<T> => {
    const [answer] = await Promise.all([reading, isSure() ? null : ask().catch(() => undefined)])
    return answer
  }
  const before = async <T>(write: () => Promise<T>): Promise<T> => {
    if (!isSure()) await ask()
    return write()
  }
  return {
    get: (ref) => beside(cluster.get(ref)),
    list: (kind, where) => beside(cluster.list(kind, where)),
    logs: (ref, lines) => cluster.logs(ref, lines),
    watch: (where, onChange) => cluster.watch(where, onChange),
    create: (object) => before(() => cluster.create(object)),
    apply: (object, manager) => before(() => cluster.apply(object, manager)),
    patch: (ref, uid, patch) => before(() => cluster.patch(ref, uid, patch)),
    delete: (ref, uid) => before(() => cluster.delete(ref, uid)),
  }
}
