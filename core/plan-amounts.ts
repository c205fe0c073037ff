import type { Plan, Price, Range } from './plan.ts'
import { type Counts, isOfSlices } from './pools/counts.ts'

/** What a plan may occupy of a kind, as it is called. */
type Name = 'GPUs' | 'Slices' | 'Nodes'

/** What a plan may occupy, as it is told: GPUs by pool, slices of pools that share theirs, and nodes of pools without any; of a lease, which it lets others. */
export const amountsOf = ({ bounds, effects, desired }: Told): [name: Name, text: string][] => {
  const pools = Object.entries(bounds.gpus).sort(([a], [b]) => (a < b ? -1 : 1))
  const { leases = [] } = effects
  const leased = nameOf(desired as Counts | undefined)
  const of = (name: Name): string[] => [
    ...pools.filter(([pool]) => nameOf(bounds.nodes?.[pool]) === name).map(([pool, count]) => `${pool} ≤ ${count}`),
    ...(leased === name ? leases : []),
  ]
  const others = (['Slices', 'Nodes'] as const).flatMap((name): [Name, string][] =>
    of(name).length === 0 ? [] : [[name, of(name).join(', ')]],
  )
  const gpus = of('GPUs')
  return gpus.length === 0 && others.length > 0 ? others : [['GPUs', gpus.join(', ') || 'none'], ...others]
}

const nameOf = (of: Counts | undefined): Name => {
  if (of?.counts === undefined) return 'GPUs'
  return isOfSlices(of) ? 'Slices' : 'Nodes'
}

type Told = Pick<Plan, 'bounds' | 'effects' | 'desired'>

/** Hours that a plan is priced for: of GPUs, of nodes without any (`nodeHours`, where it runs on some), or of both. */
export const hoursOf = ({ gpuHours, nodeHours }: Pick<Price, 'gpuHours' | 'nodeHours'>): [name: string, Range][] => [
  ...(nodeHours !== undefined && gpuHours.p95 === 0 ? [] : [['GPU-hours', gpuHours] as [string, Range]]),
  ...(nodeHours === undefined ? [] : [['node-hours', nodeHours] as [string, Range]]),
]
