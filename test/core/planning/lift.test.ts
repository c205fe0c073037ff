import { describe, expect, it } from 'vitest'
import type { LiftDesired } from '../../../core/desired.ts'
import { monthBegin } from '../../../core/money/months.ts'
import type { RungRow } from '../../../core/money/rungs.ts'
import type { Plan } from '../../../core/plan.ts'
import { liftTitle, planLift } from '../../../core/planning/lift.ts'
import { HOUR, NOW, policyWith, viewOf } from '../lane/fixture.ts'
import { emptyWorld } from '../training-fixture.ts'

const LANE = 'budget/ml-monthly'
const until = monthBegin(NOW, 1)
const policy = policyWith((config) => {
  config.budget = { name: 'ml-monthly', dollars: 1000, ladder: [{ at: 0.9, do: 'no-new-runs' }] }
  // Whatever it costs.
  config.approvals.autoApproveBelow = 1e9
})
const row: RungRow = {
  ...{ lane: LANE, name: 'no-new-runs', at: 0.9, since: NOW - HOUR, until },
  ...{ spent: 912, dollars: 1000, saves: 10 },
}
const desired: LiftDesired = {
  ...{ kind: 'lifted', asked: 'l1', rung: 'no-new-runs', until, why: 'a demo', requester: 'T0SIGNAL/U0BEN' },
}
const planned = (rungs: readonly RungRow[], now = NOW) =>
  planLift({
    ...{ identity: viewOf().identity, desired, run: { lane: LANE, generation: 1, attempt: 1 } },
    ...{ baseline: null, policy, world: emptyWorld(), now, kept: {}, rungs },
  })
const planOf = (rungs: readonly RungRow[]): Plan => (planned(rungs) as { plan: Plan }).plan

describe('the plan of a lift', () => {
  it('is priced as what the rung saves until its month is over, holds nothing itself, and is always asked about', () => {
    const dollars = Math.round(((until - NOW) / HOUR) * 1000) / 100
    expect(planOf([row])).toMatchObject({
      title: expect.stringMatching(/^Lift no-new-runs of ml-monthly until 20/),
      bounds: { dollars, gpus: {} },
      price: { total: { p50: 0, p95: dollars } },
      approval: { required: true, why: 'ml-monthly has no-new-runs so that it is kept to' },
      effects: { lifts: [expect.stringMatching(/^no-new-runs until 20/)] },
      lends: true,
    })
    expect(planOf([row]).reasons[0]).toBe('asked for, in their words: a demo')
    expect(liftTitle(desired)).toMatch(/^lift no-new-runs until 20/)
  })

  it('is none where the rung is in force no more: its month is over, somebody has lifted it, or it is another month’s', () => {
    const nothing = { kind: 'nothing', reason: expect.stringContaining('is in force no more') }
    expect(planned([])).toMatchObject(nothing)
    expect(planned([row], until)).toMatchObject(nothing)
    expect(planned([{ ...row, lifted: { by: 'x', at: NOW } }])).toMatchObject(nothing)
    expect(planned([{ ...row, until: until + 1 }])).toMatchObject(nothing)
  })

  it('binds which rung it is, and of which month', () => {
    const other = planLift({
      ...{ identity: viewOf().identity, desired: { ...desired, until: until + 1 } },
      ...{
        run: { lane: LANE, generation: 1, attempt: 1 },
        baseline: null,
        policy,
        world: emptyWorld(),
        now: NOW,
        kept: {},
      },
      rungs: [{ ...row, until: until + 1 }],
    }) as { plan: Plan }
    expect(planOf([row]).digest).toBe(planOf([{ ...row, spent: 950 }]).digest)
    expect(other.plan.effects.lifts?.length).toBe(1)
  })
})
