import { approvalNeed, bothAsk } from '../answers.ts'
import { requesterIn, type TrainDesired } from '../desired.ts'
import { canonicalJson } from '../digest.ts'
import { milliseconds } from '../duration.ts'
import { sinceText } from '../episodes.ts'
import { laneName } from '../lane-kinds/kind.ts'
import { besideText, countingOf } from '../money/nodes.ts'
import { usd } from '../money/prices.ts'
import { runName } from '../names.ts'
import { occasionOf } from '../occasions/catalogue.ts'
import type { Plan, Planned, Price, Step } from '../plan.ts'
import { stagesAs } from '../policy/alternatives.ts'
import { fileOf } from '../policy/manifest-places.ts'
import { ruleNamed } from '../policy/names.ts'
import { stagesSet, whyNotSet } from '../policy/set.ts'
import { nameOfStage } from '../policy/stages.ts'
import type { PipelinePolicy, Policy, StagePolicy } from '../policy.ts'
import { unitsOf } from '../pools/counts.ts'
import { own } from '../record.ts'
import { graceOfPods } from '../steps/job-times.ts'
import { PRESETS, type Presets } from '../workloads/presets.ts'
import type { World } from '../world.ts'
import { type Draft, nowOrLater, withAlternatives } from './alternatives.ts'
import { copiedTexts, whyNotCopied } from './copied.ts'
import { effectsOf } from './effects.ts'
import { tookOf, usesAsLearned, withHours } from './hours.ts'
import { ifKept } from './largest.ts'
import { openedAt, turnText } from './opening.ts'
import {
  againTexts,
  boundsOf,
  priceOf,
  type Refuse,
  refuse,
  type Use,
  type UseOrNone,
  usesLeft,
  usesOf,
  withBeside,
} from './pipeline-price.ts'
import { type PipelineInput, stepsOf, whoAsks } from './pipeline-steps.ts'
import { weightsAsk, weightsText, whyNotOn } from './pipeline-weights.ts'
import { againText, datasetText, ofNodesText, planTitle, undoOf } from './pipeline-words.ts'
import { ceilingOf } from './pool-room.ts'

/**
 * The plan of a pipeline: its stages one after the other, each judged where it has gates, then what is registered, then a word. GPUs
 * that are merely busy are no refusal, the run waits for room; what could never run, be priced or be paid is one. Equal inputs give
 * equal bytes, whatever the order of their keys. Where people are asked, and the policy has alternatives, the best of them stand beside it.
 */
export const planPipeline = (input: PipelineInput, presets: Presets = PRESETS): Planned => {
  const draft = orLater(input, (given) => draftOf(given, presets))
  if ('kind' in draft) return draft
  if (input.chosen !== undefined) return keptOf(draft.plan)
  const beside = keptOf(withAlternatives(draft, input, (chosen) => keepable(draftOf({ ...input, chosen }, presets))))
  // What people could choose beside it is never why it is too large.
  return beside.kind === 'refuse' ? keptOf(draft.plan) : beside
}

/** What nobody has chosen a time for is made as it could begin now, or later. */
const orLater = (input: PipelineInput, drafted: (given: PipelineInput) => Draft | Refuse): Draft | Refuse => {
  const { chosen, ...given } = input
  const found = chosen === undefined || input.orLater !== true ? null : ruleOf(given)
  if (chosen === undefined || found === null || 'kind' in found) return drafted(input)
  return nowOrLater(chosen.name, found.pipeline, { ...input, drafted: (one) => drafted({ ...input, chosen: one }) })
}

const keptOf = (plan: Plan): Planned =>
  ifKept(inOneOrder(plan), 'give it fewer stages or inputs, or put what is long into images')

/** A draft that could be kept and held once it is chosen; else why not. */
const keepable = (draft: Draft | Refuse): Draft | Refuse => {
  if ('kind' in draft) return draft
  const kept = keptOf(draft.plan)
  return kept.kind === 'refuse' ? kept : draft
}

