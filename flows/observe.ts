import { GPU, type KubeObject, type NodePool, refOf } from '../core/kube.ts'
import { generationOf, label, laneLabel, laneLabels } from '../core/names.ts'
import { identityOf } from '../core/planning/plan-for.ts'
import type { Policy } from '../core/policy.ts'
import type { PoolRow } from '../core/rows.ts'
import { DIGEST_ANNOTATION } from '../core/workloads/object-digest.ts'
import type { GenerationView, PoolView, World } from '../core/world.ts'
import type { Ports, Stored } from './ports.ts'

/** Karpenter's label on nodes, and the selector of our pods. */
const NODE_POOL = 'karpenter.sh/nodepool'

/** What planning sees, with the revisions that a hold must name. */
export interface Observed {
  world: World
  pools: Map<string, Stored<'pool'> | null>
  budget: Stored<'budget'> | null
}

/** The month that money is counted in, in UTC: `2026-11`. */
export const monthOf = (now: number): string => new Date(now).toISOString().slice(0, 7)

/** What of the cluster every lane sees alike. */
export interface Seen {
  pods: KubeObject[]
  nodePools: KubeObject[]
  nodes: KubeObject[]
}

/** Reads the cluster's cache. */
export const seeCluster = async ({ cluster }: Pick<Ports, 'cluster'>): Promise<Seen> => {
  const kinds = ['Pod', 'NodePool', 'Node'] as const
  const [pods = [], nodePools = [], nodes = []] = await Promise.all(kinds.map((kind) => cluster.list(kind)))
  return { pods: pods.filter(isLive), nodePools, nodes }
}

/** The cluster and the holds, as one lane sees them. */
export const observe = async (
  ports: Pick<Ports, 'cluster' | 'ledger' | 'clock'>,
  policy: Policy,
  lane: string,
  seen?: Seen,
): Promise<Observed> => {
  const { pods, nodePools, nodes } = seen ?? (await seeCluster(ports))
  const rows = new Map<string, Stored<'pool'> | null>()
  const pools: Record<string, PoolView> = {}
  for (const [pool, { maxGpus, gpusPerNode }] of Object.entries(policy.pools)) {
    const row = await ports.ledger.read('pool', pool)
    rows.set(pool, row)
    const mine = nodes.filter((node) => node.metadata.labels?.[NODE_POOL] === pool)
    const up = mine.filter((node) => 'status' in node && isReady(node as KubeObject<'Node'>)).length * gpusPerNode
    const used = usedByLane(pods, pool)
    pools[pool] = {
      pool,
      ceiling: ceilingOf(nodePools.find(({ metadata }) => metadata.name === pool) as NodePool | undefined, maxGpus),
      used: [...used.values()].reduce((sum, gpus) => sum + gpus, 0),
      usedByLane: used.get(laneLabel(lane)) ?? 0,
      heldByOthers: heldByOthers(row?.value ?? null, used, lane),
      provisioned: up,
      provisioning: mine.length * gpusPerNode - up,
    }
  }
  const budget = await ports.ledger.read('budget', policy.budget.name)
  return {
    pools: rows,
    budget,
    world: {
      pools,
      dollars: dollarsOf(budget, ports.clock.now(), lane),
      generations: await withAutoscalers(ports, policy, await generationsOf(ports, policy, lane)),
    },
  }
}

/** The Deployments of a lane, the lowest generation first. */
export const generationsOf = async (
  { cluster }: Pick<Ports, 'cluster'>,
  policy: Policy,
  lane: string,
): Promise<GenerationView[]> => {
  if (!lane.startsWith('serve/')) return []
  const found = await cluster.list('Deployment', {
    namespace: policy.namespaces.serving,
    labels: laneLabels(identityOf(policy), lane),
  })
  return found
    .map((object) => viewOf(object as KubeObject<'Deployment'>))
    .filter(({ generation }) => generation > 0)
    .sort((a, b) => a.generation - b.generation)
}

/** Who scales them beside us. Nothing stands: nobody is asked. */
const withAutoscalers = async (
  { cluster }: Pick<Ports, 'cluster'>,
  policy: Policy,
  generations: GenerationView[],
): Promise<GenerationView[]> => {
  if (generations.length === 0) return []
  const found = await cluster.list('HorizontalPodAutoscaler', { namespace: policy.namespaces.serving })
  const targets = new Map(
    (found as KubeObject<'HorizontalPodAutoscaler'>[])
      .filter(({ spec }) => spec?.scaleTargetRef.kind === 'Deployment')
      .map(({ spec, metadata }) => [spec?.scaleTargetRef.name, metadata.name]),
  )
  return generations.map((view) => ({ ...view, scaledBy: targets.get(view.ref.name) ?? null }))
}

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
    (sum, { resources }) => sum + Number(resources?.limits?.[GPU] ?? resources?.requests?.[GPU] ?? 0),
    0,
  )

/** GPUs requested in a pool, by lane label; pods that are not ours count under the empty label. */
const usedByLane = (pods: KubeObject[], pool: string): Map<string, number> => {
  const used = new Map<string, number>()
  for (const object of pods) {
    const pod = object as KubeObject<'Pod'>
    if (pod.spec?.nodeSelector?.[NODE_POOL] !== pool) continue
    const lane = pod.metadata?.labels?.[label('lane')] ?? ''
    used.set(lane, (used.get(lane) ?? 0) + gpusOf(pod.spec.containers))
  }
  return used
}

/** Sum over the other lanes of max(hold, actual use) (law 8). */
const heldByOthers = (row: PoolRow | null, used: Map<string, number>, lane: string): number => {
  const held = new Map<string, number>()
  for (const hold of Object.values(row?.holds ?? {})) {
    const key = laneLabel(hold.lane)
    held.set(key, Math.max(held.get(key) ?? 0, hold.gpus))
  }
  const others = new Set([...held.keys(), ...used.keys()])
  others.delete(laneLabel(lane))
  return [...others].reduce((sum, key) => sum + Math.max(held.get(key) ?? 0, used.get(key) ?? 0), 0)
}

const ceilingOf = (nodePool: NodePool | undefined, maxGpus: number): number => {
  const limit = nodePool?.spec?.limits?.[GPU]
  return limit === undefined ? maxGpus : Math.min(maxGpus, Number(limit))
}

const dollarsOf = (budget: Stored<'budget'> | null, now: number, lane: string): World['dollars'] => ({
  spent: budget?.value.spent[monthOf(now)] ?? 0,
  held: Object.values(budget?.value.holds ?? {})
    .filter((hold) => hold.lane !== lane)
    .reduce((sum, { dollars }) => sum + dollars, 0),
})
