import { expect, it } from 'vitest'
import { asPolicyHas, scaling } from '../../../core/planning/as-policy-has.ts'

it('what was judged is to have as many as the policy has, where that has another number since it was decided last', () => {
  const of = (baseline: object | null, replicas: number) =>
    asPolicyHas({ baseline } as never, { service: { replicas } } as never).baseline?.replicas
  expect(of({ replicas: 2, of: 2 }, 4)).toBe(4)
  expect(of({ replicas: 2, of: 4 }, 4)).toBe(2)
  expect(of({ replicas: 2 }, 4)).toBe(2)
  expect(of(null, 4)).toBeUndefined()
  expect(scaling({ replicas: 2 } as never, 4).path).toEqual([
    { old: 0, new: 2 },
    { old: 0, new: 4 },
  ])
})
