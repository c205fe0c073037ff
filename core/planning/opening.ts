import { keptAt } from '../pools/ceiling.ts'
import type { World } from '../world.ts'
import { own } from './pipeline-price.ts'
import type { PipelineInput } from './pipeline-steps.ts'

/**
 * The pools as high as their hours make them at a time that people chose to wait for, or by now where that is past: their own lanes set that
 * a moment later. What a rung of the budget caps stays as low as that says.
 */
export const openedAt = (
  { policy, world, now }: Pick<PipelineInput, 'policy' | 'world' | 'now'>,
  from: number,
): World => ({
  ...world,
  pools: Object.fromEntries(
    Object.entries(world.pools).map(([name, view]) => {
      const { hours, ...rule } = own(policy.pools, name) ?? {}
      if (hours === undefined || view.ceiling === null || view.capped !== undefined) return [name, view]
      const then = keptAt({ ...rule, hours } as Parameters<typeof keptAt>[0], view.leases ?? [], Math.max(now, from))
      return [name, { ...view, ceiling: Math.max(view.ceiling, then) }]
    }),
  ),
})

/** When pools that are too low now are higher by their hours, the soonest first. */
export const openingsOf = (pools: ReadonlySet<string>, { pools: views }: World): number[] => {
  const times = [...pools].flatMap((name) => own(views, name)?.rises?.at ?? [])
  return [...new Set(times)].sort((a, b) => a - b)
}
