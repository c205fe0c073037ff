import type { TrainDesired } from '../desired.ts'
import type { PlanInput } from '../lane-kinds/kind.ts'
import {
  addRange,
  cents,
  centsRange,
  pricePerGpuHour,
  priceSource,
  timesRange,
  usualPerGpuHour,
} from '../money/prices.ts'
import type { Bounds, NodesOf, Planned, Price, Range, Step } from '../plan.ts'
import { typesOf } from '../policy/pools.ts'
import { nameOfStage } from '../policy/stages.ts'
import type { PipelinePolicy, Policy, PoolPolicy, StagePolicy } from '../policy.ts'
import type { PlanRefusal } from '../reasons.ts'
import { keptSteps } from '../steps/keys.ts'
import type { World } from '../world.ts'

type PipelineInput = Pick<PlanInput<TrainDesired>, 'policy' | 'world' | 'kept'>

/** The Job of one stage: where it runs, for how long, at what price. */
export interface Use {
  /** Name of the stage. */
  stage: string
  poolName: string
  pool: PoolPolicy
  gpus: number
  hours: Range
  /** Dollars an hour while it runs, in the bad case of how its node is bought. */
  rate: number
  /** The same of a node as it is bought while there are such. */
  usual: number
}

type Refuse = Extract<Planned, { kind: 'refuse' }>

/** What each stage uses, in their order; or why one cannot run, be priced or be paid. */
export const usesOf = (
  { policy, world }: Omit<PipelineInput, 'kept'>,
  { stages }: Pick<PipelinePolicy, 'stages'>,
): Use[] | Refuse => {
  const uses = stages.map((stage) => useOf({ policy, world }, stage))
  return uses.find((use) => 'kind' in use) ?? (uses as Use[])
}

const useOf = (
  { policy, world }: Omit<PipelineInput, 'kept'>,
  one: Pick<StagePolicy, 'name' | 'use' | 'pool' | 'gpus' | 'hours'>,
): Use | Refuse => {
  const { pool: poolName, gpus, hours } = one
  const stage = nameOfStage(one)
  const pool = own(policy.pools, poolName)
  if (pool === undefined)
    return refuse('pool-unknown', `\`${stage}\` asks for pool \`${poolName}\`, which the policy does not have`)
  const perGpu = pricePerGpuHour(pool)
  if (perGpu === null)
    return refuse('missing-price', `${priceSource(poolName, pool)}; a plan without a price is not made`)
  const small = whyTooSmall({ stage, poolName, pool, gpus }, world)
  if (small !== null) return refuse('pool-too-small', small)
  return { stage, poolName, pool, gpus, hours, rate: perGpu * gpus, usual: usualPerGpuHour(pool) * gpus }
}

/** Why these GPUs could not run even in an empty pool; null when they could. Karpenter starts whole nodes. */
const whyTooSmall = (
  { stage, poolName, pool, gpus }: Omit<Use, 'hours' | 'rate' | 'usual'>,
  world: World,
): string | null => {
  const ceiling = ceilingOf(poolName, pool, world)
  if (gpus > pool.gpusPerNode)
    return `\`${stage}\` asks for ${gpus} GPUs and a node of ${poolName} has ${pool.gpusPerNode}; training over several nodes is not there yet`
  if (gpus > ceiling) return `\`${stage}\` asks for ${gpus} GPUs and the ceiling of ${poolName} is ${ceiling}`
  const view = own(world.pools, poolName)
  const nodes = (view?.provisioned ?? 0) + (view?.provisioning ?? 0)
  if (nodes === 0 && ceiling < pool.gpusPerNode)
    return `the ceiling of ${poolName} is ${ceiling} GPUs, less than one node of ${pool.gpusPerNode}: no node can start`
  return null
}

export const ceilingOf = (name: string, { maxGpus }: PoolPolicy, { pools }: World): number =>
  Math.min(maxGpus, own(pools, name)?.ceiling ?? maxGpus)

/** What these cost, one after the other. */
export const priceOf = (uses: Use[], { policy, world }: Omit<PipelineInput, 'kept'>): Price => {
  const rates = uses.map(({ rate }) => rate)
  const nowPerHour = Object.entries(world.pools).map(([name, { usedByLane }]) => {
    const pool = own(policy.pools, name)
    return (usedByLane || 0) * ((pool && pricePerGpuHour(pool)) ?? 0)
  })
  return {
    total: centsRange(
      addRange(...uses.map(({ hours, rate, usual }) => ({ p50: hours.p50 * usual, p95: hours.p95 * rate }))),
    ),
    perHour: centsRange({ p50: uses[0]?.usual ?? 0, p95: Math.max(0, ...rates) }),
    nowPerHour: cents(nowPerHour.sort((a, b) => a - b).reduce((sum, dollars) => sum + dollars, 0)),
    gpuHours: centsRange(addRange(...uses.map(({ hours, gpus }) => timesRange(hours, gpus)))),
    sources: [...new Set(uses.map(({ poolName, pool }) => priceSource(poolName, pool)))],
  }
}

/** What is still to be paid: an attempt that carries a finished step over does not run it again (law 7). */
export const usesLeft = (uses: Use[], { steps, kept }: { steps: Step[]; kept: PipelineInput['kept'] }): Use[] => {
  const done = keptSteps({ steps }, kept)
  return uses.filter(({ stage }) => !Object.hasOwn(done, stage))
}

/** Jobs run one after the other, so a pool that both use is needed for the larger one only. */
export const boundsOf = (uses: Use[], price: Price, until: number): Bounds => {
  const gpus: Record<string, number> = {}
  for (const use of uses) gpus[use.poolName] = Math.max(gpus[use.poolName] ?? 0, use.gpus)
  const pools = Object.fromEntries(uses.map(({ poolName, pool }) => [poolName, pool]))
  return { dollars: price.total.p95, gpus, nodes: nodesOf(gpus, pools), unavailable: 0, until }
}

/** What the nodes of these pools are, and how they may be bought. */
export const nodesOf = (gpus: Record<string, number>, pools: Policy['pools']): Record<string, NodesOf> =>
  Object.fromEntries(
    Object.keys(gpus).flatMap((name) => {
      const pool = own(pools, name)
      if (pool === undefined) return []
      const types = typesOf(pool)
      const instanceType = types.length === 1 ? (types[0] ?? '') : types
      return [[name, { instanceType, capacityTypes: [...new Set(pool.capacityTypes)].sort() }]]
    }),
  )

/** A value that was written there, never one that every object inherits. */
export const own = <T>(record: Record<string, T>, key: string): T | undefined =>
  Object.hasOwn(record, key) ? record[key] : undefined

export const refuse = (reason: PlanRefusal, detail: string): Refuse => ({ kind: 'refuse', reason, detail })
