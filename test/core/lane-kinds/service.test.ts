import { describe, expect, it } from 'vitest'
import type { NoneDesired } from '../../../core/desired.ts'
import { service } from '../../../core/lane-kinds/service.ts'
import { parsePolicy } from '../../../core/policy.ts'
import { serveDesired } from '../../../core/reactions/model-promoted.ts'
import { ENGINES } from '../../../core/workloads/engines.ts'
import { servingObjects } from '../../../core/workloads/serving.ts'
import type { GenerationView } from '../../../core/world.ts'
import { emptyPool, emptyWorld, exampleConfig, NOW, standing, trainInput } from '../training-fixture.ts'

const { identity, policy } = trainInput()
const run = { lane: 'service/support-llama', generation: 2, attempt: 1 }
const serve = (version: string, requester: string | null = null) =>
  serveDesired('support-llama', { version, source: `s3://acme-results/models/${version}`, runId: null, requester })
const none: NoneDesired = { kind: 'none', model: 'support-llama' }
const baseline = { generation: 1, desired: serve('7'), replicas: 2 }
const back = (generations: GenerationView[], over: Partial<Parameters<typeof service.back>[0]> = {}) =>
  service.back({ identity, run, lane: run.lane, baseline, policy, world: emptyWorld({ generations }), ...over })
const written = (steps: ReturnType<typeof back>): string =>
  steps
    .filter((step) => step.kind === 'roll-out-model')
    .map(({ replicas }) => replicas.map((one) => `g${one.generation}=${one.replicas}`).join(' '))
    .join(' → ')

