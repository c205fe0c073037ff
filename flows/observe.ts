import { GPU, type KubeObject, type NodePool, refOf } from '../core/kube.ts'
import { budgetRoom, poolRoom } from '../core/lane/room.ts'
import type { View } from '../core/lane/view.ts'
import { generationName, generationOf, label, laneLabel, laneLabels } from '../core/names.ts'
import type { Policy } from '../core/policy.ts'
import { gpusIn } from '../core/quantity.ts'
import { DIGEST_ANNOTATION } from '../core/workloads/object-digest.ts'
import type { GenerationView, PoolView, World } from '../core/world.ts'
import { firstHolds, type Held, heldIn, holdsOf } from './held.ts'
import { ourNamespaces } from './namespaces.ts'
import type { Ports } from './ports.ts'

/** Karpenter's label on nodes, and the selector of our pods. */
const NODE_POOL = 'karpenter.sh/nodepool'

/** Which lane looks, and what its kind needs to see. */
export type Looking = Pick<View, 'policy' | 'identity' | 'now'> & {
  doc: Pick<View['doc'], 'lane'>
  kind: Pick<View['kind'], 'stands'>
}

/** What of the cluster every lane sees alike. */
export interface Seen {
  pods: KubeObject[]
  nodePools: KubeObject[]
  nodes: KubeObject[]
  /** Of the whole namespace that serves; left out where each lane asks for its own. */
  standing?: Standing
}

interface Standing {
  deployments: KubeObject[]
  scalers: KubeObject[]
}

/** Reads the cluster's cache. */
const seeCluster = async ({ cluster }: Pick<Ports, 'cluster'>): Promise<Seen> => {
  const kinds = ['Pod', 'NodePool', 'Node'] as const
  const [pods = [], nodePools = [], nodes = []] = await Promise.all(kinds.map((kind) => cluster.list(kind)))
  return { pods: pods.filter(isLive), nodePools, nodes }
}

/** The cluster for a look at every lane: each kind is listed once, however many lanes there are. */
export const seeAll = async (ports: Pick<Ports, 'cluster'>, { namespaces }: Policy): Promise<Seen> => {
  const namespace = namespaces.serving
  const [seen, deployments, scalers] = await Promise.all([
    seeCluster(ports),
    ports.cluster.list('Deployment', { namespace }),
    ports.cluster.list('HorizontalPodAutoscaler', { namespace }),
  ])
  return { ...seen, standing: { deployments, scalers } }
}

/** The cluster and the holds, as one lane sees them: everything is asked side by side. */
export const observe = async (
  ports: Pick<Ports, 'cluster' | 'ledger'>,
  looking: Looking,
  all?: Seen,
): Promise<World> => {
  const { policy, doc, kind, now } = looking
  const budget = policy.budget.name
  const pools = Object.entries(policy.pools)
  const rooms = [budgetRoom(budget), ...pools.map(([pool]) => poolRoom(pool))]
  const [seen, generations, { spent, held }, ...first] = await Promise.all([
    all ?? seeCluster(ports),
    kind.stands ? generationsOf(ports, looking, all?.standing) : [],
    heldIn(ports.ledger, rooms, { lane: doc.lane, budget, now }),
    ...pools.map(([pool]) => firstHolds(ports.ledger, poolRoom(pool))),
  ])
  const heldOf = (room: string): Held => held.get(room) ?? { total: 0, own: 0 }
  const views = pools.map(async ([pool, rule], index): Promise<[string, PoolView]> => {
    const used = usedByLane(seen.pods, pool, looking)
    const room = poolRoom(pool)
    const by = await holdsOf(ports.ledger, room, { first: first[index] ?? [], labels: [...used.keys()] })
    return [pool, poolView(seen, { pool, rule, used, by, held: heldOf(room), lane: doc.lane })]
  })
  const dollars = heldOf(budgetRoom(budget))
  return {
    pools: Object.fromEntries(await Promise.all(views)),
    dollars: { spent: spent / 100, held: (dollars.total - dollars.own) / 100 },
    generations,
  }
}

interface PoolSeen {
  pool: string
  rule: Policy['pools'][string]
  /** GPUs that pods use, and what lanes hold, by lane label. */
  used: Map<string, number>
  by: Map<string, number>
  held: Held
  lane: string
}

const poolView = ({ nodes, nodePools }: Seen, { pool, rule, used, by, held, lane }: PoolSeen): PoolView => {
  const { maxGpus, gpusPerNode } = rule
  const mine = nodes.filter((node) => node.metadata.labels?.[NODE_POOL] === pool)
  const up = mine.filter((node) => 'status' in node && isReady(node as KubeObject<'Node'>)).length * gpusPerNode
  const beyondHolds = [...used]
    .filter(([label]) => label !== laneLabel(lane))
    .reduce((sum, [label, gpus]) => sum + Math.max(0, gpus - (by.get(label) ?? 0)), 0)
  return {
    pool,
    ceiling: ceilingOf(nodePools.find(({ metadata }) => metadata.name === pool) as NodePool | undefined, maxGpus),
    used: [...used.values()].reduce((sum, gpus) => sum + gpus, 0),
    usedByLane: used.get(laneLabel(lane)) ?? 0,
    // Each other lane counts with its hold or its use, whichever is more (law 10).
    heldByOthers: held.total - held.own + beyondHolds,
    beyondHolds,
    provisioned: up,
    provisioning: mine.length * gpusPerNode - up,
  }
}

