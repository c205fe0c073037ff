import { expect, it } from 'vitest'
import { laneNameOf, ruleNamed } from '../../../core/policy/names.ts'

const rules: Record<string, { n: number; was?: string }> = {
  chats: { n: 1 },
  sales: { n: 2, was: 'leads' },
  leads2: { n: 3 },
}

it('a rule that was renamed keeps the lane that it had, and is found by that lane’s name alone', () => {
  expect(laneNameOf('sales', rules['sales']!)).toBe('leads')
  expect(ruleNamed(rules, 'leads')).toEqual({ key: 'sales', rule: rules['sales'] })
  expect(ruleNamed(rules, 'sales')).toBeUndefined()
  expect(ruleNamed(rules, 'chats')).toEqual({ key: 'chats', rule: rules['chats'] })
})

it('no rule is found by a name that every object inherits', () => {
  expect(ruleNamed(rules, 'constructor')).toBeUndefined()
})
