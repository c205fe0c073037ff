import { nodePoolObject } from '../core/bootstrap/node-pools.ts'
import type { KubeObject } from '../core/kube.ts'
import { markerObject } from '../core/marker.ts'
import { label } from '../core/names.ts'
import type { Policy } from '../core/policy.ts'
import { isSetByLane } from '../core/pools/node-pool.ts'
import { servingClass } from '../core/workloads/priority.ts'
import { nobody } from '../effects/metrics/nobody.ts'
import { claim } from '../flows/claim.ts'
import { guarded } from '../flows/guarded.ts'
import { inForce } from '../flows/in-force.ts'
import type { Metrics } from '../flows/metrics-port.ts'
import { ourNamespaces } from '../flows/namespaces.ts'
import type { Clock, Policies, Ports } from '../flows/ports.ts'
import type { Registry } from '../flows/registry-port.ts'
import { door as reconcile } from '../functions/reconcile.ts'
import { signMlflow } from '../functions/signatures.ts'
import { unique } from '../functions/unique.ts'
import { openBus } from './bus/local-bus.ts'
import { openChat } from './chat/local-chat.ts'
import type { LocalCluster } from './cluster/local-cluster.ts'
import { openSimulatedCluster, type SimulatedCluster } from './cluster/simulated-cluster.ts'
import { busTargets } from './doors.ts'
import type { House } from './house-type.ts'
import { openLedger } from './ledger/sqlite-ledger.ts'
import { type FolderObjects, openObjects } from './objects/folder-objects.ts'
import { type LocalQueue, openQueue } from './queue/local-queue.ts'
import { openRegistry } from './registry/stand-in-registry.ts'
import type { LocalSecrets } from './secrets/local-secrets.ts'
import type { Stores } from './stores.ts'

export interface HouseOptions {
  stores: Stores
  policies: Policies
  secrets: LocalSecrets
  clock: Clock
  /** Opens the cluster; the simulated one, with the policy's pools, unless told. */
  openCluster?: ((given: { objects: FolderObjects; clock: Clock; policy: Policy }) => Promise<LocalCluster>) | undefined
  /** In place of the stand-in registry. */
  registry?: Registry | undefined
  /** Nobody is asked unless one is named. */
  metrics?: Metrics | undefined
  /** This ledger takes the place of the one that acts in the policy's namespaces. */
  adopt?: boolean | undefined
  /** Mints the ledger's id at its first start. */
  mint?: (() => string) | undefined
  /** Wraps the ports before anything uses them: for tests that break them. */
  wrap?: ((ports: Ports) => Ports) | undefined
  onError?: (what: string, error: unknown) => void
}

/**
 * T on one machine: the data folder's lock proves earlier processes dead, so only a request of theirs may still be under way,
 * and none takes longer. Milliseconds.
 */
const HANDOVER = 30_000

/** The simulated cluster lies beside the ledger, in the same folder: wherever that goes, nobody else acts in it. */
const BESIDE = 'the folder of its cluster'

/** Everything that stands behind a port on one machine, and the ports themselves. */
export type Parts = Awaited<ReturnType<typeof openParts>>

/** Opens what stands behind the ports. `webhook` is the house's own door: the registry's deliveries go through it. */
export const openParts = async (options: HouseOptions, webhook: House['webhook']) => {
  const { stores, clock, secrets, openCluster, registry: given, wrap, onError = () => undefined } = options
  const objects = openObjects({ root: stores.buckets, clock, database: stores.world })
  const ledger = openLedger(stores.ledger)
  const written = inForce(options.policies, { ledger, clock })
  const policy = await written.load()
  const { cluster, policies = written } =
    openCluster === undefined
      ? simulated({ stores, clock, objects, written })
      : { cluster: await openCluster({ objects, clock, policy }) }
  const chat = openChat({ database: stores.world, clock })
  const secret = () => secrets.get('mlflow-webhook')
  const deliver = (request: Parameters<House['webhook']>[1]) => webhook('mlflow', request)
  const standIn = openRegistry({ database: stores.world, clock, sign: signMlflow, secret, deliver })
  const queue: LocalQueue = openQueue({
    clock,
    work: async (group) => {
      await reconcile.handler(ports)({ group, handover: HANDOVER })
    },
    onError: (group, error) => onError(`reconciling ${group}`, error),
  })
  const bus = openBus({ database: stores.world, clock, targets: busTargets(() => ports) })
  const registry = given ?? standIn
  // Whoever presses on the page reads the door's own answer.
  const { metrics = nobody } = options
  const replies = { say: async () => undefined }
  const claiming = { home: openCluster === undefined ? BESIDE : stores.home, mint: options.mint ?? unique }
  const mine = guarded({ ledger, cluster, policies, clock }, claiming)
  const all: Ports = {
    ledger,
    queue,
    cluster: mine,
    bus,
    chat,
    replies,
    registry,
    objects,
    metrics,
    policies,
    secrets,
    clock,
  }
  const ports = wrap?.(all) ?? all
  /** Rejects with what to do where another ledger acts in our namespaces. */
  const claimed = () => claim({ ledger, cluster, policies, clock }, { ...claiming, adopt: options.adopt })
  return { claimed, ports, objects, cluster, chat, registry: standIn, queue, bus }
}

/** The simulated cluster, and the policies as they are in force once that has what they need. */
const simulated = (given: {
  stores: Stores
  clock: Clock
  objects: FolderObjects
  written: Policies
}): { cluster: LocalCluster; policies?: Policies } => {
  const { stores, written, ...rest } = given
  const cluster = openSimulatedCluster({ file: stores.world, namespaces: [], ...rest })
  return { cluster, policies: furnishing(written, (policy) => furnish(cluster, policy)) }
}

/** What `bootstrap` sees to on a real cluster: a pool or a namespace that an edit of the policy names is there at the next look. */
const furnishing = (written: Policies, furnish: (policy: Policy) => Promise<void>): Policies => {
  let last = ''
  let done = Promise.resolve()
  const load = async (): Promise<Policy> => {
    const policy = await written.load()
    if (policy.version !== last) {
      last = policy.version
      done = furnish(policy).catch((error: unknown) => {
        last = ''
        throw error
      })
    }
    await done
    return policy
  }
  return written.problem === undefined
    ? { load }
    : { load, problem: () => written.problem?.() ?? Promise.resolve(null) }
}

const furnish = async (cluster: SimulatedCluster, policy: Policy): Promise<void> => {
  for (const namespace of ourNamespaces(policy)) {
    cluster.addNamespace(namespace)
    await cluster.create(markerObject(namespace))
  }
  await cluster.create(servingClass(policy))
  for (const [name, pool] of Object.entries(policy.pools)) await furnishPool(cluster, { policy, name, pool })
}

/** As `bootstrap` makes it. A limit that its own lane has set is that lane's, and stays. */
const furnishPool = async (
  cluster: SimulatedCluster,
  { policy, name, pool }: { policy: Policy; name: string; pool: Policy['pools'][string] },
): Promise<void> => {
  const there = await cluster.get({ kind: 'NodePool', namespace: null, name })
  const { metadata, spec, ...made } = nodePoolObject({ name, ...pool })
  const { limits, ...rest } = spec ?? {}
  const labels = { [label('installation')]: policy.installation }
  const isSet = there !== null && isSetByLane(there)
  await cluster.apply(
    { ...made, metadata: { ...metadata, labels }, spec: { ...rest, ...(isSet ? {} : { limits }) } } as KubeObject,
    'signalbox-workload',
    // All was of another manager as an earlier release made it.
    'forced',
  )
}
