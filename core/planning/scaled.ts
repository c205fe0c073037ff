import type { Decided } from '../lane/decided.ts'
import type { Policy } from '../policy.ts'
import type { GenerationView } from '../world.ts'
import { replicaCount } from './generations.ts'
import { agreedRange, rangeOf, type ScaledRange } from './scaled-range.ts'
import type { Rule } from './serve-room.ts'

/**
 * The rule with as many replicas as are wanted of it now: where it is scaled, those that stand, within its range. What stands under its autoscaler may
 * have none where the policy lets it; whatever moves has one, which is judged. `gone`: as many as somebody has deleted with their Deployment.
 */
export const withReplicasNow = (
  policy: Pick<Policy, 'keda'>,
  rule: Rule,
  {
    target,
    others,
    gone = 0,
  }: { target: GenerationView | undefined; others: readonly GenerationView[]; gone?: number },
): Rule => {
  const range = rangeOf(policy, rule.service)
  if (range === null) return rule
  const stand = Math.max(target?.replicas ?? 0, gone, ...others.map(({ replicas }) => replicas))
  const isLeft = target?.upTo !== undefined && others.length === 0
  return { ...rule, range, service: { ...rule.service, replicas: replicasWithin(range, stand, isLeft) } }
}

/** As many as stand, within the range. `isLeft`: they are left to what scales them, which may have none. */
export const replicasWithin = ({ min, max }: ScaledRange, stand: number, isLeft: boolean): number =>
  Math.min(max, Math.max(isLeft ? min : Math.max(1, min), stand))

/** `2 replicas`, or `1 to 4 replicas` where it is scaled. */
export const replicasText = ({ service, range }: Pick<Rule, 'service' | 'range'>): string =>
  range === undefined ? replicaCount(service.replicas) : `${range.min} to ${replicaCount(range.max)}`

/** The rule as far as people have agreed to how it is scaled: what was judged is scaled no further. */
export const asAgreed = (rule: Rule, { policy, baseline }: { policy: Policy; baseline: Decided | null }): Rule => {
  const range = agreedRange(rangeOf(policy, rule.service), baseline)
  return range === null ? rule : { ...rule, range }
}
