import type { Desired } from '../../core/desired.ts'
import { orders } from '../../core/lane.ts'
import type { Bounds, Plan, Planned } from '../../core/plan.ts'
import { modeOf, planFor } from '../../core/planning/plan-for.ts'
import type { Policy } from '../../core/policy.ts'
import type { LaneRow } from '../../core/rows.ts'
import { type Observed, observe, type Seen } from '../observe.ts'
import { type Carrier, momentOf, type Rows, readRows } from './carrier.ts'

/** Why a run stops before its plan is done, without having failed. */
export type Stop = { kind: 'lost' } | { kind: 'superseded' } | { kind: 'cancelled'; detail: string }

/** What a round of planning comes to. */
export type Round =
  | { kind: 'plan'; digest: string; required: boolean }
  | { kind: 'nothing'; detail: string }
  | { kind: 'refuse'; reason: Extract<Planned, { kind: 'refuse' }>['reason']; detail: string }
  | Stop

/** The plan as it would be now, with everything that it was made from. */
export interface Situation {
  rows: Rows
  policy: Policy
  observed: Observed
  planned: Planned
}

/** Loads the policy in force, observes and plans, inside approved bounds where there are some: nothing is written. */
export const look = async (carrier: Carrier, within?: Bounds, seen?: Seen): Promise<Situation> => {
  const { ports, run } = carrier
  const policy = await ports.policies.load()
  const rows = await readRows(carrier)
  const { desired, baseline } = rows.lane.value
  const observed = await observe(ports, policy, run.lane, seen)
  const planned = planFor({
    desired: desired as Desired,
    run,
    baseline,
    policy,
    world: observed.world,
    now: ports.clock.now(),
    within,
  })
  return { rows, policy, observed, planned }
}

/** Plans, stores the plan, and says whether somebody must be asked. */
export const planRound = async (carrier: Carrier): Promise<Round> => {
  for (;;) {
    const { rows, policy, planned } = await look(carrier)
    const stop = whyStop(carrier, rows.lane.value, policy)
    if (stop !== null) return stop
    if (planned.kind === 'nothing') return { kind: 'nothing', detail: planned.reason }
    if (planned.kind === 'refuse') return planned
    if (await store(carrier, rows, planned.plan)) {
      const { digest, approval } = planned.plan
      return { kind: 'plan', digest, required: approval.required }
    }
  }
}

/** Whether the run must stop where it is. Switching a rule to shadow cancels what has no effects yet (law 13). */
export const whyStop = ({ run }: Pick<Carrier, 'run'>, lane: LaneRow, policy: Policy): Stop | null => {
  const order = orders(lane, run, false)
  if (order === 'lost' || order === 'superseded') return { kind: order }
  if (order === 'cancelled') return { kind: 'cancelled', detail: `cancelled by ${lane.cancelled?.by}` }
  if (modeOf(policy, lane.desired as Desired) === 'shadow')
    return { kind: 'cancelled', detail: 'its rule was switched to shadow before it had any effect' }
  return null
}

/** Whether a plan stays inside the bounds that were approved (law 7). */
export const within = (plan: Plan, bounds: Bounds): boolean =>
  plan.bounds.dollars <= bounds.dollars &&
  plan.bounds.unavailable <= bounds.unavailable &&
  Object.entries(plan.bounds.gpus).every(([pool, gpus]) => gpus <= (bounds.gpus[pool] ?? 0))

const store = async (carrier: Carrier, rows: Rows, plan: Plan): Promise<boolean> => {
  const { ports, id, run } = carrier
  const stored = await ports.ledger.read('plan', id)
  const { ok } = await ports.ledger.commit([
    { check: 'lane', id: run.lane, revision: rows.lane.revision },
    { put: 'plan', id, revision: stored?.revision ?? 0, value: plan },
    { put: 'run', id, revision: rows.run.revision, value: { ...rows.run.value, stage: 'planned' } },
    momentOf(carrier, 'plan', plan.title, {
      digest: plan.digest,
      strategy: plan.strategy?.name ?? null,
      policy: plan.policy,
      dollars: plan.bounds.dollars,
    }),
  ])
  return ok
}
