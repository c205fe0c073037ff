import type { KubeObject } from '../core/kube.ts'
import { budgetOf, budgetRoom, poolRoom } from '../core/lane/room.ts'
import type { View } from '../core/lane/view.ts'
import { generationOf, label, laneLabels } from '../core/names.ts'
import { gpusOfPod } from '../core/planning/pod-gpus.ts'
import { poolView, type SeenPools, usedByLane } from '../core/planning/pool-view.ts'
import type { Around } from '../core/pods/around.ts'
import { whyLacking } from '../core/pods/lacking.ts'
import { overdueNote } from '../core/pods/leaving.ts'
import type { Policy } from '../core/policy.ts'
import { SERVING_TASK, TASK_LABEL, trafficOf } from '../core/workloads/serving.ts'
import type { GenerationView, PoolView, Stray, Stuck, Traffic, World } from '../core/world.ts'
import { ceilingsNow } from './ceilings.ts'
import { generationsOf, hasLabels, type Standing, scaledIn } from './generations.ts'
import { firstHolds, type Held, heldIn, holdsOf } from './held.ts'
import { type Known, withOwnService } from './known-standing.ts'
import { type Ports, Unavailable } from './ports.ts'
import { straysOf } from './strays.ts'

/** Which lane looks, and what its kind needs to see. */
export type Looking = Pick<View, 'policy' | 'identity' | 'now'> & {
  doc: Known & Partial<Pick<View['doc'], 'desired'>>
  kind: Pick<View['kind'], 'stands' | 'ahead' | 'grants'>
}

/** What of the cluster every lane sees alike. */
export interface Seen extends SeenPools {
  /** Pods that have ended and that nobody has tidied away: they say why others are made. */
  ended: readonly KubeObject[]
  /** Left out where each lane asks for its own. */
  standing?: Standing
}

/** Reads the cluster's cache. */
const seeCluster = async ({ cluster }: Pick<Ports, 'cluster'>): Promise<Seen> => {
  const kinds = ['Pod', 'NodePool', 'Node'] as const
  const [pods = [], nodePools = [], nodes = []] = await Promise.all(kinds.map((kind) => cluster.list(kind)))
  return { pods: pods.filter(isLive), ended: pods.filter((pod) => !isLive(pod)), nodePools, nodes }
}

/** The cluster for a look at every lane: each kind is listed once, however many lanes there are. */
export const seeAll = async (ports: Pick<Ports, 'cluster'>, { namespaces, keda }: Policy): Promise<Seen> => {
  const namespace = namespaces.serving
  const [seen, services, deployments, scalers, budgets, scaled] = await Promise.all([
    seeCluster(ports),
    ports.cluster.list('Service', { namespace }),
    ports.cluster.list('Deployment', { namespace }),
    ports.cluster.list('HorizontalPodAutoscaler', { namespace }),
    allowed(ports.cluster.list('PodDisruptionBudget', { namespace })),
    keda === undefined ? undefined : ports.cluster.list('ScaledObject', { namespace }),
  ])
  return { ...seen, standing: { services, deployments, scalers, budgets, ...(scaled && { scaled }) } }
}

/** The cluster and the holds, as one lane sees them: everything is asked side by side. */
export const observe = async (
  ports: Pick<Ports, 'cluster' | 'ledger'>,
  looking: Looking,
  all?: Seen,
): Promise<World> => {
  const { policy, identity, doc, kind, now } = looking
  const budget = budgetOf(policy)
  const pools = Object.entries(policy.pools)
  const rooms = [budgetRoom(budget), ...pools.map(([pool]) => poolRoom(pool))]
  const [seen, ceilings, parts, generations, { spent, held }, ...first] = await Promise.all([
    all ?? seeCluster(ports),
    ceilingsNow(ports.ledger, { policy, now }),
    kind.stands ? partsSeen(ports, looking, all?.standing) : NO_PARTS,
    kind.stands ? generationsOf(ports, looking, all?.standing) : [],
    heldIn(ports.ledger, rooms, { lane: doc.lane, budget, now }),
    ...pools.map(([pool]) => firstHolds(ports.ledger, poolRoom(pool))),
  ])
  // Who grants a line knows of each who stands there whether it goes ahead.
  const ahead = kind.grants === true || (doc.desired != null && kind.ahead?.(doc.desired as never) === true)
  const standing = generations.map((view) => withLack(view, looking, seen))
  const strays = kind.stands ? await straysSeen(ports, looking, { seen, generations }) : []
  const stuck = kind.stands ? stuckSeen(looking, seen) : []
  const heldOf = (room: string): Held => held.get(room) ?? { total: 0, own: 0 }
  const views = pools.map(async ([pool], index): Promise<[string, PoolView]> => {
    const used = usedByLane(seen, pool, { policy, ledger: identity.ledger })
    const room = poolRoom(pool)
    const by = await holdsOf(ports.ledger, room, { first: first[index] ?? [], labels: [...used.keys()] })
    return [
      pool,
      poolView(seen, {
        ...{ pool, policy, used, by, held: heldOf(room), lane: doc.lane, ledger: identity.ledger, ahead, now },
        ...ceilings.get(pool),
      }),
    ]
  })
  const dollars = heldOf(budgetRoom(budget))
  return {
    pools: Object.fromEntries(await Promise.all(views)),
    dollars: { spent: spent / 100, held: (dollars.total - dollars.own) / 100 },
    generations: standing,
    ...(kind.stands ? { traffic: trafficIn(parts.objects, identity), parts } : {}),
    ...(strays.length === 0 ? {} : { strays }),
    ...(stuck.length === 0 ? {} : { stuck }),
  }
}

