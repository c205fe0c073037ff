import { expect, it } from 'vitest'
import { whyNoRoom } from '../../../core/planning/kept-room.ts'
import { type Rule, ruleOf } from '../../../core/planning/serve-room.ts'
import { type Given, given } from './serve-fixture.ts'

const why = (
  change: Given,
  { has = null, want }: { has?: { replicas: number; range: object | null } | null; want: number },
) => {
  const input = given({ generation: 3, ...change })
  const rule = ruleOf(input.policy, input.world, 'support-llama') as Rule
  const [base] = input.world.generations
  if (base === undefined) throw new Error('nothing stands')
  return whyNoRoom(input, rule, { base, has: has as never, want, count: has?.replicas ?? 3 })
}

it('one that comes back has room, or is refused; all of what the policy has have, or none comes', () => {
  expect(why({}, { want: 3 })).toBeNull()
  expect(why({}, { want: 2 })).toMatchObject({
    reason: 'would-deadlock',
    detail: expect.stringContaining('no replica'),
  })
  expect(why({}, { has: { replicas: 3, range: null }, want: 3 })).toBeNull()
  expect(why({}, { has: { replicas: 4, range: null }, want: 3 })).toMatchObject({
    detail: expect.stringContaining('not all of 4 replicas'),
  })
})

it('as many as it may be scaled to have room beside what others hold, however many stand', () => {
  const has = { replicas: 2, range: { min: 1, max: 4 } }
  expect(why({}, { has, want: 2 })).toBeNull()
  expect(why({ pool: { used: 12, heldByOthers: 4 } }, { has, want: 2 })).toMatchObject({
    reason: 'would-deadlock',
    detail: expect.stringContaining('may be scaled to 4 × 4 GPUs, which are held for it'),
  })
})
