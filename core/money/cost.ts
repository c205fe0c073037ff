import type { Plan } from '../plan.ts'
import type { Policy } from '../policy.ts'
import type { RunRow } from '../rows.ts'
import { pricePerGpuHour } from './prices.ts'

const HOUR = 3_600_000

/**
 * Dollars that a run is reckoned to have cost so far: GPUs × hours from a step's start to its end × the pool's price per
 * GPU hour. Jobs count their own GPUs; moves of a rollout count nothing here, since what they leave standing is the
 * lane's running cost. Rounded to cents.
 */
export const costOf = ({
  run,
  plan,
  policy,
  now,
}: {
  run: RunRow
  plan: Plan
  policy: Policy
  now: number
}): number => {
  const dollars = plan.steps.reduce((sum, step) => {
    const row = run.steps.find(({ name }) => name === step.name)
    if (step.kind !== 'launch-job' || step.pool === null || row?.startedAt == null) return sum
    const pool = policy.pools[step.pool]
    const price = pool === undefined ? null : pricePerGpuHour(pool)
    return sum + (step.gpus * ((row.endedAt ?? now) - row.startedAt) * (price ?? 0)) / HOUR
  }, 0)
  return Math.round(dollars * 100) / 100
}
