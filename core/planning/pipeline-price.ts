import type { TrainDesired } from '../desired.ts'
import type { PlanInput } from '../lane-kinds/kind.ts'
import { countingOf, PRICED } from '../money/nodes.ts'
import { addRange, cents, centsRange, nodeHour, priceSource, timesRange, usd } from '../money/prices.ts'
import type { Bounds, Planned, Price, Range, Step } from '../plan.ts'
import type { NodesOf } from '../plan-nodes.ts'
import { ownGpus } from '../policy/counted.ts'
import { typesOf } from '../policy/pools.ts'
import { nameOfStage, nodesOfStage, takenByPod } from '../policy/stages.ts'
import type { PipelinePolicy, Policy, PoolPolicy, StagePolicy } from '../policy.ts'
import { type Counts, countsOf, isOfSlices } from '../pools/counts.ts'
import type { PlanRefusal } from '../reasons.ts'
import { own } from '../record.ts'
import { carriedSteps } from '../steps/keys.ts'
import { graceOfStage } from '../workloads/draining.ts'
import { whyTooSmall } from './pool-room.ts'
import type { Took } from './took.ts'

type PipelineInput = Pick<PlanInput<TrainDesired>, 'policy' | 'world' | 'kept' | 'desired' | 'warm'>
type Priced = Pick<PipelineInput, 'policy' | 'world'> & { desired: Pick<TrainDesired, 'priced'> }

/** The Job of one stage: where it runs, for how long, at what price. */
export interface Use extends Counts {
  /** Name of the stage. */
  stage: string
  poolName: string
  pool: PoolPolicy
  /** Of all its nodes; of a stage without GPUs these nodes. */
  gpus: number
  /** Nodes that it runs on at once. */
  nodes: number
  hours: Range
  /** What its last runs took; left out: nobody knows, and its hours are the policy’s. */
  took?: Took
  /** Dollars an hour of the nodes that it has while it runs: beside what runs anyway, as a rule, and in the bad case for it alone. */
  rate: Range
  /** The same as a rule, where it is alone on a node. */
  whole: number
  /** Dollars that its node costs before and after: nothing where it takes the node of the one before it. */
  beside: Range
  /** The same in the bad case of one that is started for it once more, where a rung may suspend it; 0: none does. */
  again: number
}

/** Why there is no plan. */
export type Refuse = Extract<Planned, { kind: 'refuse' }>

/** A stage that could not run or be priced now: no matter to who carries it over. */
export interface NoUse extends Pick<Use, 'stage' | 'poolName' | 'gpus' | 'nodes' | 'counts'> {
  why: Refuse
}

export type UseOrNone = Use | NoUse

/** What a stage that cannot be begun is counted in: nodes, of one that needs no GPUs; else as its pool is, where that is known. */
const countsOfStage = ({ gpus }: StagePolicy, pool: Counts | undefined): Counts =>
  gpus === 0 ? { counts: 'nodes' } : countsOf(pool)

/** What each stage uses, in their order, or why it cannot be begun. */
export const usesOf = (input: Priced, { stages }: Pick<PipelinePolicy, 'stages'>): UseOrNone[] =>
  stages.map((stage) => {
    const use = useOf(input, stage)
    const nodes = nodesOfStage(stage)
    return 'kind' in use
      ? {
          ...{ stage: nameOfStage(stage), poolName: stage.pool, gpus: nodes * takenByPod(stage), nodes },
          ...countsOfStage(stage, own(input.policy.pools, stage.pool)),
          why: use,
        }
      : use
  })

/**
 * One node, or as many as the largest needs, is started for stages in a row that are in one pool: it is not away before the next one comes, nor, in the pool that is `warm`, of
 * what has just run; and what comes is put where most is left, which is there.
 */
const inRows = (uses: readonly Use[], warm: string | undefined): Use[] => {
  const rows: Use[] = []
  for (const use of uses) {
    const last = rows.at(-1)
    const goesOn = (last?.poolName ?? warm) === use.poolName
    const isUp = goesOn && (last === undefined || last.rate.p50 > 0)
    const p50 = isUp ? use.whole : use.rate.p50
    // Of a gang those that are started beside the ones that are up.
    const more = Math.max(0, use.nodes - (last?.nodes ?? 1)) / use.nodes
    const beside = {
      p50: use.beside.p50 * (isUp ? more : 1),
      p95: use.beside.p95 * (goesOn ? more : 1),
    }
    rows.push({ ...use, rate: { ...use.rate, p50 }, beside })
  }
  return rows
}

const useOf = (
  { policy, world, desired }: Priced,
  one: Pick<StagePolicy, 'name' | 'use' | 'pool' | 'gpus' | 'nodes' | 'hours' | 'preemptible'>,
): Use | Refuse => {
  const { pool: poolName, hours } = one
  const [perNode, nodes] = [takenByPod(one), nodesOfStage(one)]
  const stage = nameOfStage(one)
  const pool = own(policy.pools, poolName)
  if (pool === undefined)
    return refuse('pool-unknown', `\`${stage}\` asks for pool \`${poolName}\`, which the policy does not have`)
  const hour = nodeHour(pool)
  if (hour === null)
    return refuse('missing-price', `${priceSource(poolName, pool)}; a plan without a price is not made`)
  const small = whyTooSmall({ stage, poolName, pool, perNode, nodes }, world)
  if (small !== null) return refuse('pool-too-small', small)
  const counting = countingOf(desired)
  const pods = Array.from({ length: nodes }, () => perNode)
  const fits = counting.together(pods, pool, own(world.pools, poolName)?.besides)
  const each = nodes * counting.each(perNode, pool)
  const rate = { p50: hour.p50 * fits, p95: hour.p95 * each }
  const { p50, p95 } = counting.beside(pool)
  return {
    stage,
    poolName,
    pool,
    gpus: nodes * perNode,
    nodes,
    ...countsOf(pool),
    hours,
    rate,
    whole: hour.p50 * each,
    beside: { p50: rate.p50 * p50, p95: rate.p95 * p95 },
    again: maySuspend(policy, one) ? rate.p95 * p95 : 0,
  }
}

