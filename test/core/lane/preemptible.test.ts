import { expect, it } from 'vitest'
import { isPreemptible, isSaidByPlan, stageOf, suspends } from '../../../core/lane/preemptible.ts'
import { monthBegin } from '../../../core/money/months.ts'
import type { RungRow } from '../../../core/money/rungs.ts'
import { HOUR, NOW, planRow, policyWith, running, runOf, viewOf, wanted } from './fixture.ts'

const row: RungRow = {
  ...{ lane: 'budget/ml-monthly', name: 'suspend-preemptible', at: 0.95, since: NOW - HOUR },
  ...{ until: monthBegin(NOW, 1), spent: 951, dollars: 1000, saves: 55.04 },
}
const policyOf = (stage: object | null) =>
  policyWith((config) => {
    config.budget = { name: 'ml-monthly', dollars: 1000, ladder: [{ at: 0.95, do: 'suspend-preemptible' }] }
    if (stage === null) config.pipelines = {}
    else Object.assign(config.pipelines?.['support-chats']?.stages?.[0] ?? {}, stage)
  })
const has = { is: true, since: NOW, at: NOW, by: 'me', fence: 4 }
const planned = {
  ...planRow,
  plan: { ...planRow.plan, steps: planRow.plan.steps.map((step) => ({ ...step, again: 1 })) as never },
}
const seen = (stage: object | null, { over = {}, plan = planRow }: { over?: object; plan?: typeof planRow } = {}) =>
  viewOf({
    ...{ policy: policyOf(stage), rungs: [row], plan },
    doc: wanted({ run: runOf({ phase: 'steps', steps: [running({ touched: true, ...over })] }) }),
  })

it.each([
  ['the policy says it of its stage', seen({ preemptible: true }), true],
  ['it says it no more, though it is suspended', seen({ preemptible: false }, { over: { suspended: has } }), false],
  ['its pipeline has left, and it is suspended', seen(null, { over: { suspended: has } }), true],
  ['its pipeline has left, and it was planned so', seen(null, { plan: planned }), true],
  ['its stage has left, and it was planned so', seen({ name: 'other', preemptible: true }, { plan: planned }), true],
  ['its pipeline has left, and it was planned otherwise', seen(null), false],
])('a rung suspends what is under way where %s: %#', (_, view, is) => {
  expect(suspends(view, 'train')?.name ?? null).toBe(is ? 'suspend-preemptible' : null)
  expect(suspends({ ...view, rungs: [] }, 'train')).toBeNull()
})

it('is of the stage at work, or the next one, where that is a Job', () => {
  expect([isPreemptible(seen({ preemptible: true })), isPreemptible(seen(null))]).toEqual([true, false])
  expect(isPreemptible(seen(null, { plan: planned }))).toBe(true)
  expect(stageOf(runOf({ steps: [running({ kind: 'notify' })] }))).toBeUndefined()
  expect(stageOf(runOf({ steps: [running({ state: 'done' })] }))).toBeUndefined()
})

it('is said by its plan alone where the policy says nothing of the stage at work any more', () => {
  expect(
    [{ preemptible: true }, { preemptible: false }, { name: 'other' }, null].map((one) => isSaidByPlan(seen(one))),
  ).toEqual([false, false, true, true])
  expect(isSaidByPlan(viewOf({ policy: policyOf(null), doc: wanted() }))).toBe(false)
})