/** The rule as its stages say, or as the alternative has them that people chose; with what is set for this run alone. */
const ruleOf = (input: PipelineInput): { key: string; pipeline: PipelinePolicy } | Refuse => {
  const found = ruleAsSaid(input)
  const { occasion } = input.desired
  if ('kind' in found || occasion === undefined) return found
  const [set, { stages }] = [occasionOf(occasion).setOf(occasion), found.pipeline]
  const wrong = whyNotSet(stages, set, input.policy)
  return wrong === null
    ? { ...found, pipeline: { ...found.pipeline, stages: stagesSet(stages, set) } }
    : refuse('policy', `what is set for this run does not fit pipelines.${found.key} any more: ${wrong}`)
}

const ruleAsSaid = ({ policy, run, chosen }: PipelineInput): { key: string; pipeline: PipelinePolicy } | Refuse => {
  const name = laneName(run.lane)
  const found = ruleNamed(policy.pipelines, name)
  if (found === undefined) return refuse('not-configured', `the policy has no pipeline \`${name}\``)
  const { rule, key } = found
  if (chosen === undefined) return { key, pipeline: rule }
  const { alternatives = {}, stages } = rule
  const said = own(alternatives, chosen.name)
  return said === undefined
    ? refuse('not-configured', `pipelines.${key} has no alternative \`${chosen.name}\` any more`)
    : {
        key: `${key}.alternatives.${chosen.name}`,
        pipeline: { ...rule, stages: stagesAs(stages, said, nameOfStage) },
      }
}

/** One way to make it, and what of it is still to run. */
const draftOf = (given: PipelineInput, presets: Presets): Draft | Refuse => {
  const { chosen } = given
  const from = chosen?.from
  const input = from === undefined ? given : { ...given, world: openedAt(given, from) }
  const { policy, desired, world } = input
  const found = ruleOf(input)
  if ('kind' in found) return found
  const { pipeline, key } = found
  const uses = usesOf(input, pipeline)
  const made = stepsOf({ input, pipeline, uses, presets })
  const left = leftOf(input, pipeline, { uses, steps: made })
  if ('kind' in left) return left
  const steps = withHours(withBeside(made, left), tookOf(pipeline, left))
  const price = priceOf(left, input, endingOf(desired, made, left))
  const wrong = whyNotCopied(desired, policy, stagesOf(pipeline, left)) ?? overBudget(policy, world, price)
  if (wrong !== null) return wrong
  const asked = { requester: whoAsks(desired), dollars: price.total.p95, asks: asksOf(input), rung: input.asks }
  const approval = approvalNeed(policy.approvals, asked)
  if (approval.kind === 'refuse') return refuse(approval.reason, approval.detail)
  const objects = steps.flatMap((step) => (step.kind === 'launch-job' ? [step.job] : []))
  const plan: Plan = {
    ...input.run,
    id: runName(input.identity, input.run),
    policy: policy.version,
    desired,
    requester: requesterIn(desired),
    title: planTitle({ input, pipeline, uses: left, presets }),
    steps,
    ...effectsOf({ objects, interrupts: [], steps, from }),
    bounds: {
      ...boundsOf(left, price, Math.max(input.now, from ?? 0) + milliseconds(policy.approvals.expiry)),
      ...(from === undefined ? {} : { from }),
    },
    price,
    strategy: null,
    interrupts: [],
    undo: undoOf(pipeline),
    reasons: reasonsOf(input, key, { pipeline, uses: left, price }),
    approval: approval.need,
    ...(input.learned === undefined || Object.keys(input.learned).length === 0 ? {} : { learned: input.learned }),
    ...(chosen === undefined ? {} : { chosen }),
  }
  return { plan, pipeline, uses: left }
}

/** What is still to run of it, and for how long by what past runs took; or why it cannot. */
const leftOf = (
  input: PipelineInput,
  { stages }: PipelinePolicy,
  { uses, steps }: { uses: UseOrNone[]; steps: Step[] },
): Use[] | Refuse =>
  whyNotOn(input.desired, input.policy, stages) ??
  usesLeft(usesAsLearned(uses, { ...input, steps }), { ...input, steps })

