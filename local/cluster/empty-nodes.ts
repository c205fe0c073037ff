import { DO_NOT_DISRUPT, type KubeObject, type ObjectRef } from '../../core/kube.ts'
import { loseNode, nodeGpus } from './nodes.ts'
import { deletePod } from './pods.ts'
import { isReady, isStopping, type Node, POOL_LABEL, wireTime } from './wire.ts'
import { type World, wake } from './world.ts'

const DURATIONS: Record<string, number> = { s: 1000, m: 60_000, h: 3_600_000 }

/** When a node will be up, and since when it has been empty. */
export interface NodeMemo {
  readyAt?: number
  emptySince?: number
}

/** An empty node goes when it has been empty long enough, at once when it is to go. */
export const tidyNode = (world: World, node: Node, pool: KubeObject<'NodePool'> | null): void => {
  const { store, due } = world
  const memo = due.memo<NodeMemo>(node.metadata.uid) ?? {}
  const { pods } = nodeGpus(world, node)
  if (!isReady(node) && !isStopping(node)) {
    if (memo.readyAt !== undefined) wake(world, poolRef(node), memo.readyAt)
    return
  }
  const emptySince = pods.length > 0 ? undefined : (memo.emptySince ?? store.now)
  due.remember(node.metadata.uid, { ...memo, emptySince } satisfies NodeMemo)
  const after = isStopping(node) ? 0 : consolidateAfter(pool, world.pace.consolidate)
  if (after === null || emptySince === undefined) return
  if (emptySince + after > store.now) wake(world, poolRef(node), emptySince + after)
  else loseNode(world, node)
}

const poolRef = ({ metadata }: Node): ObjectRef => ({
  kind: 'NodePool',
  namespace: null,
  name: metadata.labels?.[POOL_LABEL] ?? '',
})

const consolidateAfter = (pool: KubeObject<'NodePool'> | null, usual: number): number | null => {
  const said = pool?.spec?.disruption?.['consolidateAfter']
  if (said === 'Never') return null
  const parts = typeof said === 'string' ? [...said.matchAll(/(\d+)([smh])/g)] : []
  if (parts.length === 0) return usual
  return parts.reduce((sum, [, count, unit]) => sum + Number(count) * (DURATIONS[unit ?? ''] ?? 0), 0)
}

/** Karpenter drains a node that is to go: no new pods, and those go that may be disturbed. */
export const drainNode = (world: World, node: Node): void => {
  const { store } = world
  if (isStopping(node)) return
  const disrupted = { key: 'karpenter.sh/disrupted', effect: 'NoSchedule' }
  for (const pod of nodeGpus(world, node).pods)
    if (pod.metadata.annotations?.[DO_NOT_DISRUPT] !== 'true') deletePod(world, pod)
  store.update<'Node'>({
    ...node,
    metadata: { ...node.metadata, deletionTimestamp: wireTime(store.now) },
    spec: { ...node.spec, taints: [...(node.spec?.taints ?? []), disrupted] },
  })
}
