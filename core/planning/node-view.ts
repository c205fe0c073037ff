import { type KubeObject, NODE_POOL } from '../kube.ts'
import { generationOf, label, laneLabel } from '../names.ts'
import { isOverdue } from '../pods/leaving.ts'
import type { Policy } from '../policy.ts'
import { limitKey } from '../pools/counts.ts'
import { numberIn } from '../quantity.ts'
import type { HoldRow } from '../rows.ts'
import type { NodeView } from '../world.ts'
import { isOurs } from './ours.ts'
import { gpusOfPod } from './pod-gpus.ts'

/** Whose eyes look at which pool, and what lanes hold of it, by lane label. */
interface Looking {
  pool: string
  policy: Policy
  lane: string
  /** Id of the ledger that looks. */
  ledger: string
  by: ReadonlyMap<string, Pick<HoldRow, 'lasts'>>
  /** When; left out: nobody asks which pods had to have ended by then. */
  now?: number
}

interface Seen {
  pods: readonly KubeObject[]
  nodes: readonly KubeObject[]
}

/** Every node of the pool with what is on it: what cannot be read is full (law 10). */
export const nodesIn = (seen: Seen, looking: Looking): NodeView[] => {
  const { pool, policy } = looking
  const { gpusPerNode = 1, counts } = policy.pools[pool] ?? {}
  const podsBy = Map.groupBy(seen.pods as KubeObject<'Pod'>[], ({ spec }) => spec?.nodeName ?? '')
  const inPool = seen.nodes.filter(({ metadata }) => metadata.labels?.[NODE_POOL] === pool) as KubeObject<'Node'>[]
  return inPool.map((node) => ({
    gpus: counts === 'nodes' ? 1 : gpusOn(node, gpusPerNode, limitKey({ counts })),
    ...podsOn(podsBy.get(node.metadata.name) ?? [], looking),
    ...(isClosed(node) ? { closed: true as const } : {}),
  }))
}

const podsOn = (pods: readonly KubeObject<'Pod'>[], looking: Looking): Pick<NodeView, 'others' | 'passing' | 'own'> => {
  const places = pods.map((pod) => placeOf(pod, looking)).filter(({ gpus }) => gpus > 0)
  const others = places.filter(({ generation }) => generation === null)
  const passing = sum(others.filter(({ passes }) => passes))
  const mine = places.filter(({ generation, ends }) => generation !== null && !ends)
  const own = [...Map.groupBy(mine, ({ generation }) => generation ?? 0)].map(([generation, all]) => [
    generation,
    { pods: all.length, gpus: sum(all) },
  ])
  return {
    others: sum(others),
    ...(passing > 0 ? { passing } : {}),
    ...(own.length > 0 ? { own: Object.fromEntries(own) } : {}),
  }
}

interface Place {
  gpus: number
  /** Of the lane that looks; null: it is another's. */
  generation: number | null
  /** Its lane holds nothing of the pool once its Job has ended. */
  passes: boolean
  /** It was told to end. */
  ends: boolean
}

const placeOf = (pod: KubeObject<'Pod'>, { policy, lane, ledger, by, now = 0 }: Looking): Place => {
  const { labels = {}, deletionTimestamp } = pod.metadata
  const whose = isOurs(pod, policy, ledger) ? (labels[label('lane')] ?? '') : ''
  return {
    gpus: gpusOfPod(pod),
    // What its node does not end is as much in the way as another's.
    generation: whose === laneLabel(lane) && !isOverdue(pod as KubeObject<'Pod'>, now) ? generationOf(labels) : null,
    passes: by.get(whose)?.lasts === 0,
    ends: deletionTimestamp !== undefined,
  }
}

const sum = (places: readonly Pick<Place, 'gpus'>[]): number => places.reduce((total, { gpus }) => total + gpus, 0)

/** GPUs, or slices, that a node has for pods: what it says, none where that cannot be read, and before its device plugin says anything all that its type has. */
const gpusOn = ({ status }: KubeObject<'Node'>, gpusPerNode: number, resource: string): number => {
  const said = status?.allocatable?.[resource]
  return said === undefined ? gpusPerNode : Math.min(gpusPerNode, numberIn(said) ?? 0)
}

/** Whether nothing comes to a node any more: it is cordoned, being taken away, or lost. */
const isClosed = ({ metadata, spec, status }: KubeObject<'Node'>): boolean =>
  metadata.deletionTimestamp !== undefined ||
  spec?.unschedulable === true ||
  (spec?.taints ?? []).some(({ key }) => key === 'karpenter.sh/disrupted') ||
  (status?.conditions ?? []).some(({ type, status: is }) => type === 'Ready' && is === 'Unknown')
