import type { Strategy } from '../strategy.ts'
import type { GenerationView } from '../world.ts'
import { rangeOf } from './scaled-range.ts'
import type { ServeInput } from './serve-plan.ts'
import type { Rule } from './serve-room.ts'

/** With as many replicas of what was judged as the policy has of it, where it has others since that was decided last. */
export const asPolicyHas = (input: ServeInput, { service }: Rule): ServeInput => {
  const [{ baseline }, { replicas, autoscaling }] = [input, service]
  // How many there are of what is scaled nobody has decided.
  if (autoscaling !== undefined && rangeOf(input.policy, service) !== null) return input
  const isOther = baseline?.of !== undefined && baseline.of !== replicas && baseline.replicas !== replicas
  return isOther ? { ...input, baseline: { ...baseline, replicas } } : input
}

/** Why what serves is scaled though what is wanted has ended otherwise. */
export const POLICYS = 'the policy has another number of what serves by now'

/** The way of that. */
export const scaling = ({ replicas: now }: GenerationView, replicas: number): Strategy => ({
  name: 'scale',
  why: POLICYS,
  path: [
    { old: 0, new: now },
    { old: 0, new: replicas },
  ],
  rejected: [],
})
