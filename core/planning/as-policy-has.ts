import type { KubeObject } from '../kube.ts'
import { isAnotherCount } from '../lane/decided.ts'
import type { Price, RollOutModelStep } from '../plan.ts'
import type { Strategy } from '../strategy.ts'
import { servingObjects } from '../workloads/serving.ts'
import type { GenerationView } from '../world.ts'
import { asChanged } from './as-it-stands.ts'
import { replicaCount, titleOf } from './generations.ts'
import { standsFor } from './returns-to.ts'
import { replicasWithin } from './scaled.ts'
import { scaledPrice, scaledTexts } from './scaled-price.ts'
import { countIn, rangeOf, type ScaledRange } from './scaled-range.ts'
import { scaledStep, unscaledStep } from './scaled-steps.ts'
import { asAgreedBefore, type ServeInput } from './serve-plan.ts'
import { costAtPoints, type PricedPath } from './serve-price.ts'
import type { Rule } from './serve-room.ts'
import { buildOf, type Wanted } from './serve-standing.ts'

/** What the policy has of how many there are of what was judged. */
export interface PolicyHas {
  /** As many are to stand: of what is scaled those that do, within its range. */
  replicas: number
  /** Between how many it is scaled; null: it is not. */
  range: ScaledRange | null
}

/** The same, where the policy has another count than was decided last; null: it has that, or nobody knows what was decided. */
export const policyHas = (input: ServeInput, { service }: Rule): PolicyHas | null => {
  const { baseline, policy, world } = input
  if (baseline === null || !isAnotherCount(baseline, countIn(policy, service))) return null
  const range = rangeOf(policy, service)
  if (range === null) return { replicas: service.replicas, range }
  const base = standsFor(world.generations, baseline)
  const stand = base?.replicas ?? baseline.replicas ?? 0
  return { replicas: replicasWithin(range, stand, base?.upTo !== undefined), range }
}

/** Whether how it is scaled is otherwise then, and not only how many there are. */
export const isRescaled = ({ range }: PolicyHas, { baseline }: Pick<ServeInput, 'baseline'>): boolean =>
  range !== null || baseline?.upTo !== undefined

/** Why what serves is scaled though what is wanted has ended otherwise. */
export const POLICYS = 'the policy has another number of what serves by now'

/** The way of that. */
export const scaling = (
  { replicas: now }: GenerationView,
  replicas: number,
  range: ScaledRange | null = null,
): Strategy => ({
  name: 'scale',
  why: POLICYS,
  path: [
    { old: 0, new: now },
    { old: 0, new: replicas },
  ],
  ...(range && { upTo: range.max }),
  rejected: [],
})

/** `the policy has 1 to 4 replicas of v7 (generation 3) by now, which serves with 2`. */
export const policyHasText = ({ replicas, range }: PolicyHas, base: GenerationView): string => {
  const many = range === null ? replicaCount(replicas) : `${range.min} to ${replicaCount(range.max)}`
  return `the policy has ${many} of ${titleOf(base)} by now, which serves with ${base.replicas}`
}

/** What of a plan of what serves follows from how that is to stand. */
export interface Then {
  title: string
  /** It, as it stands then. */
  after: GenerationView
  objects: KubeObject[]
  price: Price
  /** Null: nothing is agreed to anew. */
  strategy: Strategy | null
  reasons: string[]
  /** What comes after so many moves. */
  steps(moves: number): RollOutModelStep[]
}

/** The same as the policy has it. `priced`: the way on which there are as many. */
export const asHas = (
  input: ServeInput,
  rule: Rule,
  {
    base,
    has,
    wanted,
    replicas,
    priced,
  }: { base: GenerationView; has: PolicyHas; wanted: Wanted; replicas: number; priced: PricedPath },
): Then => {
  const range = has.range ?? undefined
  const agreed = { ...priced, agreed: asAgreedBefore(input) }
  const { autoscaler } = servingObjects({ ...buildOf(input, rule, wanted), generation: base.generation })
  const { upTo: _, ...bare } = base
  const perHour = costAtPoints(agreed).at(-1)?.extra ?? 0
  const loadMinutes = rule.service.loadMinutes.p95
  return {
    title: titleOfHas(input, rule, { base, has, replicas }),
    after: { ...bare, replicas, ...(range && { upTo: range.max }) },
    objects: autoscaler === undefined ? [] : [autoscaler],
    price: scaledPrice(agreed, range),
    strategy: scaling(base, replicas, range),
    reasons: scaledTexts(agreed, range),
    steps: (moves) => {
      const name = `move-${moves + 1}`
      if (range === undefined)
        return moves > 0 || !isRescaled(has, input) ? [] : [unscaledStep([base], { name, loadMinutes })]
      const at = {
        autoscaler: autoscaler ?? null,
        target: base,
        point: { old: 0, new: replicas },
        perHour,
        loadMinutes,
      }
      return [scaledStep({ name, called: titleOf(base), range }, at)]
    },
  }
}

const titleOfHas = (
  input: ServeInput,
  { name }: Rule,
  { base, has, replicas }: { base: GenerationView; has: PolicyHas; replicas: number },
): string => {
  const [it, as] = [`${titleOf(base)}, which serves ${name}`, asChanged(base, replicas).as]
  if (has.range !== null) return `Scale ${it}, between ${has.range.min} and ${replicaCount(has.range.max)}${as}`
  return base.replicas === replicas && isRescaled(has, input)
    ? `Let nothing scale ${it}, any more: ${replicaCount(replicas)}`
    : `Scale ${it}, from ${base.replicas} to ${replicaCount(replicas)}${as}`
}
