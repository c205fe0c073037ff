import { approvalNeed } from '../answers.ts'
import { desiredTitle, type TrainDesired } from '../desired.ts'
import { canonicalJson } from '../digest.ts'
import { addRange, cents, centsRange, pricePerGpuHour, priceSource, timesRange, usd } from '../money/prices.ts'
import { type Identity, type RunKey, runName } from '../names.ts'
import type { Bounds, LaunchJobStep, Plan, Planned, Price, Range, Step } from '../plan.ts'
import { type DatasetPolicy, milliseconds, type Policy, type PoolPolicy } from '../policy.ts'
import type { PlanRefusal } from '../reasons.ts'
import { EVALUATION_STEP, evaluationJob } from '../workloads/evaluation.ts'
import { FINE_TUNING_STEP, fineTuningJob } from '../workloads/fine-tuning.ts'
import type { World } from '../world.ts'
import { effectsOf } from './effects.ts'

export interface TrainInput {
  identity: Identity
  run: RunKey
  desired: TrainDesired
  policy: Policy
  world: World
  now: number
}

/** One of the two Jobs: where it runs, for how long, at what price. */
interface Use {
  /** Path in the policy, for sentences. */
  path: string
  poolName: string
  pool: PoolPolicy
  gpus: number
  hours: Range
  /** Dollars an hour while it runs. */
  rate: number
}

type Refuse = Extract<Planned, { kind: 'refuse' }>

/**
 * The plan of a training lane: fine-tune, evaluate, judge, register, tell. GPUs that are merely busy are no refusal, the
 * run waits for room; what could never run, be priced or be paid is one. Equal inputs give equal bytes, whatever the order
 * of their keys.
 */
export const planTrain = (input: TrainInput): Planned => {
  const { policy, desired, world } = input
  const dataset = own(policy.datasets, desired.dataset)
  if (dataset === undefined) return refuse('not-configured', `the policy has no dataset \`${desired.dataset}\``)
  const uses = usesOf(input, dataset)
  if ('kind' in uses) return uses
  const price = priceOf(uses, input)
  const budget = overBudget(policy, world, price)
  if (budget !== null) return budget
  const approval = approvalNeed(policy.approvals, { requester: desired.requester, dollars: price.total.p95 })
  if (approval.kind === 'refuse') return refuse(approval.reason, approval.detail)
  const steps = stepsOf(input, dataset)
  const objects = steps.flatMap((step) => (step.kind === 'launch-job' ? [step.job] : []))
  const plan: Plan = {
    ...input.run,
    id: runName(input.identity, input.run),
    policy: policy.version,
    desired,
    title: `Fine-tune ${dataset.launch.baseModel} on ${shortName(desired)}, register it as ${dataset.registerAs}`,
    steps,
    ...effectsOf({ objects, interrupts: [], steps }),
    bounds: boundsOf(uses, price, input.now + milliseconds(policy.approvals.expiry)),
    price,
    strategy: null,
    interrupts: [],
    undo: 'Cancel deletes the Jobs. A registered version stays, and nothing serves it before it is promoted.',
    reasons: reasonsOf(input, dataset, { uses, price }),
    approval: approval.need,
  }
  return { kind: 'plan', plan: JSON.parse(canonicalJson(plan)) }
}

const usesOf = ({ policy, world }: TrainInput, dataset: DatasetPolicy): [Use, Use] | Refuse => {
  const launch = useOf({ policy, world }, 'launch', dataset.launch)
  if ('kind' in launch) return launch
  const evaluate = useOf({ policy, world }, 'evaluate', dataset.evaluate)
  return 'kind' in evaluate ? evaluate : [launch, evaluate]
}

