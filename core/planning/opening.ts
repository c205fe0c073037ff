import { monthBegin, monthOf } from '../money/months.ts'
import { keptAt } from '../pools/ceiling.ts'
import { own } from '../record.ts'
import type { PoolView, World } from '../world.ts'
import type { PipelineInput } from './pipeline-steps.ts'

/**
 * The pools as high as their hours make them at a time that people chose to wait for, or by now where that is past: their own lanes set that
 * a moment later. What a rung of the budget caps stays as low as that says until the month turns: from then on no rung is in force, and nothing
 * of the month is spent. What is held then stays held.
 */
export const openedAt = (
  { policy, world, now }: Pick<PipelineInput, 'policy' | 'world' | 'now'>,
  from: number,
): World => {
  const then = Math.max(now, from)
  const turned = turnsBefore(then, now)
  const pools = Object.entries(world.pools).map(([name, { capped, ...view }]): [string, PoolView] => {
    const [rule, isFree] = [own(policy.pools, name), capped === undefined || turned]
    const moves = rule?.hours !== undefined || capped !== undefined
    const known = isFree ? view : { ...view, capped }
    if (rule === undefined || view.ceiling === null || !isFree || !moves) return [name, known]
    return [name, { ...known, ceiling: Math.max(view.ceiling, keptAt(rule, view.leases ?? [], then)) }]
  })
  return {
    ...world,
    pools: Object.fromEntries(pools),
    ...(turned ? { dollars: { ...world.dollars, spent: 0 } } : {}),
  }
}

/** Whether the month turns until then. */
export const turnsBefore = (then: number, now: number): boolean => then > now && monthOf(then) !== monthOf(now)

/** What keeps a plan out that may begin later. */
interface Kept {
  reason: string
}

/** An alternative that may wait, as the policy says it. */
interface Waiting {
  whenOpens?: true | undefined
  whenTurns?: true | undefined
}

/** When an alternative on these pools may begin that may not now, the soonest first: when they open, and when the month turns. */
export const laterTimes = (
  { whenOpens, whenTurns }: Waiting,
  pools: ReadonlySet<string>,
  { world, now }: Pick<PipelineInput, 'world' | 'now'>,
): number[] => {
  const turns = whenTurns === true ? [monthBegin(now, 1)] : []
  return [...new Set([...(whenOpens === true ? openingsOf(pools, world) : []), ...turns])].sort((a, b) => a - b)
}

/** Whether waiting until then may do for what was refused: until the month turns that is for what the budget keeps out, be that by a rung, and no other. */
export const mayDo = (
  { reason }: Kept,
  then: number,
  { pools, world, now }: Pick<PipelineInput, 'world' | 'now'> & { pools: ReadonlySet<string> },
): boolean => {
  if (reason === 'budget-exceeded') return turnsBefore(then, now)
  const capped = [...pools].some((name) => own(world.pools, name)?.capped !== undefined)
  return reason === 'pool-too-small' && (openingsOf(pools, world).includes(then) || capped)
}

/** When pools that are too low now are higher by their hours, the soonest first. */
export const openingsOf = (pools: ReadonlySet<string>, { pools: views }: World): number[] => {
  const times = [...pools].flatMap((name) => own(views, name)?.rises?.at ?? [])
  return [...new Set(times)].sort((a, b) => a - b)
}

/** What is reckoned with otherwise, where it begins in another month. */
export const turnText = ({ chosen, now }: Pick<PipelineInput, 'chosen' | 'now'>): string[] => {
  const { from } = chosen ?? {}
  return from === undefined || !turnsBefore(from, now)
    ? []
    : [`it begins in another month, ${monthOf(from)}, of which nothing is spent yet`]
}