/**
 * The Deployments of a lane, the lowest generation first, each with who scales it beside us. As they are now: what is not among
 * them has nothing to walk back.
 */
export const generationsOf = async (
  { cluster }: Pick<Ports, 'cluster'>,
  { policy, identity, doc }: Pick<Looking, 'policy' | 'identity' | 'doc'>,
  all?: Standing,
): Promise<GenerationView[]> => {
  const namespace = policy.namespaces.serving
  const labels = laneLabels(identity, doc.lane)
  const [found, scalers] = await Promise.all([
    all?.deployments.filter((object) => hasLabels(object, labels)) ??
      cluster.list('Deployment', { namespace, labels, fresh: true }),
    all?.scalers ?? cluster.list('HorizontalPodAutoscaler', { namespace }),
  ])
  const targets = new Map(
    (scalers as KubeObject<'HorizontalPodAutoscaler'>[])
      .filter(({ spec }) => spec?.scaleTargetRef.kind === 'Deployment')
      .map(({ spec, metadata }) => [spec?.scaleTargetRef.name, metadata.name]),
  )
  return (
    found
      .map((object) => viewOf(object as KubeObject<'Deployment'>))
      .map((view) => ({ ...view, scaledBy: targets.get(view.ref.name) ?? null }))
      // What is not named as we name a generation is none, whatever its labels say.
      .filter(({ generation, ref }) => generation > 0 && ref.name === generationName(identity, generation))
      .sort((a, b) => a.generation - b.generation)
  )
}

const hasLabels = ({ metadata }: KubeObject, labels: Record<string, string>): boolean =>
  Object.entries(labels).every(([key, value]) => metadata.labels?.[key] === value)

const viewOf = (object: KubeObject<'Deployment'>): GenerationView => {
  const template = object.spec?.template
  const { labels = {}, annotations = {} } = object.metadata
  return {
    ref: refOf(object),
    uid: object.metadata.uid ?? '',
    generation: generationOf(labels),
    replicas: object.spec?.replicas ?? 0,
    ready: object.status?.readyReplicas ?? 0,
    gpusPerReplica: gpusOf(template?.spec?.containers),
    pool: template?.spec?.nodeSelector?.[NODE_POOL] ?? '',
    digest: annotations[DIGEST_ANNOTATION] ?? '',
    ownedBy: ownerOf(labels, annotations),
    scaledBy: null,
    object,
  }
}

const ownerOf = (labels: Record<string, string>, annotations: Record<string, string>): GenerationView['ownedBy'] => {
  if (
    annotations['argocd.argoproj.io/tracking-id'] !== undefined ||
    labels['argocd.argoproj.io/instance'] !== undefined
  )
    return 'Argo CD'
  if (labels['kustomize.toolkit.fluxcd.io/name'] !== undefined || labels['helm.toolkit.fluxcd.io/name'] !== undefined)
    return 'Flux'
  return null
}

const isLive = (object: KubeObject): boolean => {
  const phase = (object as KubeObject<'Pod'>).status?.phase
  return phase !== 'Succeeded' && phase !== 'Failed'
}

const isReady = (node: KubeObject<'Node'>): boolean =>
  node.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false

const gpusOf = (
  containers: { resources?: { limits?: Record<string, string>; requests?: Record<string, string> } }[] = [],
): number =>
  containers.reduce(
    (sum, { resources }) => sum + gpusIn(resources?.limits?.[GPU] ?? resources?.requests?.[GPU] ?? 0),
    0,
  )

/** The lane label of a pod of ours. Anybody may write it: it counts in our namespaces alone, and not where it names another ledger. */
const laneIn = (
  { metadata }: KubeObject<'Pod'>,
  { policy, identity }: Pick<Looking, 'policy' | 'identity'>,
): string => {
  const { namespace = '', labels = {} } = metadata ?? {}
  const isOurs =
    ourNamespaces(policy).includes(namespace) &&
    labels[label('installation')] === policy.installation &&
    (labels[label('ledger')] ?? identity.ledger) === identity.ledger
  return isOurs ? (labels[label('lane')] ?? '') : ''
}

/** GPUs requested in a pool, by lane label; pods that are not ours count under the empty label. */
const usedByLane = (
  pods: KubeObject[],
  pool: string,
  looking: Pick<Looking, 'policy' | 'identity'>,
): Map<string, number> => {
  const used = new Map<string, number>()
  for (const object of pods) {
    const pod = object as KubeObject<'Pod'>
    if (pod.spec?.nodeSelector?.[NODE_POOL] !== pool) continue
    const lane = laneIn(pod, looking)
    used.set(lane, (used.get(lane) ?? 0) + gpusOf(pod.spec.containers))
  }
  return used
}

const ceilingOf = (nodePool: NodePool | undefined, maxGpus: number): number => {
  const limit = nodePool?.spec?.limits?.[GPU]
  return limit === undefined ? maxGpus : Math.min(maxGpus, gpusIn(limit))
}
