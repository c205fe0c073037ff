import { describe, expect, it } from 'vitest'
import { pipeline } from '../../../core/lane-kinds/pipeline.ts'
import { parsePolicy } from '../../../core/policy.ts'
import { desired, emptyWorld, exampleConfig, NOW, trainInput } from '../training-fixture.ts'

const { identity, run, policy } = trainInput()
const shadow = exampleConfig()
Object.assign(shadow.pipelines!['support-chats']!, { mode: 'shadow' })

describe('a pipeline', () => {
  it('runs once: a success is final, nothing of it stands, and nothing is walked back to', () => {
    expect([pipeline.lasts, pipeline.stands]).toEqual(['once', false])
    const given = { identity, run, lane: run.lane, policy, world: emptyWorld(), baseline: null }
    expect(pipeline.back(given)).toEqual([])
    expect(pipeline.baselineOf(desired, { run, before: null, standing: {} })).toBeNull()
    expect(pipeline.isNothing(desired)).toBe(false)
  })

  it('has the policy’s rule, in its mode', () => {
    expect(pipeline.ruleOf(policy, 'support-chats')).toEqual({
      lane: 'pipeline/support-chats',
      name: 'support-chats',
      mode: 'act',
    })
    expect(pipeline.ruleOf(parsePolicy(shadow), 'support-chats')?.mode).toBe('shadow')
    expect(pipeline.ruleOf(policy, 'constructor')).toBeNull()
  })

  it('wants the same exactly when dataset and version are the same', () => {
    const key = pipeline.keyOf(desired)
    expect(pipeline.keyOf({ ...desired, requester: null, etag: 'x', key: 'elsewhere', objects: 1 })).toBe(key)
    expect(pipeline.keyOf({ ...desired, version: 'cd'.repeat(32) })).not.toBe(key)
    expect(pipeline.keyOf({ ...desired, dataset: 'other' })).not.toBe(key)
  })

  it('is made with the newest presets of the stages that it has, and the newest pods', () => {
    expect(pipeline.pinned(desired, policy, 'support-chats')).toEqual({
      ...desired,
      presets: { 'fine-tune': 1, evaluate: 1 },
      pods: 3,
    })
    expect(pipeline.pinned(desired, policy, 'gone').presets).toEqual({})
  })

  it('says what it wants in a person’s words, and who asked for it', () => {
    expect(pipeline.titleOf(desired)).toBe('run on support-chats@abababab')
    expect(pipeline.requesterOf(desired)).toEqual({ by: 'T0SIGNAL/U0CARLA', proven: false })
    expect(pipeline.requesterOf({ ...desired, proven: true })).toEqual({ by: 'T0SIGNAL/U0CARLA', proven: true })
    expect(pipeline.requesterOf({ ...desired, requester: null })).toBeNull()
  })

  it('is planned stage by stage', () => {
    const planned = pipeline.plan({ ...trainInput(), baseline: null, now: NOW })
    expect(planned.kind === 'plan' && planned.plan.steps.map(({ name }) => name)).toEqual([
      'train',
      'evaluate',
      'judge-evaluate',
      'register',
      'notify',
    ])
  })
})
