import { nodeGpus } from './nodes.ts'
import { INSTANCE_TYPE_LABEL, isReady, isStopping, type Node, POOL_LABEL } from './wire.ts'
import type { World } from './world.ts'

/** A node for the page. */
export interface NodeView {
  name: string
  /** Null for the node of pods without GPUs. */
  pool: string | null
  instanceType: string
  state: 'provisioning' | 'ready' | 'leaving'
  gpus: number
  used: number
  pods: string[]
}

/** As it stands now. */
export const viewOf = (world: World, node: Node): NodeView => {
  const { gpus, used, pods } = nodeGpus(world, node)
  const { name, labels = {} } = node.metadata
  return {
    name,
    pool: labels[POOL_LABEL] ?? null,
    instanceType: labels[INSTANCE_TYPE_LABEL] ?? '',
    state: isStopping(node) ? 'leaving' : isReady(node) ? 'ready' : 'provisioning',
    gpus,
    used,
    pods: pods.map(({ metadata }) => metadata.name),
  }
}
