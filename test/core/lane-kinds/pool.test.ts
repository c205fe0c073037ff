import { expect, it } from 'vitest'
import type { LeaseDesired } from '../../../core/desired.ts'
import { poolRoom } from '../../../core/lane/room.ts'
import { pool } from '../../../core/lane-kinds/pool.ts'
import { NOW, policy } from '../lane/fixture.ts'

it('a pool is a lane of the policy’s, the room of which others hold, and grants its line', () => {
  expect(pool.ruleOf(policy, 'gpu-train')).toEqual({ lane: poolRoom('gpu-train'), name: 'gpu-train', mode: 'act' })
  expect(pool.ruleOf(policy, 'nowhere')).toBeNull()
  expect([pool.grants, pool.stands, pool.lasts]).toEqual([true, false, 'once'])
})

it('what is wanted of it is a lease, each time another; it leaves nothing behind that could be walked back', () => {
  const lease: LeaseDesired = { kind: 'leased', asked: '1.a', gpus: 8, until: NOW, requester: 'T0/U0' }
  expect([pool.keyOf(lease), pool.keyOf({ ...lease, asked: '2.a' })]).toEqual(['lease:1.a', 'lease:2.a'])
  expect(pool.titleOf(lease)).toBe('lease of 8 GPUs until 2026-11-24 09:00 UTC')
  expect(pool.titleOf({ ...lease, of: 'g1' })).toBe('lease g1 of 8 GPUs until 2026-11-24 09:00 UTC')
  expect(pool.requesterOf(lease)).toEqual({ by: 'T0/U0', proven: false })
  expect([pool.isNothing(lease), pool.pinned(lease, policy, 'gpu-train')]).toEqual([false, lease])
  expect([pool.back({} as never), pool.baselineOf({} as never, {} as never)]).toEqual([[], null])
})
