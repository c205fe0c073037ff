import { approvalNeed } from '../answers.ts'
import { requesterIn } from '../desired.ts'
import { milliseconds } from '../duration.ts'
import type { KubeObject } from '../kube.ts'
import type { Baseline } from '../lane/document.ts'
import { isRetired, isServed, type Standing } from '../lane-kinds/serving.ts'
import { besideText } from '../money/nodes.ts'
import { usd } from '../money/prices.ts'
import { type Identity, type RunKey, runName } from '../names.ts'
import type { Bounds, Plan, Planned, Price, Step } from '../plan.ts'
import type { Policy } from '../policy.ts'
import type { Strategy } from '../strategy.ts'
import type { GenerationView, World } from '../world.ts'
import { effectsOf } from './effects.ts'
import { baselineView, heldGpus, ranBefore, stuckTexts } from './generations.ts'
import { ifKept } from './largest.ts'
import { nodesOf } from './pipeline-price.ts'
import { dollarsWeighed, type PricedPath } from './serve-price.ts'

export interface ServeInput {
  identity: Identity
  run: RunKey
  desired: Standing
  baseline: Baseline | null
  policy: Policy
  world: World
  now: number
  /** Why people are asked about it whatever it costs; left out: for no such reason. */
  asks?: string | undefined
  /** Bounds that were approved: the path is chosen inside their GPUs, whatever more has become free since (law 7). */
  within?: Bounds
  /** The digest of what was approved; left out: nothing was. */
  agreed?: string | undefined
  /** Generations that were brought up by runs which something newer stopped in the middle. */
  brought?: readonly number[]
  /** Of these what has passed no gate; left out: all has. */
  unjudged?: readonly number[]
}

/** What differs between a rollout and a way back; the rest of a plan is the same for both. */
export interface Draft {
  title: string
  steps: Step[]
  objects: KubeObject[]
  interrupts: string[]
  /** Why somebody is asked whatever it costs; null: nobody is, since it changes nothing; left out: the price says whether. */
  asks?: string | null
  /** Why nobody is asked, where that is so. */
  unasked?: string
  price: Price
  /** Dollars that what runs may still cost once it is told to end, in the middle of the way; left out: none beyond what ran before. */
  ending?: number
  gpus: Record<string, number>
  /** What of them stands in the end. */
  stands: Record<string, number>
  /** Where the weights come from that are brought up; left out: none are. */
  weights?: string
  /** Who may change these weights, or that no gate is known to have judged them; left out: they are pinned, and a pipeline registered them. */
  open?: string
  /** The template of their pods. */
  template?: string
  /** Replicas that may be away at once. */
  unavailable: number
  /** Fewest that answer on its way; left out: none do before it. */
  answering?: number
  /** Minutes for which nobody does, in a bad case; left out: somebody answers all the way, or nobody did as it was planned. */
  unanswered?: number
  strategy: Strategy | null
  /** With how many replicas what serves stands that it brings some of back. */
  stood?: number
  undo: string
  reasons: string[]
}

/** Weighs a draft against budget and approvals, and binds it: a plan, or why there is none. */
export const finishPlan = (input: ServeInput, given: Draft): Planned => {
  const draft = besideStuck(input, given)
  const { policy, desired, identity, run } = input
  const { asked, bound, of } = dollarsWeighed(draft.price, draft.ending)
  const over = whyOverBudget(input, bound)
  if (over !== null) return { kind: 'refuse', reason: 'budget-exceeded', detail: over }
  const requester = isServed(desired) ? requesterIn(desired) : null
  const approval =
    draft.asks === null
      ? { kind: 'need' as const, need: { required: false, why: draft.unasked ?? 'nothing is changed', need: 0 } }
      : approvalNeed(policy.approvals, {
          requester: isRetired(desired) ? 'policy' : requester,
          dollars: asked,
          ...{ asks: draft.asks, rung: input.asks },
        })
  if (approval.kind === 'refuse') return { kind: 'refuse', reason: approval.reason, detail: approval.detail }
  const weighed = weighedText(asked, { draft, of })
  const { objects, gpus, unavailable, answering, unanswered, asks: _, ending: __, unasked: ___, ...shown } = draft
  const plan: Plan = {
    lane: run.lane,
    generation: run.generation,
    attempt: run.attempt,
    ...shown,
    id: runName(identity, run),
    policy: policy.version,
    desired: inOrder(desired),
    requester,
    ...effectsOf({ objects, interrupts: draft.interrupts, steps: draft.steps }),
    bounds: {
      dollars: bound,
      gpus,
      nodes: nodesOf(gpus, policy.pools),
      unavailable,
      ...(answering === undefined ? {} : { answering }),
      ...(unanswered === undefined ? {} : { unanswered }),
      until: input.now + milliseconds(policy.approvals.expiry),
    },
    ...(bound === 0 ? {} : { boundOf: of }),
    reasons: [...draft.reasons, ...pricedText(input, draft), weighed],
    approval: { ...approval.need, why: `${approval.need.why} (${weighed})` },
  }
  return ifKept(plan, 'give it fewer replicas, or put what is long into its image')
}

