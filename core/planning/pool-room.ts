import type { PoolPolicy } from '../policy.ts'
import { amountText, type Counts, unitsOf } from '../pools/counts.ts'
import { own } from '../record.ts'
import { counted, minuteText } from '../text.ts'
import type { World } from '../world.ts'

/** What a stage asks for of a pool: so much of each of so many nodes. */
interface Asked {
  stage: string
  poolName: string
  pool: PoolPolicy
  perNode: number
  nodes: number
}

/** Why these GPUs could not run even in an empty pool; null when they could. Karpenter starts whole nodes. */
export const whyTooSmall = ({ stage, poolName, pool, perNode, nodes }: Asked, world: World): string | null => {
  const ceiling = ceilingOf(poolName, pool, world)
  if (perNode > pool.gpusPerNode)
    return `\`${stage}\` asks for ${perNode} GPUs and a node of ${poolName} has ${pool.gpusPerNode}: say how many \`nodes\` of them it runs on`
  if (nodes > 1 && perNode < pool.gpusPerNode)
    return `\`${stage}\` runs on ${nodes} whole nodes and asks for ${perNode} GPUs of each, and one of ${poolName} has ${pool.gpusPerNode}: say \`gpus: ${pool.gpusPerNode}\``
  const gpus = nodes * perNode
  if (gpus > ceiling)
    return `\`${stage}\` asks for ${nodes > 1 ? usedText({ nodes, gpus }) : asksText(gpus, pool)} and the ceiling of ${poolName} is ${ceiling}${risesText(poolName, world)}`
  const view = own(world.pools, poolName)
  const there = (view?.provisioned ?? 0) + (view?.provisioning ?? 0)
  if (there === 0 && ceiling < pool.gpusPerNode)
    return `the ceiling of ${poolName} is ${ceiling} ${unitsOf(pool)}, less than one node of ${pool.gpusPerNode}: no node can start${risesText(poolName, world)}`
  return null
}

/** `1 GPUs`, as earlier releases said it too. */
const asksText = (gpus: number, { counts }: PoolPolicy): string =>
  counts === undefined ? `${gpus} GPUs` : amountText(gpus, { counts })

/** `8 GPUs`; of a gang `4 nodes of 8 GPUs`; of a stage without GPUs `1 node`. */
export const usedText = ({ nodes, gpus, counts }: { nodes: number; gpus: number } & Counts): string =>
  nodes === 1 ? amountText(gpus, { counts }) : `${nodes} nodes of ${counted(gpus / nodes, 'GPU')}`

/** What is waited for, where a rung of the budget caps the pool, or its hours make it higher by themselves. */
const risesText = (name: string, { pools }: World): string => {
  const { rises, capped } = own(pools, name) ?? {}
  if (capped !== undefined) return `; ${capped}`
  return rises === undefined ? '' : `; its hours make it ${rises.gpus} at ${minuteText(rises.at)}`
}

export const ceilingOf = (name: string, { maxGpus }: PoolPolicy, { pools }: World): number =>
  own(pools, name)?.ceiling ?? maxGpus