/** What the bad case of stages contains that a rung may suspend, for a person. */
export const againTexts = (uses: readonly Use[]): string[] =>
  uses.flatMap(({ stage, again }) =>
    again > 0
      ? [
          `a rung of the budget may suspend ${stage}, which goes on by itself afterwards: ${usd(again)} of what it costs at most is for a node that is started again`,
        ]
      : [],
  )

/** Whether a rung of the budget's ladder may suspend a stage. */
const maySuspend = ({ budget: { ladder = [] } }: Policy, { preemptible }: Pick<StagePolicy, 'preemptible'>): boolean =>
  preemptible && ladder.some(({ do: does }) => does === 'suspend-preemptible')

/** What these cost, one after the other. `ending`: dollars that what runs may still cost once it is told to end, in the bad case. */
export const priceOf = (uses: readonly Use[], { policy, world, desired }: Priced, ending = 0): Price => {
  const nowPerHour = Object.entries(world.pools).map(([name, { usedByLane }]) => {
    const pool = own(policy.pools, name)
    const nodes = pool === undefined ? 0 : countingOf(desired).together(nodewise(usedByLane || 0, pool), pool)
    return nodes * ((pool && nodeHour(pool)?.p95) ?? 0)
  })
  const costs = uses.flatMap(({ hours, rate, beside }) => [
    { p50: hours.p50 * rate.p50, p95: hours.p95 * rate.p95 },
    beside,
  ])
  const ends = { p50: 0, p95: uses.reduce((sum, { again }) => sum + again, ending) }
  return {
    total: centsRange(addRange(...costs, ends)),
    perHour: centsRange({ p50: uses[0]?.rate.p50 ?? 0, p95: Math.max(0, ...uses.map(({ rate }) => rate.p95)) }),
    nowPerHour: cents(nowPerHour.sort((a, b) => a - b).reduce((sum, dollars) => sum + dollars, 0)),
    ...hoursOf(uses),
    sources: [...new Set(uses.map(({ poolName, pool }) => priceSource(poolName, pool)))],
  }
}

/** Hours of GPUs, a slice as its part of one, and of nodes without any. */
const hoursOf = (uses: readonly Use[]): Pick<Price, 'gpuHours' | 'nodeHours'> => {
  const share = ({ pool, counts }: Use): number => (isOfSlices({ counts }) ? ownGpus(pool) / pool.gpusPerNode : 1)
  const of = (some: readonly Use[]): Range =>
    centsRange(addRange(...some.map((use) => timesRange(use.hours, use.gpus * share(use)))))
  const without = uses.filter(({ counts }) => counts === 'nodes')
  return {
    gpuHours: of(uses.filter((use) => !without.includes(use))),
    ...(without.length === 0 ? {} : { nodeHours: of(without) }),
  }
}

/** So many GPUs, a node of them after the other. */
const nodewise = (gpus: number, { gpusPerNode }: PoolPolicy): number[] => [
  ...Array.from({ length: Math.floor(gpus / gpusPerNode) }, () => gpusPerNode),
  gpus % gpusPerNode,
]

/**
 * What is still to be paid: an attempt that carries a finished step over does not run it again (law 7), and asks nothing of its pool. Or why
 * one of those that are left cannot be begun.
 */
export const usesLeft = (
  uses: readonly UseOrNone[],
  { steps, kept, warm }: { steps: Step[] } & Pick<PipelineInput, 'kept' | 'warm'>,
): Use[] | Refuse => {
  const carried = carriedSteps({ steps }, kept)
  const left = uses.filter(({ stage }) => !carried.has(stage))
  const none = left.find((use) => 'why' in use)
  return none === undefined ? inRows(left as Use[], warm) : none.why
}

/** With what its nodes cost beside its pods, of each Job that is still to run. */
export const withBeside = (steps: Step[], left: readonly Use[]): Step[] =>
  steps.map((step) => {
    const use = left.find(({ stage }) => stage === step.name)
    if (step.kind !== 'launch-job' || use === undefined) return step
    const [beside, again] = [cents(use.beside.p95), cents(use.again)]
    return { ...step, ...(beside > 0 ? { beside } : {}), ...(again > 0 ? { again } : {}) }
  })

/** What a run costs at most where nothing runs and nothing is kept, by the policy alone, as a plan has it; null: a stage of it could not be priced or run. */
export const mostOnPaper = (policy: Policy, rule: Pick<PipelinePolicy, 'stages'>): number | null => {
  const input = {
    policy,
    world: { pools: {}, dollars: { spent: 0, held: 0 }, generations: [] },
    desired: { priced: PRICED },
  }
  const uses = usesOf(input, rule)
  const able = uses.flatMap((use) => ('why' in use ? [] : [use]))
  if (able.length < uses.length) return null
  const rows = inRows(able, undefined)
  const ends = rows.map(({ rate }, index) => {
    const stage = rule.stages[index]
    return stage === undefined
      ? 0
      : ((stage.pod?.terminationGracePeriodSeconds ?? graceOfStage(stage)) / 3600) * rate.p95
  })
  return priceOf(rows, input, Math.max(0, ...ends)).total.p95
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
      return [[name, { instanceType, capacityTypes: [...new Set(pool.capacityTypes)].sort(), ...countsOf(pool) }]]
    }),
  )

export const refuse = (reason: PlanRefusal, detail: string): Refuse => ({ kind: 'refuse', reason, detail })
