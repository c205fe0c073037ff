import { refOf } from '../../core/kube.ts'
import { isOfGpus } from '../../core/pools/counts.ts'
import { numberIn } from '../../core/quantity.ts'
import { terminateClaim } from './claims.ts'
import { memoOf, type OwnerMemo, type PodMemo } from './pods.ts'
import { gpusOf, INSTANCE_TYPE_LABEL, type Node, type Pod, withCondition } from './wire.ts'
import { type World, wake } from './world.ts'

/** The node for pods that need no GPU: always there, never full. */
export const CPU_NODE = 'cpu-0'
/** Kubernetes clears the pods of a node that is gone after this. Milliseconds. */
const CLEARING = 60_000

export const cpuNode = (): Node => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: CPU_NODE, labels: { [INSTANCE_TYPE_LABEL]: 'm7i.4xlarge' } },
  status: { capacity: { cpu: '16' }, allocatable: { cpu: '16' }, conditions: [{ type: 'Ready', status: 'True' }] },
})

/** The node is gone, and with it what ran there: its pods failed by a disruption and are cleared away soon. */
export const loseNode = (world: World, node: Node): void => {
  const { store, due } = world
  const { name } = node.metadata
  store.remove(node)
  terminateClaim(world, node)
  due.forget(node.metadata.uid)
  for (const pod of store.list('Pod', { place: `on:${name}` })) losePod(world, pod)
  for (const pod of store.list('Pod', { place: `ended:${name}` })) {
    due.remember(pod.metadata.uid, { ...memoOf(world, pod), clearAt: store.now + CLEARING } satisfies PodMemo)
    wake(world, refOf(pod), store.now + CLEARING)
  }
}

const losePod = ({ store, due }: World, pod: Pod): void => {
  const owner = pod.metadata.ownerReferences?.[0]?.uid
  if (owner !== undefined) due.remember(owner, { ...due.memo<OwnerMemo>(owner), lost: true })
  const message = 'PodGC: node no longer exists'
  const target = { type: 'DisruptionTarget', status: 'True', reason: 'DeletionByPodGC', message } as const
  const lost = withCondition(pod.status?.conditions, target, store.now)
  const conditions = withCondition(lost, { type: 'Ready', status: 'False', reason: 'PodFailed' }, store.now)
  store.update<'Pod'>({ ...pod, status: { ...pod.status, phase: 'Failed', conditions } })
}

/** GPUs of a node, and how many of them pods have. */
export const nodeGpus = ({ store }: World, { metadata, status }: Node): { gpus: number; used: number; pods: Pod[] } => {
  const pods = store.list('Pod', { place: `on:${metadata.name}` })
  const used = pods.reduce((sum, { spec }) => sum + gpusOf(spec), 0)
  return { gpus: gpusOffered(status?.allocatable), used, pods }
}

/** GPUs that a node says it has, or slices of them: of what cannot be read, none. */
export const gpusOffered = (resources: Record<string, string> = {}): number =>
  Object.entries(resources).reduce(
    (sum, [key, amount]) => sum + (isOfGpus(key) ? Math.floor(numberIn(amount) ?? 0) : 0),
    0,
  )
