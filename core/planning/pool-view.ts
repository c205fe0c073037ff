import type { V1Affinity, V1Pod, V1Toleration } from '@kubernetes/client-node'
import { INSTANCE_TYPE, type KubeObject, NODE_POOL, type NodePool } from '../kube.ts'
import { generationOf, label, laneLabel } from '../names.ts'
import { typesOf } from '../policy/pools.ts'
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
  const behind = ahead ? behindIn(seen, pool, counting) : 0
  return {
    pool,
    ceiling: ceilingOf(seen, pool, { rule: policy.pools[pool], ceiling: counting.ceiling }),
    ...(counting.leases === undefined ? {} : leasedView(seen.nodePools, { ...counting, leases: counting.leases })),
    ...(counting.rises === undefined ? {} : { rises: counting.rises }),
    ...(counting.capped === undefined ? {} : { capped: counting.capped }),
    used: [...used.values()].reduce((sum, gpus) => sum + gpus, 0),
    usedByLane: used.get(laneLabel(lane)) ?? 0,
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
  const limit = (found && limitOf(found)) ?? Number.POSITIVE_INFINITY
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
  const poolOf = new Map(seen.nodes.map(({ metadata }) => [metadata.name, metadata.labels?.[NODE_POOL] ?? '']))
  for (const object of seen.pods) {
    const pod = object as KubeObject<'Pod'>
    const gpus = gpusOfPod(pod)
    if (gpus === 0 || !sitsIn(pod, { pool, policy, poolOf, seen })) continue
    const isOwn = isOurs(pod, policy, ledger)
    if (isOwn && isServerWaiting(pod, policy)) continue
    const lane = isOwn ? (pod.metadata.labels?.[label('lane')] ?? '') : ''
    used.set(lane, (used.get(lane) ?? 0) + gpus)
  }
  return used
}

/** GPUs for which others' pods wait, behind those of a server. */
const behindIn = (seen: SeenPools, pool: string, { policy, ledger }: Pick<Counting, 'policy' | 'ledger'>): number =>
  (seen.pods as KubeObject<'Pod'>[])
    .filter((pod) => isBehind(pod) && !isOurs(pod, policy, ledger))
    .filter((pod) => sitsIn(pod, { pool, policy, poolOf: NOWHERE, seen }))
    .reduce((sum, pod) => sum + gpusOfPod(pod), 0)

/** No pod that waits has a node. */
const NOWHERE: ReadonlyMap<string, string> = new Map()

const isServerWaiting = ({ spec }: KubeObject<'Pod'>, policy: Policy): boolean =>
  spec?.nodeName === undefined && spec?.priorityClassName === servingClassName(policy)

const isBehind = ({ spec }: KubeObject<'Pod'>): boolean =>
  spec?.nodeName === undefined && (spec?.priority ?? 0) < SERVING_PRIORITY

interface Where {
  pool: string
  policy: Policy
  poolOf: ReadonlyMap<string, string>
  seen: SeenPools
}

/** Where a pod's GPUs are: on its node; before it has one, wherever its selector, its affinity or its tolerations let it go. */
const sitsIn = ({ spec }: V1Pod, { pool, policy, poolOf, seen }: Where): boolean => {
  const node = spec?.nodeName === undefined ? undefined : poolOf.get(spec.nodeName)
  if (node !== undefined && node !== '') return node === pool
  // On a node of nobody's pool it takes none of a pool, whatever it would tolerate; one of the pool may have lost its label.
  if (node === '') return spec?.nodeSelector?.[NODE_POOL] === pool
  const rule = policy.pools[pool]
  const labels: Values = { [NODE_POOL]: [pool], [INSTANCE_TYPE]: rule === undefined ? [] : typesOf(rule) }
  const known = Object.entries(labels)
  const selector = spec?.nodeSelector ?? {}
  if (known.some(([key, values]) => selector[key] !== undefined && !values.includes(selector[key]))) return false
  if (known.some(([key, values]) => values.includes(selector[key] ?? ''))) return true
  const affinity = byAffinity(spec?.affinity, labels)
  if (affinity !== null) return affinity
  // Nothing names a pool: it goes wherever it is let in.
  const found = seen.nodePools.find(({ metadata }) => metadata.name === pool) as NodePool | undefined
  return (found?.spec?.template?.spec?.taints ?? []).every((taint) => tolerates(spec?.tolerations ?? [], taint))
}

/** What nodes of a pool may have of a label: one of them has one. */
type Values = Record<string, readonly string[]>

/** Whether its required affinity lets it go where these labels are; null: it says nothing of them. */
const byAffinity = (affinity: V1Affinity | undefined, labels: Values): boolean | null => {
  const terms = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? []
  const named = terms.map(({ matchExpressions = [] }) =>
    matchExpressions.filter(({ key }) => labels[key] !== undefined),
  )
  if (named.every((expressions) => expressions.length === 0)) return null
  return named.some((expressions) =>
    expressions.every(({ key, operator, values = [] }) => {
      const has = labels[key] ?? []
      if (operator === 'In') return has.some((one) => values.includes(one))
      return operator === 'NotIn' ? has.some((one) => !values.includes(one)) : operator !== 'DoesNotExist'
    }),
  )
}

/** Whether a pod with these tolerations may be where this taint is. */
export const tolerates = (
  tolerations: readonly V1Toleration[],
  taint: { key: string; value?: string; effect: string },
): boolean =>
  taint.effect === 'PreferNoSchedule' ||
  tolerations.some(({ key, operator, value, effect }) => {
    if (effect !== undefined && effect !== '' && effect !== taint.effect) return false
    if (operator === 'Exists') return key === undefined || key === '' || key === taint.key
    return key === taint.key && (value ?? '') === (taint.value ?? '')
  })
