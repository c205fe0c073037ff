import { expect, it } from 'vitest'
import type { ServeDesired } from '../../../core/desired.ts'
import { ruleOf } from '../../../core/planning/serve-room.ts'
import { isEdited, standingOf, titleOfPlan, type Wanted } from '../../../core/planning/serve-standing.ts'
import { parsePolicy } from '../../../core/policy.ts'
import { ENGINES } from '../../../core/workloads/engines.ts'
import config from '../../example.ts'
import { emptyWorld, NOW, standing as stands } from '../training-fixture.ts'

const policy = parsePolicy(config)
const desired: ServeDesired = {
  kind: 'serve',
  model: 'support-llama',
  version: '8',
  source: 's3://models/8/',
  runId: null,
  digest: 'd',
  requester: null,
}
const wanted: Wanted = { desired, engine: ENGINES.vllm[0], generation: 2 }
const ruled = (world = emptyWorld()) => {
  const rule = ruleOf(policy, world, 'support-llama')
  if ('kind' in rule) throw new Error(rule.detail)
  return rule
}
const from = (
  generations: ReturnType<typeof stands>[],
  of: Wanted = wanted,
  baseline: number | { generation: number; stands: number } | null = null,
) => {
  const world = emptyWorld({ generations })
  const rule = ruled(world)
  const input = {
    identity: { installation: 'signalbox', ledger: 'feedfacecafe', name: 'service-support-llama-0123abcd' },
    run: { lane: 'service/support-llama', generation: 2, attempt: 1 },
    desired,
    baseline:
      baseline === null
        ? null
        : { ...(typeof baseline === 'number' ? { generation: baseline } : baseline), desired, replicas: 2 },
    policy,
    world,
    now: NOW,
  }
  const standing = standingOf(input, rule, of)
  return { standing, title: titleOfPlan(of, rule, standing) }
}
const { digest } = from([]).standing

it('what rises is its own generation, or one that stands with the same template', () => {
  expect(from([]).standing.target).toBeUndefined()
  expect(from([stands(1, 2), stands(2, 1)]).standing.target?.generation).toBe(2)
  expect(from([{ ...stands(1, 2), digest }]).standing.target?.generation).toBe(1)
  expect(from([{ ...stands(1, 0), digest }]).standing.target).toBeUndefined()
})

it('of what leaves, what was never judged goes first, and the baseline last', () => {
  const { others } = from([stands(1, 2), stands(3, 1), stands(4, 1)], wanted, 1).standing
  expect(others.map(({ generation }) => generation)).toEqual([3, 4, 1])
})

it('is judged already when it is the baseline unchanged, and not when that is to be made anew', () => {
  expect(from([{ ...stands(2, 2), digest }], wanted, 2).standing.judged).toBe(true)
  expect(from([stands(2, 2)], wanted, 2).standing.judged).toBe(false)
  expect(from([], wanted, 2).standing.judged).toBe(false)
})

it('another engine is another template', () => {
  const engine = { ...ENGINES.vllm[0], port: 9000 }
  expect(from([], { ...wanted, engine }).standing.digest).not.toBe(digest)
})

it('says in one line what would change', () => {
  expect(from([]).title).toBe('Serve support-llama v8 with 2 replicas')
  expect(from([{ ...stands(2, 1), digest }]).title).toBe('Scale support-llama v8 from 1 to 2 replicas')
  expect(from([{ ...stands(2, 2), digest }]).title).toBe('Judge support-llama v8, which stands already')
  expect(from([stands(1, 2)]).title).toContain('instead of')
  expect(titleOfPlan(wanted, { ...ruled(), name: 'chat' }, from([]).standing)).toBe(
    'Serve support-llama v8 as chat with 2 replicas',
  )
})

it('tells whether pods would be restarted under it', () => {
  expect(isEdited(from([{ ...stands(2, 1), digest }]).standing)).toBe(false)
  expect(isEdited(from([stands(2, 1)]).standing)).toBe(true)
  // A move that brought it up may have been taken back: its template is what failed.
  expect(isEdited(from([stands(2, 0)]).standing)).toBe(true)
  expect(isEdited(from([]).standing)).toBe(false)
  // The generation of a baseline that took up an earlier one's Deployment gets none of another template.
  expect(isEdited(from([stands(1, 2)], wanted, { generation: 2, stands: 1 }).standing)).toBe(true)
})
