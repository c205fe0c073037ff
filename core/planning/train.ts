import { approvalNeed } from '../answers.ts'
import type { TrainDesired } from '../desired.ts'
import { canonicalJson } from '../digest.ts'
import type { KubeObject } from '../kube.ts'
import type { PlanInput } from '../lane-kinds/kind.ts'
import { usd } from '../money/prices.ts'
import { label, runName } from '../names.ts'
import type { LaunchJobStep, Plan, Planned, Price, Step } from '../plan.ts'
import { type DatasetPolicy, milliseconds, type Policy } from '../policy.ts'
import { jobKey } from '../steps/keys.ts'
import { counted } from '../text.ts'
import { EVALUATION_STEP, evaluationJob } from '../workloads/evaluation.ts'
import { FINE_TUNING_STEP, fineTuningJob } from '../workloads/fine-tuning.ts'
import type { World } from '../world.ts'
import { effectsOf } from './effects.ts'
import { boundsOf, ceilingOf, own, priceOf, refuse, type Use, usesLeft, usesOf } from './train-price.ts'

export type TrainInput = Omit<PlanInput<TrainDesired>, 'baseline' | 'within'>

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
  const steps = stepsOf(input, dataset, uses)
  const left = usesLeft(uses, { steps, kept: input.kept })
  const price = priceOf(left, input)
  const budget = overBudget(policy, world, price)
  if (budget !== null) return budget
  const approval = approvalNeed(policy.approvals, { requester: desired.requester, dollars: price.total.p95 })
  if (approval.kind === 'refuse') return refuse(approval.reason, approval.detail)
  const objects = steps.flatMap((step) => (step.kind === 'launch-job' ? [step.job] : []))
  const plan: Plan = {
    ...input.run,
    id: runName(input.identity, input.run),
    policy: policy.version,
    desired,
    title: `Fine-tune ${dataset.launch.baseModel} on ${shortName(desired)}, register it as ${dataset.registerAs}`,
    steps,
    ...effectsOf({ objects, interrupts: [], steps }),
    bounds: boundsOf(left, price, input.now + milliseconds(policy.approvals.expiry)),
    price,
    strategy: null,
    interrupts: [],
    undo: 'Cancel deletes the Jobs. A registered version stays, and nothing serves it before it is promoted.',
    reasons: reasonsOf(input, dataset, { uses: left, price }),
    approval: approval.need,
  }
  return { kind: 'plan', plan: JSON.parse(canonicalJson(plan)) }
}

const overBudget = (
  { budget }: Policy,
  { dollars: { spent, held } }: World,
  { total }: Price,
): ReturnType<typeof refuse> | null => {
  const sum = spent + held + total.p95
  if (sum <= budget.dollars) return null
  return refuse(
    'budget-exceeded',
    `${usd(spent)} spent this month, ${usd(held)} held by other plans and up to ${usd(total.p95)} for this one are ${usd(sum)}, ` +
      `${usd(sum - budget.dollars)} over the ${usd(budget.dollars)} of ${budget.name}`,
  )
}

const stepsOf = (input: TrainInput, dataset: DatasetPolicy, uses: [Use, Use]): Step[] => [
  ...launchSteps(input, dataset, uses),
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
    tags: tagsOf(input.desired),
  },
  {
    kind: 'notify',
    name: 'notify',
    title: 'Tell the channel',
    why: 'promoting it is for a person to decide',
    text: `${dataset.registerAs} has a new version, fine-tuned on ${shortName(input.desired)}`,
  },
]

const tagsOf = ({ dataset, version, requester }: TrainDesired): Record<string, string> => ({
  [label('dataset')]: dataset,
  [label('dataset-version')]: version,
  ...(requester === null ? {} : { [label('requested-by')]: requester }),
})

const keptTraining = ({ kept }: TrainInput, train: KubeObject<'Job'>) =>
  Object.keys(kept).length === 0 ? undefined : kept[jobKey(train, [])]

