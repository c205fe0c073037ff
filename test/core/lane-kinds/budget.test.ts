import { describe, expect, it } from 'vitest'
import { budget } from '../../../core/lane-kinds/budget.ts'
import { calledBy } from '../../../core/lane-kinds/called.ts'
import { parsePolicy } from '../../../core/policy.ts'
import config from '../../example.ts'

const policy = parsePolicy({ ...config, budget: { name: 'ml', dollars: 100, ladder: [{ at: 1, do: 'notify' }] } })

describe('the lane of a budget', () => {
  it('is there where the policy has a ladder', () => {
    expect(budget.ruleOf(policy, 'ml')).toEqual({ lane: 'budget/ml', name: 'ml', mode: 'act' })
    expect(budget.ruleOf(parsePolicy(config), 'ml-monthly')).toBeNull()
    expect(budget.ruleOf(policy, 'ml-monthly')).toBeNull()
  })

  it('goes by the name that the budget had first, and is shown by the one that it has', () => {
    const renamed = { ...policy, budget: { ...policy.budget, known: 'ml-monthly' } }
    expect(budget.ruleOf(renamed, 'ml-monthly')).toMatchObject({ lane: 'budget/ml-monthly' })
    expect(budget.ruleOf(renamed, 'ml')).toBeNull()
    expect(calledBy(renamed)).toEqual({ 'budget/ml-monthly': 'budget/ml' })
  })
})
