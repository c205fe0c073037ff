import { type KubeObject, NODE_POOL } from '../kube.ts'
import { generationOf, label, laneLabel } from '../names.ts'
import { isOverdue } from '../pods/leaving.ts'
import type { Policy, PoolPolicy } from '../policy.ts'
import { wholeNodes } from '../pools/ceiling.ts'
import type { ContributionRow } from '../pools/contribution.ts'
import { leasedView, limitOf } from '../pools/node-pool.ts'
import type { HoldRow } from '../rows.ts'
import { SERVING_PRIORITY, servingClassName } from '../workloads/priority.ts'
import type { PoolView } from '../world.ts'
import { nodesIn } from './node-view.ts'
import { isOurs } from './ours.ts'
import { gpusOfPod } from './pod-gpus.ts'
import { mayTake, placesOf, sitsIn } from './sits-in.ts'

/** What is seen of the cluster, of every namespace: pods that have not ended, nodes, and pools. */
export interface SeenPools {
  pods: readonly KubeObject[]
  nodePools: readonly KubeObject[]
  nodes: readonly KubeObject[]
}

/** Which pool is counted, for whom, and what is held of it. */
export interface Counting {
  pool: string
  policy: Policy
  lane: string
  /** Id of the ledger that looks. */
  ledger: string
  /** Whether what the lane brings up, or what it grants may be for, goes before others' pods that wait. */
  ahead: boolean
  /** GPUs that pods use, as `usedByLane` says. */
  used: ReadonlyMap<string, number>
  /** What lanes hold, by lane label: of all whose pods are there at least. */
  by: ReadonlyMap<string, Pick<HoldRow, 'amount' | 'lasts'>>
  /** What is held in all, and by the lane that looks. */
  held: { total: number; own: number }
  /** Its ceiling as it is computed now; left out: the pool's own, where nothing ever moves it. */
  ceiling?: number
  /** What is leased of it; left out: its policy lets nothing be. */
  leases?: readonly ContributionRow[]
  /** When its hours next make it higher; left out: they do not. */
  rises?: { at: number; gpus: number }
  /** Why a rung of the budget lets it go no higher; left out: none caps it. */
  capped?: string
  /** When it is looked at; left out: nobody asks which pods had to have ended by then. */
  now?: number
}

/**
 * A pool as a lane sees it. Each other lane of ours counts with its hold or its use, whichever is more, so that no GPU counts
 * twice; everything else in the pool counts as it is used (law 10).
 */
export const poolView = (seen: SeenPools, counting: Counting): PoolView => {
  const { pool, policy, lane, ledger, used, by, held, ahead } = counting
  const { gpusPerNode = 1 } = policy.pools[pool] ?? {}
  const mine = seen.nodes.filter((node) => node.metadata.labels?.[NODE_POOL] === pool)
  const up = mine.filter((node) => 'status' in node && isReady(node as KubeObject<'Node'>)).length * gpusPerNode
  const beyondHolds = [...used]
    .filter(([key]) => key !== laneLabel(lane))
    .reduce((sum, [key, gpus]) => sum + Math.max(0, gpus - (by.get(key)?.amount ?? 0)), 0)
  const passing = [...by]
    .filter(([key]) => key !== laneLabel(lane))
    .reduce((sum, [, { amount, lasts = amount }]) => sum + amount - lasts, 0)
  const stuck = stuckIn(seen, pool, counting)
  const behind = ahead ? behindIn(seen, pool, counting) : 0
  return {
    pool,
    ceiling: ceilingOf(seen, pool, { rule: policy.pools[pool], ceiling: counting.ceiling }),
    ...(counting.leases === undefined ? {} : leasedView(seen.nodePools, { ...counting, leases: counting.leases })),
    ...(counting.rises === undefined ? {} : { rises: counting.rises }),
    ...(counting.capped === undefined ? {} : { capped: counting.capped }),
    used: [...used.values()].reduce((sum, gpus) => sum + gpus, 0),
    usedByLane: used.get(laneLabel(lane)) ?? 0,
    ...(stuck > 0 ? { stuck } : {}),
    heldByOthers: held.total - held.own + beyondHolds,
    beyondHolds,
    ...(passing > 0 ? { passing } : {}),
    ...(behind > 0 ? { behind } : {}),
    provisioned: up,
    provisioning: mine.length * gpusPerNode - up,
    ...onNodes(seen, { pool, policy, lane, ledger }),
    nodes: nodesIn(seen, counting),
  }
}