/** With why it has fewer ready than it asks for, as far as what is seen of the cluster tells. */
const withLack = (view: GenerationView, { policy, identity, doc, now }: Looking, seen: Seen): GenerationView => {
  if (view.ready >= view.replicas) return view
  const labels = { ...laneLabels(identity, doc.lane), [label('generation')]: String(view.generation) }
  const pods = [...seen.pods, ...seen.ended].filter(
    (pod) => pod.metadata.namespace === policy.namespaces.serving && hasLabels(pod, labels),
  )
  const around = { nodes: seen.nodes, pools: seen.nodePools, claims: null, events: [] } as Around
  const lacks = whyLacking(view.object, pods as KubeObject<'Pod'>[], { around, now })
  return lacks === null ? view : { ...view, lacks }
}

/** What runs on of a lane without a Deployment: asked only where a pod says that there may be some. */
const straysSeen = (
  { cluster }: Pick<Ports, 'cluster'>,
  { policy, identity, doc }: Looking,
  { seen, generations }: { seen: Seen; generations: readonly GenerationView[] },
): Promise<Stray[]> => {
  return straysOf(cluster, serversIn({ policy, identity, doc }, seen), generations)
}

/** Pods of a lane that serve, or are to. */
const serversIn = ({ policy, identity, doc }: Pick<Looking, 'policy' | 'identity' | 'doc'>, { pods }: Seen) => {
  const labels = { ...laneLabels(identity, doc.lane), [TASK_LABEL]: SERVING_TASK }
  const { serving } = policy.namespaces
  return pods.filter((pod) => pod.metadata.namespace === serving && hasLabels(pod, labels)) as KubeObject<'Pod'>[]
}

/** Those whose end is long due. */
const stuckSeen = (looking: Looking, seen: Seen): Stuck[] =>
  serversIn(looking, seen).flatMap((pod) => {
    const note = overdueNote(pod, seen.nodes as KubeObject<'Node'>[], looking.now)
    const { uid = '', labels = {} } = pod.metadata
    return note === null ? [] : [{ uid, generation: generationOf(labels), gpus: gpusOfPod(pod), note }]
  })

/** Whom the lane's Service leads to, as it is now. */
export const trafficSeen = async (
  ports: Pick<Ports, 'cluster'>,
  looking: Pick<Looking, 'policy' | 'identity' | 'doc'>,
): Promise<Traffic> => trafficIn(await servicesSeen(ports, looking), looking.identity)

const NO_PARTS: NonNullable<World['parts']> = { kinds: [], objects: [] }

/** What stands beside a lane's Deployments, by its labels. */
const partsSeen = async (
  ports: Pick<Ports, 'cluster'>,
  looking: Pick<Looking, 'policy' | 'identity' | 'doc'>,
  all?: Standing,
): Promise<NonNullable<World['parts']>> => {
  const labels = laneLabels(looking.identity, looking.doc.lane)
  const where = { namespace: looking.policy.namespaces.serving, labels, fresh: true }
  const [services, budgets, scaled] = await Promise.all([
    servicesSeen(ports, looking, all),
    all === undefined ? allowed(ports.cluster.list('PodDisruptionBudget', where)) : all.budgets,
    scaledIn(ports, looking, all),
  ])
  const others: NonNullable<World['parts']> =
    looking.policy.keda === undefined ? NO_PARTS : { kinds: ['ScaledObject'], objects: scaled }
  return budgets === null
    ? { kinds: ['Service', ...others.kinds], objects: [...services, ...others.objects] }
    : {
        kinds: ['Service', 'PodDisruptionBudget', ...others.kinds],
        objects: [...services, ...budgets.filter((object) => hasLabels(object, labels)), ...others.objects],
      }
}

/** Null: it cannot be read, as by a right that an earlier bootstrap did not give. Nothing waits for it. */
const allowed = (reading: Promise<KubeObject[]>): Promise<KubeObject[] | null> =>
  reading.catch((error: unknown) => {
    if (error instanceof Unavailable) return null
    throw error
  })

/** Services that have the lane's labels. */
const servicesSeen = async (
  { cluster }: Pick<Ports, 'cluster'>,
  { policy, identity, doc }: Pick<Looking, 'policy' | 'identity' | 'doc'>,
  all?: Standing,
): Promise<KubeObject[]> => {
  const labels = laneLabels(identity, doc.lane)
  const where = { namespace: policy.namespaces.serving, labels, fresh: true }
  const listed = all?.services.filter((object) => hasLabels(object, labels)) ?? cluster.list('Service', where)
  return withOwnService({ cluster }, { name: identity.name, namespace: where.namespace }, listed)
}

/** Others than the lane's own may have its labels: a generation's, and what anybody makes who may. */
const trafficIn = (parts: readonly KubeObject[], { name }: Looking['identity']): Traffic =>
  trafficOf(
    parts.find(({ kind, metadata }) => kind === 'Service' && metadata.name === name) as
      | KubeObject<'Service'>
      | undefined,
  )

const isLive = (object: KubeObject): boolean => {
  const phase = (object as KubeObject<'Pod'>).status?.phase
  return phase !== 'Succeeded' && phase !== 'Failed'
}