/** The stages that are still to run. */
const stagesOf = ({ stages }: PipelinePolicy, uses: readonly Use[]): StagePolicy[] =>
  stages.filter((stage) => uses.some((use) => use.stage === nameOfStage(stage)))

/** Why people are asked about it, whatever it costs and whichever rung is in force; undefined: for no such reason. */
const asksOf = ({ desired, policy, chosen }: PipelineInput): string | undefined =>
  [againText(desired), weightsAsk(desired, policy), chosen && CHOSEN].reduce(bothAsk, undefined)

/** Whatever it costs: what people said of it binds it, over all attempts. */
const CHOSEN = 'nobody takes an alternative but people'

/** Dollars that one of its Jobs may still cost once it is told to end: it has all of its hours, and is told so in time. */
const endingOf = (desired: TrainDesired, steps: readonly Step[], left: readonly Use[]): number => {
  if (!countingOf(desired).graces) return 0
  const costs = left.map(({ stage, rate }) => {
    const step = steps.find(({ name }) => name === stage)
    return step?.kind === 'launch-job' ? (graceOfPods(step) / 3_600_000) * rate.p95 : 0
  })
  return Math.max(0, ...costs)
}

/** With the keys of all objects in one order. */
const inOneOrder = (plan: Plan): Plan => JSON.parse(canonicalJson(plan))

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

const reasonsOf = (
  input: PipelineInput,
  name: string,
  { pipeline, uses, price }: { pipeline: PipelinePolicy; uses: Use[]; price: Price },
): string[] => {
  const { desired, policy, world } = input
  const { spent, held } = world.dollars
  return [
    ...(desired.drift === undefined ? [] : [sinceText(desired.drift)]),
    ...(desired.occasion === undefined ? [] : occasionOf(desired.occasion).reasonsOf(desired.occasion)),
    ...[againText(desired) ?? []].flat(),
    desired.weights === undefined ? datasetText(desired) : weightsText(desired.weights),
    ...pipeline.stages.map(
      (stage) =>
        `${nameOfStage(stage)} on ${stage.pool}, as pipelines.${name} ${stage.manifest === undefined ? 'says' : `and ${fileOf(stage.manifest)} say`}: ${ofNodesText(stage, policy.pools[stage.pool])}`,
    ),
    ...copiedTexts(desired, policy, stagesOf(pipeline, uses)),
    ...new Set(uses.map((use) => roomIn(use.poolName, uses, input))),
    ...turnText(input),
    ...price.sources.map((source) => `priced at ${source}`),
    ...tookOf(pipeline, uses).flatMap(({ texts }) => texts),
    ...besideText(
      desired,
      uses.map(({ pool }) => pool),
    ),
    ...againTexts(uses),
    `${policy.budget.name}: ${usd(spent)} spent and ${usd(held)} held of ${usd(policy.budget.dollars)}; this adds at most ${usd(price.total.p95)}`,
  ]
}

/** Whether it could start at once, in numbers; a pool that is busy is waited for. */
const roomIn = (name: string, uses: Use[], { policy, world }: PipelineInput): string => {
  const need = Math.max(...uses.map(({ poolName, gpus }) => (poolName === name ? gpus : 0)))
  const pool = own(policy.pools, name)
  const view = own(world.pools, name)
  if (pool === undefined || view === undefined)
    return `${name}: it is not known how many ${unitsOf(pool)} are free; needs ${need}`
  const ceiling = ceilingOf(name, pool, world)
  if (pool.queue !== undefined)
    return `${name}: Kueue lends its ${ceiling} GPUs through the LocalQueue ${pool.queue}; needs ${need} and holds none`
  const free = Math.max(0, ceiling - view.heldByOthers)
  const up = pool.counts === 'nodes' ? `${view.provisioned} of them up` : `${view.provisioned} on nodes that are up`
  const text = `${name}: ${free} of ${ceiling} ${unitsOf(pool)} free (${view.heldByOthers} held or used by others), ${up}; needs ${need}`
  return need <= free ? text : `${text}, so it waits for room`
}
