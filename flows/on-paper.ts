import { type Desired, desiredKey } from '../core/desired.ts'
import { currentRun } from '../core/lane.ts'
import type { Planned } from '../core/plan.ts'
import { planFor } from '../core/planning/plan-for.ts'
import type { Policy } from '../core/policy.ts'
import type { LaneRow } from '../core/rows.ts'
import { observe } from './observe.ts'
import type { Ports } from './ports.ts'

/** The plan that would be made now, without any effect. */
export const onPaper = async (
  ports: Pick<Ports, 'cluster' | 'ledger' | 'clock'>,
  policy: Policy,
  { row, desired }: { row: LaneRow; desired: Desired },
): Promise<Planned> => {
  const same = row.desired !== null && desiredKey(row.desired) === desiredKey(desired)
  const run = same
    ? { ...currentRun(row), attempt: row.attempt + 1 }
    : { lane: row.lane, generation: row.generation + 1, attempt: 1 }
  const { world } = await observe(ports, policy, row.lane)
  return planFor({ desired, run, baseline: row.baseline, policy, world, now: ports.clock.now() })
}
