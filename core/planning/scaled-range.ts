import type { Count, Decided } from '../lane/decided.ts'
import type { Policy, ServicePolicy } from '../policy.ts'
import type { GenerationView } from '../world.ts'

/** Between how many replicas a service is scaled. */
export interface ScaledRange {
  min: number
  max: number
}

/** How far a service is scaled; null: it has as many replicas as the policy says, as at a floor that is its `max`. */
export const rangeOf = (
  { keda }: Pick<Policy, 'keda'>,
  { autoscaling }: Pick<ServicePolicy, 'autoscaling'>,
): ScaledRange | null => {
  if (keda === undefined || autoscaling === undefined || autoscaling.min >= autoscaling.max) return null
  return { min: autoscaling.min, max: autoscaling.max }
}

/** As many replicas as the policy has of a service. */
export const countIn = (policy: Pick<Policy, 'keda'>, service: ServicePolicy): Count => {
  const range = rangeOf(policy, service)
  return range === null ? { of: service.replicas } : { of: range.max, most: true }
}

/** Whether a number of replicas is one that it may have as it stands, whoever has set it. */
export const isWithin = (
  range: ScaledRange | null,
  { replicas, upTo }: Pick<GenerationView, 'replicas' | 'upTo'>,
): boolean =>
  range !== null && replicas <= range.max && replicas >= (upTo === undefined ? Math.max(1, range.min) : range.min)

/** As far as people have agreed to it, whatever most the policy has by now: another is agreed to first. Null: they have agreed to none. */
export const agreedRange = (range: ScaledRange | null, baseline: Decided | null): ScaledRange | null => {
  const max = baseline?.upTo ?? 0
  return range === null || range.min >= max ? null : { min: range.min, max }
}
