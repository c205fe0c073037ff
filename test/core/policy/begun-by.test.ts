import { expect, it } from 'vitest'
import { laterSince, sinceOf } from '../../../core/policy/begun-by.ts'

const nightly = { cron: '0 2 * * *', zone: 'UTC' }
const policyOf = (pipelines: Record<string, { was?: string; on: object }>) => ({ pipelines })

it('counts from when the policy says so first, anew where it says something else or did not say it, and whatever the rule is called', () => {
  const first = laterSince({}, policyOf({ a: { on: { schedule: nightly, version: { model: 'm' } } } }), 5)
  expect(first).toEqual({ 'a schedule': { of: '0 2 * * * UTC', at: 5 }, 'a version': { of: 'm', at: 5 } })
  const renamed = policyOf({ b: { was: 'a', on: { schedule: nightly, version: { model: 'n' } } } })
  const second = laterSince(first, renamed, 9)
  expect([sinceOf({ since: second }, 'a', 'schedule'), sinceOf({ since: second }, 'a', 'version')]).toEqual([5, 9])
  const gone = laterSince(second, policyOf({}), 10)
  expect(gone).toEqual({})
  expect(sinceOf({ since: laterSince(gone, renamed, 12) }, 'a', 'schedule')).toBe(12)
  expect(sinceOf({}, 'a', 'schedule')).toBe(0)
})
