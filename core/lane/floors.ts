import { type LaneKind, laneName } from '../lane-kinds/kind.ts'
import { type RungRow, rungsInForce } from '../money/rungs.ts'
import { crossedText } from '../money/rungs-text.ts'
import { rungName } from '../policy/rung.ts'
import type { Policy } from '../policy.ts'

interface Seen {
  rungs: readonly RungRow[]
  now: number
}

/** The rung that has services go to their floor now; null: none does. */
const floorsNow = (policy: Policy, { rungs, now }: Seen): RungRow | null => {
  const names = new Set(
    (policy.budget.ladder ?? []).flatMap((rung) => (rung.serving === 'floor' ? [rungName(rung)] : [])),
  )
  return rungsInForce(policy, rungs, now).find(({ name }) => names.has(name)) ?? null
}

/** Whether a ladder has services go to their floor at any share. */
export const hasFloors = ({ budget: { ladder = [] } }: Pick<Policy, 'budget'>): boolean =>
  ladder.some(({ serving }) => serving === 'floor')

/**
 * The policy as a lane keeps to it now: while a rung says so, a service has its floor for its replicas, as if somebody had written that. So it is planned, priced, asked
 * about and scaled as after an edit of the policy, and goes back in the same way: nothing is remembered (law 11).
 */
export const policyNow = (policy: Policy, { kind, lane }: { kind: LaneKind; lane: string }, seen: Seen): Policy => {
  const rung = kind.atFloor === undefined || !hasFloors(policy) ? null : floorsNow(policy, seen)
  const less = rung === null ? null : (kind.atFloor?.(policy, laneName(lane)) ?? null)
  if (rung === null || less === null) return policy
  const floored = `it makes do with its \`floor\`, as \`serving: 'floor'\` of ${rung.name} says: ${crossedText(rung, policy.budget.name)}`
  return { ...less.policy, version: `${policy.version}-floor`, floored }
}
