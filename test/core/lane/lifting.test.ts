import { describe, expect, it } from 'vitest'
import type { LiftLetter } from '../../../core/lane/letters.ts'
import { foldLift } from '../../../core/lane/lifting.ts'
import { keptByRung, liftedBy } from '../../../core/lane/rungs.ts'
import { monthBegin } from '../../../core/money/months.ts'
import { rungsDue } from '../../../core/money/rungs.ts'
import { BEN, docOf, HOUR, NOW, policyWith, runOf, viewOf, wanted } from './fixture.ts'

const LANE = 'budget/ml-monthly'
const until = monthBegin(NOW, 1)
const ladder = [{ at: 0.9, do: 'no-new-runs' as const }]
const policy = policyWith((config) => {
  config.budget = { name: 'ml-monthly', dollars: 1000, ladder }
})
const row = {
  ...{ lane: LANE, name: 'no-new-runs', at: 0.9, since: NOW - HOUR, until },
  ...{ spent: 912, dollars: 1000, saves: 10 },
}
const letter = (over: Partial<LiftLetter> = {}): LiftLetter => ({
  ...{ kind: 'lift', id: 'l1', lane: LANE, at: NOW, due: NOW, rung: 'no-new-runs', by: BEN, why: 'a demo' },
  ...over,
})
const budgetView = viewOf({ doc: docOf({ lane: LANE }), policy, rungs: [row] })

describe('a lift', () => {
  it('is wanted once, by whoever asks, of what is in force', () => {
    const change = foldLift(budgetView, letter())
    expect(change.doc).toMatchObject({
      generation: 1,
      desired: { kind: 'lifted', rung: 'no-new-runs', until, requester: BEN, why: 'a demo', asked: 'l1' },
    })
    expect(change.removed).toEqual([letter()])
    const refused = (given: ReturnType<typeof foldLift>) => given.moments[0]?.data?.['reason']
    expect(refused(foldLift({ ...budgetView, rungs: [] }, letter()))).toBe('no-such-rung')
    expect(refused(foldLift({ ...budgetView, now: until }, letter()))).toBe('no-such-rung')
    expect(refused(foldLift({ ...budgetView, doc: change.doc }, letter()))).toBe('in-progress')
    const closed = policyWith((config) => {
      config.budget = { name: 'ml-monthly', dollars: 1000, ladder }
      config.approvals.operators = [{ id: 'T0SIGNAL/U0OPS', name: 'ops' }]
    })
    expect(refused(foldLift({ ...budgetView, policy: closed }, letter()))).toBe('not-an-operator')
    expect(refused(foldLift(viewOf({ policy }), letter()))).toBe('not-configured')
  })

  it('lets go of who rests on the rung, and lasts until the month is over, whatever is spent', () => {
    const lifted = { ...row, lifted: { by: BEN, at: NOW } }
    expect(liftedBy({ lifts: lifted }, policy)).toEqual({ rungs: [{ row: lifted, gone: false }], wakes: [] })
    expect(liftedBy({ lifts: { ...lifted, caps: {} } }, policy).wakes).toContain('pool/gpu-train')
    const run = runOf()
    const view = viewOf({ policy, doc: wanted({ run }) })
    expect(keptByRung({ ...view, rungs: [row] }, run)?.kind).toBe('rest')
    expect(keptByRung({ ...view, rungs: [lifted] }, run)).toBeNull()
    const saves = { notify: 0, 'ask-always': 0, 'no-new-runs': 0, 'suspend-preemptible': 0, 'cap-pools': 0 }
    const at = (now: number, spent: number) =>
      rungsDue([lifted], { lane: LANE, spent, dollars: 1000, ladder, now, until: monthBegin(now, 1), saves, caps: {} })
    expect([at(NOW, 2000), at(NOW, 0)]).toEqual([[], []])
    expect(at(until, 2000)).toMatchObject([{ gone: false, row: { name: 'no-new-runs', since: until } }])
  })
})
