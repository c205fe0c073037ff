import { expect, it } from 'vitest'
import type { PoolPolicy } from '../../../core/policy.ts'
import { STAGE_REVISION, stagePods } from '../../../core/workloads/stage-revisions.ts'

const room = { asked: 10, scratch: 20 }
const pools: Pick<PoolPolicy, 'capacityTypes'>[] = [
  { capacityTypes: ['on-demand'] },
  { capacityTypes: ['reserved', 'on-demand'] },
  { capacityTypes: ['on-demand', 'spot'] },
]

it.each([
  ['that says none, as in the first', undefined, null, [true, true, true, true]],
  ['of the first', 1, null, [true, true, true, true]],
  ['of the second', 2, room, [true, true, true, true]],
  ['of the third', 3, room, [true, true, true, false]],
] as const)('a stage keeps what its pods are made of: one %s', (_, revision, disk, held) => {
  const pods = stagePods(revision)
  expect(pods.disk).toEqual(disk)
  expect([undefined, ...pools].map((pool) => pods.heldIn(pool))).toEqual(held)
})

it('there is none that never was, and what is newly wanted is made in the last', () => {
  expect(STAGE_REVISION).toBe(3)
  expect(() => stagePods(STAGE_REVISION + 1)).toThrow('no revision')
})
