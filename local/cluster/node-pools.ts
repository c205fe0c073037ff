import { GPU, type KubeObject, type NodePool, type ObjectRef } from '../../core/kube.ts'
import { countsIn, limitKey } from '../../core/pools/counts.ts'
import { gpusIn, numberIn } from '../../core/quantity.ts'
import { initializeClaim, launchClaim } from './claims.ts'
import { type NodeMemo, tidyNode } from './empty-nodes.ts'
import { isGated, keepApart, schedulerSays, whyNot } from './fitting.ts'
import { nodeOf } from './node-of-pool.ts'
import { gpusOffered, nodeGpus } from './nodes.ts'
import { bindPod, leaveWaiting } from './pods.ts'
import { firstInLine } from './priorities.ts'
import { gpusOf, isReady, isStopping, type Node, POOL_LABEL, type Pod, withCondition } from './wire.ts'
import { type World, wake } from './world.ts'

/** A node with the GPUs that are still to be had on it, and the pods that have it or are counted on it. */
interface Room {
  node: Node
  free: number
  pods: Pod[]
}

/**
 * Scheduler and Karpenter for one pool: pods onto nodes with room, new nodes below the ceiling for those that wait, empty
 * nodes away. The ceiling counts whole nodes and touches none that is there.
 */
export const reconcilePool = (world: World, { name }: ObjectRef): void => {
  const { store } = world
  const pool = store.get({ kind: 'NodePool', namespace: null, name })
  const nodes = store.list('Node', { place: name }).map((node) => comeUp(world, node))
  const rooms = nodes.flatMap((node) => (isStopping(node) ? [] : [roomOn(world, node)]))
  const waiting = [...store.list('Pod', { place: `waiting:${name}` }), ...store.list('Pod', { place: 'waiting:*' })]
  for (const pod of waiting.filter((one) => !isGated(one)).sort(firstInLine)) place(world, { pod, pool, rooms })
  for (const node of nodes) tidyNode(world, node, pool)
  if (pool !== null) showResources(world, pool)
}

/** Pools that look at one pod say it once: each would wake the others by its own words, for ever. */
const say = (world: World, pod: Pod, message: string): void => {
  const said = pod.status?.conditions?.some(
    ({ type, message: before = '' }) => type === 'PodScheduled' && before !== '',
  )
  if (pod.spec?.nodeSelector?.[POOL_LABEL] === undefined && said) return
  leaveWaiting(world, pod, message)
}

const roomOn = (world: World, node: Node): Room => {
  const { gpus, used, pods } = nodeGpus(world, node)
  return { node, free: gpus - used, pods }
}

/** A node that was on its way is ready once its time has come. */
const comeUp = (world: World, node: Node): Node => {
  const { store, due } = world
  const { readyAt } = due.memo<NodeMemo>(node.metadata.uid) ?? {}
  if (isReady(node) || readyAt === undefined || readyAt > store.now) return node
  const said = {
    type: 'Ready',
    status: 'True',
    reason: 'KubeletReady',
    message: 'kubelet is posting ready status',
  } as const
  initializeClaim(world, node)
  return store.update<'Node'>({
    ...node,
    status: { ...node.status, conditions: withCondition(node.status?.conditions, said, store.now) },
  })
}

/** Onto a node that is up; else counted on one that is coming; else a new one is launched, or the pod is told why not. */
const place = (
  world: World,
  { pod, pool, rooms }: { pod: Pod; pool: KubeObject<'NodePool'> | null; rooms: Room[] },
): void => {
  const gpus = gpusOf(pod.spec)
  const fitting = rooms.filter(
    ({ node, free, pods }) => free >= gpus && whyNot(pod, node) === null && !keepApart(pod, pods),
  )
  const room = fitting.find(({ node }) => isReady(node))
  if (room !== undefined) {
    take(room, pod)
    bindPod(world, pod, room.node.metadata.name)
    return
  }
  const says = schedulerSays(pod, rooms)
  const coming = fitting[0] ?? launchFor(world, pod, pool)
  if (typeof coming === 'string') {
    say(world, pod, `${says} ${coming}`)
    return
  }
  if (!rooms.includes(coming)) rooms.push(coming)
  take(coming, pod)
  say(world, pod, `${says} Pod should schedule on: ${coming.node.metadata.name}`)
}

const take = (room: Room, pod: Pod): void => {
  room.free -= gpusOf(pod.spec)
  room.pods.push(pod)
}

/** A new node for the pod, or why there is none. */
const launchFor = (world: World, pod: Pod, pool: KubeObject<'NodePool'> | null): Room | string => {
  const { store, due, pace } = world
  if (pool === null) return `no NodePool named ${pod.spec?.nodeSelector?.[POOL_LABEL] ?? '(any)'}`
  const { name, uid = '' } = pool.metadata
  const draft = nodeOf(pool, store.freeName('Node', null, name))
  const gpus = gpusOffered(draft.status?.allocatable)
  const why = whyNot(pod, draft)
  if (why !== null) return `incompatible with nodepool ${name}: ${why}`
  if (gpus < gpusOf(pod.spec)) return `no instance type of nodepool ${name} has ${gpusOf(pod.spec)} GPUs`
  const exceeded = exceeds(pool, store.list('Node', { place: name }), gpus)
  if (exceeded !== null) return exceeded
  const node = store.insert<'Node'>({
    ...draft,
    metadata: {
      ...draft.metadata,
      ownerReferences: [{ apiVersion: 'karpenter.sh/v1', kind: 'NodePool', name, uid, controller: true }],
    },
  })
  launchClaim(world, node)
  due.remember(node.metadata.uid, { readyAt: store.now + pace.provision } satisfies NodeMemo)
  wake(world, { kind: 'NodePool', namespace: null, name }, store.now + pace.provision)
  return { node, free: gpus, pods: [] }
}

/** Karpenter counts whole nodes against the ceiling. */
const exceeds = ({ metadata, spec }: KubeObject<'NodePool'>, nodes: Node[], gpus: number): string | null => {
  const { nodes: mostNodes, ...most } = spec?.limits ?? {}
  const mostGpus = most[offeredBy({ ...(spec && { spec }) })]
  if (mostNodes !== undefined && nodes.length + 1 > (numberIn(mostNodes) ?? 0))
    return `node limits have been exhausted for nodepool ${metadata.name}`
  if (mostGpus === undefined || totalGpus(nodes) + gpus <= gpusIn(mostGpus)) return null
  return `all available instance types exceed limits for nodepool ${metadata.name}`
}

const showResources = ({ store }: World, pool: KubeObject<'NodePool'>): void => {
  const nodes = store.list('Node', { place: pool.metadata.name })
  const resources = { [offeredBy(pool)]: String(totalGpus(nodes)), nodes: String(nodes.length) }
  store.update<'NodePool'>({ ...pool, status: { ...pool.status, resources } })
}

/** What nodes of a pool with GPUs offer. */
const offeredBy = (pool: Pick<NodePool, 'spec'>): string => {
  const key = limitKey(countsIn(pool))
  return key === 'nodes' ? GPU : key
}

const totalGpus = (nodes: Node[]): number => nodes.reduce((sum, { status }) => sum + gpusOffered(status?.capacity), 0)