const weighedText = (
  asked: number,
  { draft: { price }, of }: { draft: Draft; of: ReturnType<typeof dollarsWeighed>['of'] },
): string =>
  asked === 0
    ? 'weighed: it costs nothing, and adds nothing to the running cost'
    : `weighed: ${usd(price.total.p95)} for the rollout (p95) and ${usd(of.firstDay)} for the first 24 h of what it adds to the running cost`

/**
 * The draft with what the lane's pods have that their nodes do not end: that stays held beside whatever it brings up, and who is asked is told. What
 * brings up nothing needs no room for that.
 */
const besideStuck = ({ world, policy }: ServeInput, draft: Draft): Draft => {
  const stuck = Object.values(world.pools).filter((view) => view.stuck && Object.hasOwn(policy.pools, view.pool))
  const beside = (gpus: Record<string, number>): Record<string, number> => ({
    ...gpus,
    ...Object.fromEntries(stuck.map((view) => [view.pool, (gpus[view.pool] ?? 0) + (view.stuck ?? 0)])),
  })
  if (stuck.length === 0) return draft
  const stands = draft.stands === undefined ? {} : { stands: beside(draft.stands) }
  const brings = draft.steps.some((step) => step.kind === 'roll-out-model' && step.brings !== null)
  return {
    ...draft,
    ...(brings && { gpus: beside(draft.gpus) }),
    ...stands,
    reasons: [...draft.reasons, ...stuckTexts(world)],
  }
}

/** What of a priced way is the lane's own, whatever the way: its world, and what it ran before. */
export const pricedFor = (input: ServeInput, service: PricedPath['service']) => ({
  policy: input.policy,
  desired: input.desired,
  pools: input.world.pools,
  service,
  generations: input.world.generations,
  before: ranBefore(input),
  agreed: withAgreed(input),
})

/** GPUs that are held for what stands of the lane, of pools that the policy has. */
export const heldNow = ({ world, baseline, policy }: Pick<ServeInput, 'world' | 'baseline' | 'policy'>) =>
  Object.fromEntries(
    Object.entries(heldGpus(world.generations, baseline)).filter(([pool]) => Object.hasOwn(policy.pools, pool)),
  )

/** What is scaled runs at any time what was agreed to: that is added to nothing, nor is more that stands already. */
const withAgreed = (input: ServeInput): readonly GenerationView[] =>
  withBase(input, (view, upTo) => Math.max(view.replicas, upTo))

/** The same where people agree anew to how many there are: what somebody has set beyond what they have agreed to is added by that. */
export const asAgreedBefore = (input: ServeInput): readonly GenerationView[] => withBase(input, (_, upTo) => upTo)

const withBase = (
  input: ServeInput,
  replicasOf: (view: GenerationView, upTo: number) => number,
): readonly GenerationView[] => {
  const { upTo } = input.baseline ?? {}
  const before = ranBefore(input)
  const base = upTo === undefined ? undefined : baselineView(before, input.baseline)
  if (upTo === undefined || base === undefined) return before
  return before.map((view) => (view === base ? { ...view, replicas: replicasOf(view, upTo) } : view))
}

/** Why it makes do with less where it does, where its prices are from, and what they contain beside its pods. */
const pricedText = ({ desired, policy }: ServeInput, { price, gpus }: Draft): string[] => [
  ...(policy.floored === undefined ? [] : [policy.floored]),
  ...price.sources.map((source) => `priced at ${source}`),
  ...besideText(desired, price.total.p95 === 0 ? [] : Object.keys(gpus).flatMap((name) => policy.pools[name] ?? [])),
]

/** Its fields in one order, whatever the order they were read in: equal inputs give equal bytes (law 10). */
const inOrder = (desired: Standing): Standing => {
  if (!isServed(desired)) return { kind: desired.kind, model: desired.model, ...pricedAs(desired) } as Standing
  const { kind, model, version, source, runId, adapter, base, unpinned, ours, digest, requester, proven, engine } =
    desired
  const pinned = engine === undefined ? {} : { engine: { name: engine.name, revision: engine.revision } }
  return {
    kind,
    model,
    version,
    source,
    runId,
    ...(adapter && { adapter }),
    ...(base !== undefined && { base }),
    ...(unpinned && { unpinned }),
    ...(ours && { ours }),
    digest,
    requester,
    ...(proven && { proven }),
    ...pinned,
    ...pricedAs(desired),
  }
}

const pricedAs = ({ priced }: Standing): Pick<Standing, 'priced'> => (priced === undefined ? {} : { priced })

const whyOverBudget = ({ policy: { budget }, world }: ServeInput, dollars: number): string | null => {
  const { spent, held } = world.dollars
  const sum = spent + held + dollars
  if (sum <= budget.dollars || dollars === 0) return null
  return (
    `${usd(spent)} spent this month, ${usd(held)} held by other plans and up to ${usd(dollars)} for this one are ${usd(sum)}, ` +
    `${usd(sum - budget.dollars)} over the ${usd(budget.dollars)} of ${budget.name}`
  )
}
