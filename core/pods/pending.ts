import type { V1Pod } from '@kubernetes/client-node'
import { isLeaving, NODE_POOL, type NodePool } from '../kube.ts'
import { gpusOfPod } from '../planning/pod-gpus.ts'
import { tolerates } from '../planning/sits-in.ts'
import { countsIn, limitKey, unitsOf } from '../pools/counts.ts'
import { gpusIn, numberIn } from '../quantity.ts'
import { said } from '../text.ts'
import type { Around } from './around.ts'
import { comingOf, failedLaunch } from './launching.ts'
import { firstSaid } from './logs.ts'
import { isOfKarpenter, lastTold } from './telling.ts'

/**
 * Whose it is that a pod has no node. `gate`: whoever keeps it from the scheduler. `reference`, `taint`, `pool`: somebody's configuration.
 * `limit`: the ceiling of its pool. `quota`, `capacity`: AWS. `node`: one is on its way. `unready`: one has come, and is of no use. `room`: others use what there is.
 */
export type PendingOn =
  | 'gate'
  | 'reference'
  | 'taint'
  | 'pool'
  | 'limit'
  | 'quota'
  | 'capacity'
  | 'node'
  | 'unready'
  | 'room'

/** Why a pod has no node, for a person. */
export interface Pending {
  on: PendingOn
  note: string
  /** When what keeps it was last written, as far as that is dated, milliseconds; left out: nobody knows. */
  since?: number
}

/** Why no node takes it: what its scheduler says, told apart by what stands around; null: it is scheduled, or nobody has tried. */
export const pendingOf = (pod: V1Pod, around: Around, now: number): Pending | null => {
  const unscheduled = unscheduledIn(pod)
  if (unscheduled === undefined) return null
  const { reason, message } = unscheduled
  if (reason === 'SchedulingGated') return gated(pod)
  if (NO_CLAIM.test(message ?? ''))
    return { on: 'reference', note: `${firstSaid(message)}: make it, or take it out of the policy` }
  const found = inPool(pod, around, now)
  return found ?? { on: 'room', note: firstSaid(message, reason) ?? 'not scheduled yet' }
}

const unscheduledIn = ({ status }: V1Pod) =>
  status?.conditions?.find(({ type, status: is }) => type === 'PodScheduled' && is === 'False')

/** Whether its scheduler has found no node for it. */
export const isUnscheduled = (pod: V1Pod): boolean => unscheduledIn(pod) !== undefined

/** What the scheduler says of a volume that is not there (`plugins/volumebinding` of Kubernetes 1.36). */
const NO_CLAIM = /persistentvolumeclaim "[^"]*" (?:not found|bound to non-existent|is being deleted)/

const gated = ({ spec }: V1Pod): Pending => ({
  on: 'gate',
  note: `the scheduler leaves it alone until ${(spec?.schedulingGates ?? []).map(({ name }) => name).join(', ') || 'its gate'} is taken away`,
})

/** What is known of the pool that it asks for: that of the pool itself first, which only its administrators write. */
const inPool = (pod: V1Pod, around: Around, now: number): Pending | null => {
  const name = pod.spec?.nodeSelector?.[NODE_POOL]
  if (name === undefined) return null
  const pool = around.pools.find(({ metadata }) => metadata?.name === name)
  return (
    (pool === undefined ? null : (tainted(pod, pool) ?? unusable(name, pool))) ??
    comingOf(name, around, now) ??
    (pool === undefined ? null : atLimit(pod, pool, around)) ??
    failedLaunch(name, around, now) ??
    fromKarpenter(pod, name, around)
  )
}

/** Every node of the pool would have the taint: no node that comes takes it. */
const tainted = ({ spec }: V1Pod, { metadata, spec: pool }: NodePool): Pending | null => {
  const taint = (pool?.template?.spec?.taints ?? []).find((one) => !tolerates(spec?.tolerations ?? [], one))
  if (taint === undefined) return null
  const { key, value, effect } = taint
  const written = (metadata?.managedFields ?? [])
    .filter(({ subresource }) => subresource === undefined || subresource === '')
    .map(({ time }) => new Date(time ?? Number.NaN).getTime())
    .filter((at) => !Number.isNaN(at))
  return {
    on: 'taint',
    note: `nodes of ${metadata?.name} are tainted ${key}${value === undefined || value === '' ? '' : `=${value}`}:${effect}, which it does not tolerate: take that taint away, or tolerate it in its pod`,
    since: Math.max(0, ...written),
  }
}

/** Karpenter starts nothing of a pool that is deleted, or not ready itself. */
const unusable = (name: string, pool: NodePool): Pending | null => {
  if (isLeaving({ metadata: pool.metadata ?? {} }))
    return { on: 'pool', note: `somebody deletes the NodePool ${name}: make it again by signalbox bootstrap` }
  const unready = (pool.status?.conditions ?? []).filter(({ status }) => status === 'False')
  if (unready.every(({ type }) => type !== 'Ready')) return null
  // Of what it is made of, one says why; that it is not ready repeats only that.
  const { message, reason } = unready.find(({ type }) => type !== 'Ready') ?? unready[0] ?? {}
  return { on: 'pool', note: `Karpenter does not use the NodePool ${name}: ${firstSaid(message, reason)}` }
}

/** What it has counts nodes that are on their way: without those that are, nobody knows for whom. */
const atLimit = (pod: V1Pod, { metadata, spec: pool, status }: NodePool, { claims }: Around): Pending | null => {
  const counts = countsIn({ ...(pool === undefined ? {} : { spec: pool }) })
  const [asks, limit] = [gpusOfPod(pod), numberIn(pool?.limits?.[limitKey(counts)] ?? Number.NaN)]
  const there = gpusIn(status?.resources?.[limitKey(counts)] ?? 0)
  if (asks === 0 || limit === null || there + asks <= limit || (claims === null && there > 0)) return null
  return {
    on: 'limit',
    note: limitNote(metadata?.name ?? '', `${there} of ${limit} ${unitsOf(counts)} stand, and it asks for ${asks}`),
  }
}

const limitNote = (pool: string, why: string): string =>
  `${pool} is at its ceiling (${why}): it goes on when others end, or the ceiling is raised`

/** What Karpenter says of a pool whose limit the smallest of its nodes would exceed (`scheduling/scheduler.go` of Karpenter 1.14). */
const EXCEEDS =
  /(?:all available instance types exceed limits|node limits have been exhausted) for nodepool \(NodePool=([^)]*)\)/g

const TOLD: ReadonlySet<string> = new Set(['FailedScheduling', 'Nominated'])

/** What Karpenter tells of the pod itself; it says of each pool why not, and names the pool of a limit alone. */
const fromKarpenter = (pod: V1Pod, pool: string, { events }: Around): Pending | null => {
  const event = lastTold(events.filter(isOfKarpenter), pod.metadata?.uid, TOLD)
  if (event === null) return null
  const { reason, message = '' } = event
  if (reason === 'Nominated') return { on: 'node', note: 'Karpenter has a node on its way for it' }
  if ([...message.matchAll(EXCEEDS)].some(([, name]) => name === pool))
    return { on: 'limit', note: limitNote(pool, 'one more node would exceed it, Karpenter says') }
  return {
    on: 'room',
    note: `Karpenter starts no node for it: ${said(message.replace(/^Failed to schedule pod, /, ''), 200)}`,
  }
}
