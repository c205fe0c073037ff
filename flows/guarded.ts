import { type KubeObject, refOf } from '../core/kube.ts'
import { holderIn, isHolder, restoredText, setsBack } from '../core/marker.ts'
import { runOfJob } from '../core/names.ts'
import { SELF } from '../core/rows.ts'
import { isOurOther } from '../core/steps/launch-job.ts'
import { type Claiming, type ClaimPorts, claim, markerOf, NotOurs } from './claim.ts'
import { ourNamespaces } from './namespaces.ts'
import type { Applied, Cluster, Created } from './ports.ts'
import { readRow } from './rows.ts'

/** As `claim`, of one namespace, for who has claimed before: only its marker is looked at, as long as it says so. */
const stillOurs = async (ports: ClaimPorts, claiming: Claiming, namespace: string): Promise<void> => {
  const self = await readRow(ports.ledger, 'identity', SELF)
  const holder = holderIn(await markerOf(ports, namespace))
  const me = { ledger: self?.value.ledger ?? '', home: claiming.home }
  if (holder === null || !isHolder(holder, me)) await claim(ports, claiming, [namespace])
}

/**
 * Applies it. Admission takes no lower fence than stands: who meets one has forgotten what it wrote, since its table was restored in
 * place and markers still name it. Nothing is wrong with the object then, and no run fails by it.
 */
const applied = async (cluster: Cluster, ...given: Parameters<Cluster['apply']>): Promise<Applied> => {
  const [object] = given
  const answer = await cluster.apply(...given)
  const standing = answer.kind === 'denied' ? await cluster.get(refOf(object)) : null
  if (standing === null || !setsBack(object, standing)) return answer
  throw new NotOurs(restoredText(object.metadata.namespace ?? null, object.metadata.name))
}

/**
 * Creates it. A Job's name is minted once: where it is taken by something else of ours, this ledger has forgotten what it made, as above. What
 * belongs to a Job is made after it, so that its name tells of it.
 */
const created = async ({ cluster, ledger }: ClaimPorts, object: KubeObject): Promise<Created> => {
  const answer = await cluster.create(object)
  if (answer.kind !== 'exists' || !isJob(object) || !isJob(answer.object)) return answer
  if (!isOurOther(answer.object, object)) return answer
  const { generationFrom = 0 } = (await readRow(ledger, 'identity', SELF))?.value ?? {}
  const { namespace = 'default', name } = object.metadata
  // Of those before an adoption it is known.
  if ((runOfJob(name)?.generation ?? 0) <= generationFrom) return answer
  throw new NotOurs(restoredText(namespace, name))
}

const isJob = (object: KubeObject): object is KubeObject<'Job'> => object.kind === 'Job'

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
    logs: (...of) => cluster.logs(...of),
    watch: (where, onChange) => cluster.watch(where, onChange),
    create: (object) => before(object.metadata.namespace, () => created(ports, object)),
    tryCreate: (object) => before(object.metadata.namespace, () => cluster.tryCreate(object)),
    apply: (...given) => before(given[0].metadata.namespace, () => applied(cluster, ...given)),
    patch: (ref, uid, patch) => before(ref.namespace, () => cluster.patch(ref, uid, patch)),
    delete: (ref, uid) => before(ref.namespace, () => cluster.delete(ref, uid)),
  }
}