describe('a service', () => {
  it('stands: the world must keep agreeing, and it is looked at', () => {
    expect([service.lasts, service.stands]).toEqual(['standing', true])
  })

  it('has the policy’s rule, in its mode', () => {
    const shadow = exampleConfig()
    Object.assign(shadow.services!['support-llama']!, { mode: 'shadow' })
    expect(service.ruleOf(policy, 'support-llama')).toEqual({ lane: run.lane, name: 'support-llama', mode: 'act' })
    expect(service.ruleOf(parsePolicy(shadow), 'support-llama')?.mode).toBe('shadow')
    expect(service.ruleOf(policy, 'toString')).toBeNull()
  })

  it('wants the same exactly when what is served is, whoever asked; none is a desired state of its own', () => {
    expect(service.keyOf(serve('8', 'T/U'))).toBe(service.keyOf(serve('8')))
    const moved = serveDesired('support-llama', {
      version: '8',
      source: 's3://elsewhere',
      runId: null,
      requester: null,
    })
    expect(new Set([serve('8'), serve('9'), moved, none].map((desired) => service.keyOf(desired))).size).toBe(4)
    expect([service.isNothing(serve('8')), service.isNothing(none)]).toEqual([false, true])
  })

  it('is where its way back leads when what it returned to is wanted again, or no version is; never where it returned to nothing', () => {
    const retired = { kind: 'retired', model: 'support-llama' } as const
    const leads = [serve('7', 'T/U'), none, serve('8'), retired].map((desired) => service.isBackAt?.(desired, baseline))
    expect(leads).toEqual([true, true, false, false])
    expect([serve('7'), none].map((desired) => service.isBackAt?.(desired, null))).toEqual([false, false])
  })

  it('is made with the newest engine of its rule', () => {
    expect(service.pinned(serve('8'), policy, 'support-llama')).toMatchObject({ engine: { name: 'vllm', revision: 5 } })
  })

  it('says what it wants in a person’s words, and who asked for it', () => {
    expect([service.titleOf(serve('8')), service.titleOf(none)]).toEqual([
      'serve support-llama v8',
      'serve no promoted version of support-llama',
    ])
    expect([service.requesterOf(serve('8', 'T/U')), service.requesterOf(none)]).toEqual([
      { by: 'T/U', proven: false },
      null,
    ])
  })

  it('returns to what succeeded; never to none; and to nothing once it is retired', () => {
    const before = { generation: 1, desired: serve('7'), replicas: 1 }
    const given = { run, before, standing: {} }
    expect(service.baselineOf(serve('8'), given)).toEqual({ generation: 2, desired: serve('8'), replicas: null })
    expect(service.baselineOf(none, given)).toEqual(before)
    expect(service.baselineOf({ kind: 'retired', model: 'support-llama' }, given)).toBeNull()
  })

  it('returns to as many replicas as were judged, though fewer of them have room, or somebody has set others', () => {
    const before = { generation: 1, desired: serve('7'), replicas: 2 }
    const kept = service.keeping?.(serve('8')) as Parameters<typeof service.baselineOf>[0]
    for (const replicas of [1, 4]) {
      const given = { run, before, standing: { stands: 1, replicas } }
      for (const desired of [kept, none]) expect(service.baselineOf(desired, given)).toMatchObject({ replicas: 2 })
      expect(service.baselineOf(serve('8'), given)).toMatchObject({ generation: 2, replicas })
    }
  })

  it('knows how many the policy had of it, and has as many as were scaled to by that; where none is promoted nothing is known of it', () => {
    const before = { generation: 1, desired: serve('7'), replicas: 2, of: 2 }
    const kept = service.keeping?.(serve('8')) as Parameters<typeof service.baselineOf>[0]
    const at = (desired: typeof kept, standing: object) => service.baselineOf(desired, { run, before, standing })
    expect(at(kept, { stands: 1, replicas: 4, of: 4 })).toMatchObject({ generation: 1, replicas: 4, of: 4 })
    expect(at(kept, { stands: 1, replicas: 4 })).toEqual(before)
    expect(at(serve('8'), { stands: 2, replicas: 3, of: 3 })).toMatchObject({ generation: 2, of: 3 })
    expect(at(serve('8'), { stands: 2, replicas: 3 })).toMatchObject({ of: 2 })
    expect(at(none, { stands: 1, replicas: 2 })).not.toHaveProperty('of')
    // What was gone and is made anew, with as many as had room: no fewer are wanted of it.
    const four = { ...before, of: 4 }
    const anew = (had: object, standing: object) => service.baselineOf(kept, { run, before: { ...before, ...had }, standing: { stands: run.generation, ...standing } }) // biome-ignore format: a line
    expect(anew({ of: 4 }, { replicas: 1, of: 1 })).toEqual({ ...four, stands: run.generation })
    expect(anew({ of: undefined }, { replicas: 1, of: 1 })).toMatchObject({ replicas: 2, of: 2 })
    expect(anew({ replicas: null, of: undefined }, { replicas: 1, of: 1 })).toMatchObject({ replicas: 1, of: 1 })
  })

  it('is scaled as far as was agreed to with what is made anew, which has as many as came, or is scaled no more', () => {
    const kept = service.keeping?.(serve('8')) as Parameters<typeof service.baselineOf>[0]
    const agreed = { of: 3, most: true, upTo: 3 } as const
    const before = { generation: 1, desired: serve('7'), replicas: 3, ...agreed }
    const anew = (standing: object) =>
      service.baselineOf(kept, { run, before, standing: { stands: run.generation, ...standing } })
    const stood = { generation: 1, desired: serve('7'), stands: run.generation }
    const more = { of: 4, most: true, upTo: 4 }
    expect(anew({ replicas: 2, ...more })).toEqual({ ...stood, replicas: 2, ...more })
    expect(anew({ replicas: 2, of: 2 })).toEqual({ ...stood, replicas: 2, of: 2 })
    expect(anew({ replicas: 2 })).toEqual({ ...stood, replicas: 3, ...agreed })
  })

  it('has the template that its plans say, of what is promoted or else of what is made anew; and none on the way back', () => {
    const at = { identity, run, policy }
    const planned = (desired: Parameters<typeof service.plan>[0]['desired'], generations: GenerationView[] = []) =>
      service.plan({ ...at, desired, baseline, world: emptyWorld({ generations }), now: NOW, kept: {} })
    const template = (desired: typeof none | ReturnType<typeof serve>) =>
      service.templateOf?.({ ...at, desired, baseline })
    expect(planned(serve('8'))).toMatchObject({ plan: { template: template(serve('8')) } })
    expect(planned(none)).toMatchObject({ plan: { template: template(none) } })
    expect(template(none)).toBe(template(serve('7')))
    const made = servingObjects({
      ...{ identity, run, desired: serve('7'), namespace: 'serving', generation: 1, engine: ENGINES.vllm[0] },
      service: policy.services['support-llama']!,
    })
    const stands = { ...standing(1, 2), digest: template(serve('7')) ?? '', object: made.deployment }
    const waits = planned(serve('7'), [{ ...stands, ready: 1 }])
    expect(waits).toMatchObject({ agrees: expect.any(String), plan: { template: template(serve('7')) } })
    const back = planned(none, [standing(1, 0), standing(2, 2)])
    expect(back.kind === 'plan' && [back.plan.title, back.plan.template]).toEqual([
      expect.stringMatching(/^Return/),
      undefined,
    ])
    expect(service.templateOf?.({ ...at, baseline, desired: { kind: 'retired', model: 'support-llama' } })).toBeNull()
  })

  it('is planned as a rollout, and none as the way to the baseline', () => {
    const input = { identity, run, baseline: null, policy, world: emptyWorld(), now: NOW, kept: {} }
    expect(service.plan({ ...input, desired: serve('8') })).toMatchObject({
      kind: 'plan',
      plan: { strategy: { name: 'first' } },
    })
    expect(service.plan({ ...input, desired: none })).toMatchObject({ kind: 'nothing' })
  })
})