/** Which nodes go on without the lane, with what room for it, and which are there for it alone. */
const onNodes = (
  { pods, nodes }: SeenPools,
  { pool, policy, lane, ledger }: Pick<Counting, 'pool' | 'policy' | 'lane' | 'ledger'>,
): Pick<PoolView, 'besides' | 'alone'> => {
  const { gpusPerNode = 1 } = policy.pools[pool] ?? {}
  const inPool = nodes.filter(({ metadata }) => metadata.labels?.[NODE_POOL] === pool)
  const names = new Set(inPool.map(({ metadata }) => metadata.name))
  const places = (pods as KubeObject<'Pod'>[]).flatMap((pod) => {
    const { labels = {} } = pod.metadata
    const [node, gpus] = [pod.spec?.nodeName ?? '', gpusOfPod(pod)]
    if (gpus === 0 || !names.has(node)) return []
    const isOwn = isOurs(pod, policy, ledger) && labels[label('lane')] === laneLabel(lane)
    return [{ node, gpus, of: isOwn ? generationOf(labels) : null }]
  })
  const byNode = [...Map.groupBy(places, ({ node }) => node).values()]
  const others = byNode.map((there) => there.reduce((sum, { gpus, of }) => sum + (of === null ? gpus : 0), 0))
  const besides = others.filter((gpus) => gpus > 0).map((gpus) => Math.max(0, gpusPerNode - gpus))
  const alone: Record<number, number> = {}
  for (const there of byNode) {
    const own = there.flatMap(({ of }) => of ?? [])
    // Of several generations the oldest, which was judged, leaves last.
    const last = Math.min(...own)
    if (own.length > 0 && own.length === there.length) alone[last] = (alone[last] ?? 0) + 1
  }
  return {
    ...(besides.length === 0 ? {} : { besides: besides.sort((a, b) => a - b) }),
    ...(places.some(({ of }) => of !== null) ? { alone } : {}),
  }
}

const isReady = (node: KubeObject<'Node'>): boolean =>
  node.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false

/**
 * The ceiling that is computed, or the limit of its NodePool where that is lower: nothing more can start before that is raised. In whole
 * nodes: Karpenter starts no other.
 */
const ceilingOf = (
  { nodePools }: SeenPools,
  pool: string,
  { rule, ceiling }: { rule: PoolPolicy | undefined; ceiling: number | undefined },
): number => {
  const { maxGpus = 0, gpusPerNode = 1 } = rule ?? {}
  const found = nodePools.find(({ metadata }) => metadata.name === pool) as KubeObject<'NodePool'> | undefined
  const limit = (found && limitOf(found, rule)) ?? Number.POSITIVE_INFINITY
  return wholeNodes(Math.min(ceiling ?? maxGpus, limit), { gpusPerNode })
}

/**
 * GPUs in a pool, by lane label; pods that are not ours count under the empty label, whatever they say of themselves. A server of ours that waits
 * has none yet, and its lane holds those that it will have.
 */
export const usedByLane = (
  seen: SeenPools,
  pool: string,
  { policy, ledger }: Pick<Counting, 'policy' | 'ledger'>,
): Map<string, number> => {
  const used = new Map<string, number>()
  const places = placesOf(seen, pool, policy)
  for (const object of seen.pods) {
    const pod = object as KubeObject<'Pod'>
    const gpus = gpusOfPod(pod)
    if (gpus === 0) continue
    const isOwn = isOurs(pod, policy, ledger)
    if (isOwn ? !sitsIn(pod, places) || isServerWaiting(pod, policy) : !mayTake(pod, places)) continue
    const lane = isOwn ? (pod.metadata.labels?.[label('lane')] ?? '') : ''
    used.set(lane, (used.get(lane) ?? 0) + gpus)
  }
  return used
}

/** GPUs of the lane's own pods that their nodes do not end. */
const stuckIn = (
  seen: SeenPools,
  pool: string,
  { policy, ledger, lane, now = 0 }: Pick<Counting, 'policy' | 'ledger' | 'lane' | 'now'>,
): number => {
  const places = placesOf(seen, pool, policy)
  return (seen.pods as KubeObject<'Pod'>[])
    .filter((pod) => isOverdue(pod, now) && isOurs(pod, policy, ledger) && sitsIn(pod, places))
    .filter(({ metadata: { labels = {} } }) => labels[label('lane')] === laneLabel(lane))
    .reduce((sum, pod) => sum + gpusOfPod(pod), 0)
}

/** GPUs for which others' pods wait, behind those of a server. */
const behindIn = (seen: SeenPools, pool: string, { policy, ledger }: Pick<Counting, 'policy' | 'ledger'>): number => {
  const places = placesOf(seen, pool, policy)
  return (seen.pods as KubeObject<'Pod'>[])
    .filter((pod) => isBehind(pod) && !isOurs(pod, policy, ledger))
    .filter((pod) => mayTake(pod, places))
    .reduce((sum, pod) => sum + gpusOfPod(pod), 0)
}

const isServerWaiting = ({ spec }: KubeObject<'Pod'>, policy: Policy): boolean =>
  spec?.nodeName === undefined && spec?.priorityClassName === servingClassName(policy)

const isBehind = ({ spec }: KubeObject<'Pod'>): boolean =>
  spec?.nodeName === undefined && (spec?.priority ?? 0) < SERVING_PRIORITY
