import { expect, it } from 'vitest'
import { goneIn, planGone } from '../../../core/planning/serve-gone.ts'
import type { ServeInput } from '../../../core/planning/serve-plan.ts'
import { type Rule, ruleOf } from '../../../core/planning/serve-room.ts'
import { engineOf } from '../../../core/workloads/engines.ts'
import { type Given, given, serve } from './serve-fixture.ts'

it('what was judged last is gone where nothing of it stands, and nothing else answers that requests are led to', () => {
  const of = (change: Given, baseline?: ServeInput['baseline']) => {
    const input = given({ generation: 3, ...change })
    return goneIn({ ...input, desired: { kind: 'kept', model: 'support-llama' }, ...(baseline === undefined ? {} : { baseline }) }) // biome-ignore format: one line
  }
  expect(of({})).toBe(null)
  expect(of({ standing: [] })).toMatchObject({ desired: { version: '7' }, stands: 1, replicas: 2 })
  expect(of({ standing: [[2, '8', 1, 1]], led: 2 })).toBe(null)
  expect(of({ standing: [[2, '8', 1, 0]], led: 2 })).toMatchObject({ stands: 1 })
  expect(of({ standing: [], baseline: null })).toBe(null)
  expect(of({ standing: [] }, { generation: 1, desired: { ...serve('7') }, stands: 5, replicas: 1 })).toMatchObject({ stands: 5 }) // biome-ignore format: one line
})

it('brings back as many as have room, while nobody answers: the rest follows by the policy once that has, and nothing of it is refused for one', () => {
  const of = (change: Given, replicas = 2) => {
    const input = given({ standing: [], generation: 3, ...change })
    const kept = { ...input, desired: { kind: 'kept', model: 'support-llama' } as const }
    const rule = ruleOf(input.policy, input.world, 'support-llama') as Rule
    const wanted = { desired: serve('7'), stands: 1, replicas }
    return planGone(kept, rule, { gone: wanted, engineFor: (version) => engineOf(version, rule.service) })
  }
  const first = { kind: 'plan', hand: { tells: false } }
  expect(of({})).toMatchObject({ ...first, plan: { title: expect.stringContaining('with 2 replicas') } })
  const some = of({ pool: { used: 12, heldByOthers: 12 } })
  expect(some).toMatchObject({ ...first, plan: { title: expect.stringContaining('with 1 replica'), bounds: { gpus: { 'gpu-serve': 4 } } } }) // biome-ignore format: one line
  expect(some).toHaveProperty('plan.reasons.0', expect.stringMatching(/^1 of 2 has room now/))
  expect(of({ pool: { ceiling: 8 }, model: { gpusPerReplica: 8 } })).toMatchObject({
    plan: { title: expect.stringContaining('with 1 replica') },
  })
  expect(of({ pool: { used: 16, heldByOthers: 16 } })).toMatchObject({ kind: 'refuse', reason: 'would-deadlock', detail: expect.stringContaining('8 more GPUs') }) // biome-ignore format: one line
})
