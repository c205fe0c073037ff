import { expect, it } from 'vitest'
import { isRescaled, policyHas, scaling } from '../../../core/planning/as-policy-has.ts'

const keda = { prometheus: 'http://p' }
const has = (baseline: object | null, service: object, replicas = 2) => {
  const view = { generation: 1, replicas, object: { metadata: {} } }
  const world = { generations: [view] }
  const known = baseline && { generation: 1, replicas: 2, ...baseline }
  return policyHas({ baseline: known, policy: { keda }, world } as never, { service } as never)
}
const scaled = (min: number, max: number) => ({ replicas: max, autoscaling: { min, max, on: {}, calmMinutes: 15 } })

it('what was judged is to have as many as the policy has, where that has another number since it was decided last', () => {
  expect(has({ of: 2 }, { replicas: 4 })).toEqual({ replicas: 4, range: null })
  expect(has({ of: 4 }, { replicas: 4 })).toBeNull()
  expect(has({}, { replicas: 4 })).toBeNull()
  expect(has(null, { replicas: 4 })).toBeNull()
  expect(scaling({ replicas: 2 } as never, 4).path).toEqual([
    { old: 0, new: 2 },
    { old: 0, new: 4 },
  ])
})

it('the same of how far it is scaled, with as many as stand within that', () => {
  const agreed = { of: 3, most: true, upTo: 3 }
  expect(has(agreed, scaled(1, 3))).toBeNull()
  expect(has(agreed, scaled(1, 4))).toEqual({ replicas: 2, range: { min: 1, max: 4 } })
  expect(has(agreed, scaled(1, 2), 3)).toEqual({ replicas: 2, range: { min: 1, max: 2 } })
  // People have said no to that, or to as many that stand whatever their callers need.
  expect(has({ ...agreed, of: 4 }, scaled(1, 4))).toBeNull()
  expect(has({ ...agreed, of: 4 }, scaled(1, 3))).toBeNull()
  // A number that is the same by chance is another where it was scaled, or was not.
  expect(has({ of: 3 }, scaled(1, 3))).toEqual({ replicas: 2, range: { min: 1, max: 3 } })
  expect(has(agreed, { replicas: 3 })).toEqual({ replicas: 3, range: null })
  expect(has({ upTo: 3, of: 3 }, { replicas: 3 })).toBeNull()
})

it('it is scaled otherwise where it was scaled, or is to be', () => {
  const of = (range: object | null, upTo?: number) =>
    isRescaled({ replicas: 2, range } as never, { baseline: { ...(upTo && { upTo }) } } as never)
  expect([of(null), of(null, 3), of({ min: 1, max: 3 }), of({ min: 1, max: 3 }, 4)]).toEqual([false, true, true, true])
})