const useOf = (
  { policy, world }: Pick<TrainInput, 'policy' | 'world'>,
  path: string,
  { pool: poolName, gpus, hours }: Pick<DatasetPolicy['evaluate'], 'pool' | 'gpus' | 'hours'>,
): Use | Refuse => {
  const pool = own(policy.pools, poolName)
  if (pool === undefined)
    return refuse('pool-unknown', `\`${path}\` asks for pool \`${poolName}\`, which the policy does not have`)
  const perGpu = pricePerGpuHour(pool)
  if (perGpu === null)
    return refuse('missing-price', `${priceSource(poolName, pool)}; a plan without a price is not made`)
  const small = whyTooSmall({ path, poolName, pool, gpus }, world)
  return small === null ? { path, poolName, pool, gpus, hours, rate: perGpu * gpus } : refuse('pool-too-small', small)
}

/** Why these GPUs could not run even in an empty pool; null when they could. Karpenter starts whole nodes. */
const whyTooSmall = ({ path, poolName, pool, gpus }: Omit<Use, 'hours' | 'rate'>, world: World): string | null => {
  const ceiling = ceilingOf(poolName, pool, world)
  if (gpus > pool.gpusPerNode)
    return `\`${path}\` asks for ${gpus} GPUs and a node of ${poolName} has ${pool.gpusPerNode}; training over several nodes is not there yet`
  if (gpus > ceiling) return `\`${path}\` asks for ${gpus} GPUs and the ceiling of ${poolName} is ${ceiling}`
  const view = own(world.pools, poolName)
  const nodes = (view?.provisioned ?? 0) + (view?.provisioning ?? 0)
  if (nodes === 0 && ceiling < pool.gpusPerNode)
    return `the ceiling of ${poolName} is ${ceiling} GPUs, less than one node of ${pool.gpusPerNode}: no node can start`
  return null
}

const ceilingOf = (name: string, { maxGpus }: PoolPolicy, { pools }: World): number =>
  Math.min(maxGpus, own(pools, name)?.ceiling ?? maxGpus)

const priceOf = (uses: [Use, Use], { policy, world }: TrainInput): Price => {
  const [launch, evaluate] = uses
  const nowPerHour = Object.entries(world.pools).map(([name, { usedByLane }]) => {
    const pool = own(policy.pools, name)
    return (usedByLane || 0) * ((pool && pricePerGpuHour(pool)) ?? 0)
  })
  return {
    total: centsRange(addRange(...uses.map(({ hours, rate }) => timesRange(hours, rate)))),
    perHour: centsRange({ p50: launch.rate, p95: Math.max(launch.rate, evaluate.rate) }),
    nowPerHour: cents(nowPerHour.sort((a, b) => a - b).reduce((sum, dollars) => sum + dollars, 0)),
    gpuHours: centsRange(addRange(...uses.map(({ hours, gpus }) => timesRange(hours, gpus)))),
    sources: [...new Set(uses.map(({ poolName, pool }) => priceSource(poolName, pool)))],
  }
}

const overBudget = ({ budget }: Policy, { dollars: { spent, held } }: World, { total }: Price): Refuse | null => {
  const sum = spent + held + total.p95
  if (sum <= budget.dollars) return null
  return refuse(
    'budget-exceeded',
    `${usd(spent)} spent this month, ${usd(held)} held by other plans and up to ${usd(total.p95)} for this one are ${usd(sum)}, ` +
      `${usd(sum - budget.dollars)} over the ${usd(budget.dollars)} of ${budget.name}`,
  )
}

/** The two Jobs run one after the other, so a pool that both use is needed for the larger one only. */
const boundsOf = (uses: [Use, Use], price: Price, until: number): Bounds => {
  const gpus: Record<string, number> = {}
  for (const use of uses) gpus[use.poolName] = Math.max(gpus[use.poolName] ?? 0, use.gpus)
  return { dollars: price.total.p95, gpus, unavailable: 0, until }
}

