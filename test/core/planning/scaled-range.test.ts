import { expect, it } from 'vitest'
import { agreedRange, isWithin, rangeOf } from '../../../core/planning/scaled-range.ts'

const keda = { prometheus: 'http://p', account: 'keda/keda-operator' }
const scaling = (min: number, max: number) => ({ autoscaling: { min, max, on: {}, calmMinutes: 15 } })

it('a service is scaled where the policy has KEDA, and between two numbers', () => {
  expect(rangeOf({ keda }, scaling(1, 3))).toEqual({ min: 1, max: 3 })
  expect(rangeOf({}, scaling(1, 3))).toBeNull()
  expect(rangeOf({ keda }, {})).toBeNull()
  // As a floor leaves it that caps its most.
  expect(rangeOf({ keda }, scaling(2, 2))).toBeNull()
})

it.each([
  [1, 3, true],
  [0, 3, true],
  [4, 3, false],
  // Nothing that scales it stands: somebody has taken the last one, or more than there may be.
  [0, undefined, false],
  [1, undefined, true],
  [3, undefined, true],
])('%i replicas with an autoscaler up to %s: as wanted or not', (replicas, upTo, wanted) => {
  expect(isWithin({ min: 0, max: 3 }, { replicas, ...(upTo && { upTo }) })).toBe(wanted)
  expect(isWithin(null, { replicas, ...(upTo && { upTo }) })).toBe(false)
})

it('goes as far as people have agreed to, and not at all where they have not', () => {
  expect(agreedRange({ min: 1, max: 5 }, { upTo: 3 })).toEqual({ min: 1, max: 3 })
  // Another most is agreed to first, be it less.
  expect(agreedRange({ min: 1, max: 2 }, { upTo: 3 })).toEqual({ min: 1, max: 3 })
  for (const baseline of [null, {}, { of: 5 }, { upTo: 1 }])
    expect(agreedRange({ min: 1, max: 5 }, baseline)).toBeNull()
  expect(agreedRange(null, { upTo: 3 })).toBeNull()
})
