import { describe, expect, it } from 'vitest'
import { modeOf, planFor } from '../../../core/planning/plan-for.ts'
import { parsePolicy } from '../../../core/policy.ts'
import config from '../../../signalbox.config.ts'
import { emptyWorld } from '../training-fixture.ts'

const policy = parsePolicy(config)
const world = emptyWorld()
const given = { baseline: null, policy, world, now: Date.UTC(2026, 10, 23) }

describe('the plan for a desired state', () => {
  it('is made by the planner of its kind', () => {
    const train = planFor({
      ...given,
      run: { lane: 'train/support-chats', generation: 1, attempt: 1 },
      desired: {
        kind: 'train',
        dataset: 'support-chats',
        version: 'ab'.repeat(32),
        bucket: 'b',
        key: 'k',
        objects: 1,
        bytes: 1,
        requester: null,
      },
    })
    expect(train).toMatchObject({ kind: 'plan', plan: { steps: [{ kind: 'launch-job' }, {}, {}, {}, {}] } })
    expect(
      planFor({
        ...given,
        run: { lane: 'serve/support-llama', generation: 1, attempt: 1 },
        desired: { kind: 'none', model: 'support-llama' },
      }),
    ).toMatchObject({ kind: 'nothing' })
  })

  it('knows its rule’s mode, and that a rule is gone', () => {
    expect(modeOf(policy, { kind: 'none', model: 'support-llama' })).toBe('act')
    expect(modeOf(policy, { kind: 'none', model: 'nobody' })).toBeNull()
  })
})