const stepsOf = (input: TrainInput, dataset: DatasetPolicy): Step[] => [
  ...launchSteps(input, dataset),
  {
    kind: 'check-gate',
    name: 'judge',
    title: `Judge ${dataset.evaluate.gates.map(({ metric, op, value }) => `${metric} ${op} ${value}`).join(', ')}`,
    why: 'a missing or worse number registers nothing',
    of: EVALUATION_STEP,
    gates: dataset.evaluate.gates,
  },
  {
    kind: 'register-model',
    name: 'register',
    title: `Register it as a new version of ${dataset.registerAs}`,
    why: 'a version can be promoted, a file cannot',
    model: dataset.registerAs,
    of: FINE_TUNING_STEP,
  },
  {
    kind: 'notify',
    name: 'notify',
    title: 'Tell the channel',
    why: 'promoting it is for a person to decide',
    text: `${dataset.registerAs} has a new version, fine-tuned on ${shortName(input.desired)}`,
  },
]

const launchSteps = (input: TrainInput, dataset: DatasetPolicy): LaunchJobStep[] => {
  const { launch, evaluate } = dataset
  const building = { ...input, dataset }
  const step = { kind: 'launch-job', results: input.policy.results } as const
  return [
    {
      ...step,
      name: FINE_TUNING_STEP,
      title: `Fine-tune ${launch.baseModel} (${launch.method}) on ${gpuCount(launch.gpus)} of ${launch.pool}`,
      why: `${shortName(input.desired)} is all there`,
      job: fineTuningJob(building),
      pool: launch.pool,
      gpus: launch.gpus,
    },
    {
      ...step,
      name: EVALUATION_STEP,
      title: `Evaluate the result on ${gpuCount(evaluate.gpus)} of ${evaluate.pool}`,
      why: 'nothing is registered that was not measured',
      job: evaluationJob(building),
      pool: evaluate.pool,
      gpus: evaluate.gpus,
    },
  ]
}

const reasonsOf = (
  input: TrainInput,
  { launch }: DatasetPolicy,
  { uses, price }: { uses: [Use, Use]; price: Price },
): string[] => {
  const { desired, policy, world } = input
  const { spent, held } = world.dollars
  return [
    `${desiredTitle(desired)}: ${desired.objects} objects, ${size(desired.bytes)}, named by s3://${desired.bucket}/${desired.key}`,
    `${launch.pool} because datasets.${desired.dataset}.launch.pool says so; ${gpuCount(launch.gpus)} fit one node of ${uses[0].pool.gpusPerNode}`,
    ...new Set(uses.map((use) => roomIn(use.poolName, uses, input))),
    ...price.sources.map((source) => `priced at ${source}`),
    `${policy.budget.name}: ${usd(spent)} spent and ${usd(held)} held of ${usd(policy.budget.dollars)}; this adds at most ${usd(price.total.p95)}`,
  ]
}

/** Whether it could start at once, in numbers; a pool that is busy is waited for. */
const roomIn = (name: string, uses: [Use, Use], { policy, world }: TrainInput): string => {
  const need = Math.max(...uses.map(({ poolName, gpus }) => (poolName === name ? gpus : 0)))
  const pool = own(policy.pools, name)
  const view = own(world.pools, name)
  if (pool === undefined || view === undefined) return `${name}: it is not known how many GPUs are free; needs ${need}`
  const ceiling = ceilingOf(name, pool, world)
  const free = Math.max(0, ceiling - view.heldByOthers)
  const text = `${name}: ${free} of ${ceiling} GPUs free (${view.heldByOthers} held or used by others), ${view.provisioned} on nodes that are up; needs ${need}`
  return need <= free ? text : `${text}, so it waits for room`
}

const shortName = ({ dataset, version }: TrainDesired): string => `${dataset}@${version.slice(0, 8)}`

const gpuCount = (gpus: number): string => (gpus === 1 ? '1 GPU' : `${gpus} GPUs`)

const size = (bytes: number): string => {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB']
  const step = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, bytes)) / 3)))
  return `${Math.round((bytes / 1000 ** step) * 10) / 10} ${units[step]}`
}

/** A value that was written there, never one that every object inherits. */
const own = <T>(record: Record<string, T>, key: string): T | undefined =>
  Object.hasOwn(record, key) ? record[key] : undefined

const refuse = (reason: PlanRefusal, detail: string): Refuse => ({ kind: 'refuse', reason, detail })
