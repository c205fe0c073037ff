import { expect, it } from 'vitest'
import { poolRoom } from '../../../core/lane/room.ts'
import { pool } from '../../../core/lane-kinds/pool.ts'
import { policy } from '../lane/fixture.ts'

it('a pool is a lane of the policy’s, the room of which others hold, and grants its line', () => {
  expect(pool.ruleOf(policy, 'gpu-train')).toEqual({ lane: poolRoom('gpu-train'), name: 'gpu-train', mode: 'act' })
  expect(pool.ruleOf(policy, 'nowhere')).toBeNull()
  expect(pool.grants).toBe(true)
})

it('nothing else is wanted of it yet', () => {
  const run = { lane: poolRoom('gpu-train'), generation: 1, attempt: 1 }
  expect(pool.plan({ run } as never)).toMatchObject({ kind: 'refuse', reason: 'not-configured' })
  expect(pool.back({} as never)).toEqual([])
  expect(pool.baselineOf({} as never, {} as never)).toBeNull()
  expect([pool.isNothing({} as never), pool.requesterOf({} as never)]).toEqual([true, null])
  expect([pool.keyOf({ kind: 'none' } as never), pool.titleOf({ kind: 'none' } as never)]).toEqual(['none', 'none'])
})