const launchSteps = (
  input: TrainInput,
  dataset: DatasetPolicy,
  [training, evaluating]: [Use, Use],
): LaunchJobStep[] => {
  const { launch, evaluate } = dataset
  const building = { ...input, dataset }
  const step = { kind: 'launch-job', results: input.policy.results, keeps: true } as const
  const train = fineTuningJob(building)
  // An attempt that carries the training over evaluates what that made.
  const trained = keptTraining(input, train)?.made?.ref.name ?? train.metadata.name
  return [
    {
      ...step,
      reads: [],
      name: FINE_TUNING_STEP,
      title: `Fine-tune ${launch.baseModel} (${launch.method}) on ${gpuCount(launch.gpus)} of ${launch.pool}`,
      why: `${shortName(input.desired)} is all there`,
      job: train,
      pool: launch.pool,
      gpus: launch.gpus,
      perHour: training.rate,
    },
    {
      ...step,
      reads: [FINE_TUNING_STEP],
      name: EVALUATION_STEP,
      title: `Evaluate the result on ${gpuCount(evaluate.gpus)} of ${evaluate.pool}`,
      why: 'nothing is registered that was not measured',
      job: evaluationJob({ ...building, trained }),
      pool: evaluate.pool,
      gpus: evaluate.gpus,
      perHour: evaluating.rate,
    },
  ]
}

const reasonsOf = (
  input: TrainInput,
  { launch }: DatasetPolicy,
  { uses, price }: { uses: Use[]; price: Price },
): string[] => {
  const { desired, policy, world } = input
  const { spent, held } = world.dollars
  return [
    `${trainTitle(desired)}: ${counted(desired.objects, 'object')}, ${size(desired.bytes)}, named by s3://${desired.bucket}/${desired.key}`,
    `${launch.pool} because datasets.${desired.dataset}.launch.pool says so; ${gpuCount(launch.gpus)} fit one node of ${policy.pools[launch.pool]?.gpusPerNode}`,
    ...new Set(uses.map((use) => roomIn(use.poolName, uses, input))),
    ...price.sources.map((source) => `priced at ${source}`),
    `${policy.budget.name}: ${usd(spent)} spent and ${usd(held)} held of ${usd(policy.budget.dollars)}; this adds at most ${usd(price.total.p95)}`,
  ]
}

/** Whether it could start at once, in numbers; a pool that is busy is waited for. */
const roomIn = (name: string, uses: Use[], { policy, world }: TrainInput): string => {
  const need = Math.max(...uses.map(({ poolName, gpus }) => (poolName === name ? gpus : 0)))
  const pool = own(policy.pools, name)
  const view = own(world.pools, name)
  if (pool === undefined || view === undefined) return `${name}: it is not known how many GPUs are free; needs ${need}`
  const ceiling = ceilingOf(name, pool, world)
  if (pool.queue !== undefined)
    return `${name}: Kueue lends its ${ceiling} GPUs through the LocalQueue ${pool.queue}; needs ${need} and holds none`
  const free = Math.max(0, ceiling - view.heldByOthers)
  const text = `${name}: ${free} of ${ceiling} GPUs free (${view.heldByOthers} held or used by others), ${view.provisioned} on nodes that are up; needs ${need}`
  return need <= free ? text : `${text}, so it waits for room`
}

/** A dataset version to fine-tune on, in the words of a person. */
export const trainTitle = (desired: TrainDesired): string => `fine-tune on ${shortName(desired)}`

const shortName = ({ dataset, version }: TrainDesired): string => `${dataset}@${version.slice(0, 8)}`

const gpuCount = (gpus: number): string => counted(gpus, 'GPU')

const size = (bytes: number): string => {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB']
  const step = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, bytes)) / 3)))
  return `${Math.round((bytes / 1000 ** step) * 10) / 10} ${units[step]}`
}