describe('its way back', () => {
  it('ends at the baseline alone, with the replicas that it had', () => {
    expect(written(back([standing(1, 1), standing(2, 1)]))).toBe('g2=1 g1=2 → g2=0 g1=2')
    expect(written(back([standing(1, 1), standing(2, 1)], { baseline: { ...baseline, replicas: 1 } }))).toBe(
      'g2=0 g1=1',
    )
  })

  it('makes room first in a full pool', () => {
    const pools = { 'gpu-serve': emptyPool('gpu-serve', { ceiling: 8, used: 8, usedByLane: 8 }) }
    expect(written(back([], { world: emptyWorld({ pools, generations: [standing(1, 1), standing(2, 1)] }) }))).toBe(
      'g2=0 g1=1 → g2=0 g1=2',
    )
  })

  it('takes no more than its run holds in the pool where the baseline stands, wherever the policy has the service by now', () => {
    const [generations, held] = [[standing(1, 1), standing(2, 1)], { 'gpu-serve': 8 }]
    const room = { ceiling: 8, used: 8, usedByLane: 8 }
    const pools = { 'gpu-serve': emptyPool('gpu-serve', room), other: emptyPool('other', { ceiling: 32 }) }
    const rule = policy.services['support-llama']!
    const services = { 'support-llama': { ...rule, pool: 'other' } }
    const [seen, unseen] = [
      emptyWorld({ pools, generations }),
      emptyWorld({ pools: { other: pools.other }, generations }),
    ]
    const full = 'g2=0 g1=1 → g2=0 g1=2'
    for (const world of [seen, unseen])
      for (const to of [policy, { ...policy, services }, { ...policy, services: {} }])
        expect(written(back([], { policy: to, world, held }))).toBe(full)
    // Where nothing is held, what is free there counts, and not what is free elsewhere.
    expect(written(back([], { policy: { ...policy, services }, world: seen }))).toBe(full)
    // What is asked for and has no pod yet is had too.
    const early = { ...pools, 'gpu-serve': emptyPool('gpu-serve', { ...room, usedByLane: 4 }) }
    expect(written(back([], { world: emptyWorld({ pools: early, generations }), held }))).toBe(full)
    // What its nodes do not end is in the way, be what rises not there yet.
    const hangs = { ...pools, 'gpu-serve': emptyPool('gpu-serve', { ...room, ceiling: 12, stuck: 4 }) }
    expect(written(back([], { world: emptyWorld({ pools: hangs, generations }), held: { 'gpu-serve': 12 } }))).toBe(
      full,
    )
    // More than the pool has is asked for, and comes to nothing.
    expect(written(back([], { world: seen, held: { 'gpu-serve': 12 } }))).toBe(full)
    const larger = { ...pools, 'gpu-serve': emptyPool('gpu-serve', { ...room, ceiling: 12 }) }
    const wide = emptyWorld({ pools: larger, generations })
    expect(written(back([], { world: wide, held: { 'gpu-serve': 12 } }))).toBe('g2=1 g1=2 → g2=0 g1=2')
  })

  it('is walked though the policy or the pool is gone since', () => {
    const without = { ...policy, services: {} }
    expect(written(back([standing(1, 1), standing(2, 1)], { policy: without }))).toBe('g2=1 g1=2 → g2=0 g1=2')
  })

  it('is none where nothing stands', () => {
    expect(back([])).toEqual([])
  })

  it('goes nowhere where the baseline is wanted again, and somebody has taken it away', () => {
    expect(back([standing(2, 1)], { awaited: true })).toEqual([])
    const leaving = { metadata: { name: 'm-g1', deletionTimestamp: '2026-11-23T12:00:00Z' } } as never
    expect(back([{ ...standing(1, 0), object: leaving }, standing(2, 1)], { awaited: true })).toEqual([])
    // What was never judged goes, and so does what had nothing before it: the plan says so.
    expect(written(back([standing(2, 1)]))).toBe('g2=0')
    expect(written(back([standing(2, 1)], { awaited: true, baseline: null }))).toBe('g2=0')
    expect(written(back([standing(1, 1), standing(2, 1)], { awaited: true }))).toBe('g2=1 g1=2 → g2=0 g1=2')
  })
})
