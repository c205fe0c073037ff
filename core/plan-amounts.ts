import type { Plan, Price, Range } from './plan.ts'
import type { Counts } from './pools/counts.ts'

/** What a plan may occupy, as it is told: GPUs by pool, and nodes of pools without any; of a lease, which it lets others. */
export const amountsOf = ({ bounds, effects, desired }: Told): [name: 'GPUs' | 'Nodes', text: string][] => {
  const pools = Object.entries(bounds.gpus).sort(([a], [b]) => (a < b ? -1 : 1))
  const isOfNodes = (pool: string): boolean => bounds.nodes?.[pool]?.counts !== undefined
  const textOf = (some: typeof pools): string[] => some.map(([pool, count]) => `${pool} ≤ ${count}`)
  const { leases = [] } = effects
  const ofNodes = (desired as Counts | undefined)?.counts !== undefined
  const gpus = [...textOf(pools.filter(([pool]) => !isOfNodes(pool))), ...(ofNodes ? [] : leases)]
  const nodes = [...textOf(pools.filter(([pool]) => isOfNodes(pool))), ...(ofNodes ? leases : [])]
  return [
    ...(gpus.length === 0 && nodes.length > 0 ? [] : [['GPUs', gpus.join(', ') || 'none'] as ['GPUs', string]]),
    ...(nodes.length === 0 ? [] : [['Nodes', nodes.join(', ')] as ['Nodes', string]]),
  ]
}

type Told = Pick<Plan, 'bounds' | 'effects' | 'desired'>

/** Hours that a plan is priced for: of GPUs, of nodes without any (`nodeHours`, where it runs on some), or of both. */
export const hoursOf = ({ gpuHours, nodeHours }: Pick<Price, 'gpuHours' | 'nodeHours'>): [name: string, Range][] => [
  ...(nodeHours !== undefined && gpuHours.p95 === 0 ? [] : [['GPU-hours', gpuHours] as [string, Range]]),
  ...(nodeHours === undefined ? [] : [['node-hours', nodeHours] as [string, Range]]),
]
