import { describe, expect, it } from 'vitest'
import type { KubeObject } from '../../../core/kube.ts'
import type { Step } from '../../../core/plan.ts'
import { effectsOf, isPartOf } from '../../../core/planning/effects.ts'
import { objectDigest } from '../../../core/workloads/object-digest.ts'

const IMAGE = { a: `a@sha256:${'1'.repeat(64)}`, b: `b@sha256:${'2'.repeat(64)}`, init: `i@sha256:${'3'.repeat(64)}` }

const job = (name: string, image: string): KubeObject =>
  ({
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name, namespace: 'training' },
    spec: {
      template: { spec: { initContainers: [{ name: 'i', image: IMAGE.init }], containers: [{ name: 'm', image }] } },
    },
  }) as unknown as KubeObject
const service: KubeObject = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 's', namespace: 'serving' },
  spec: {},
}
const pool: KubeObject = { apiVersion: 'karpenter.sh/v1', kind: 'NodePool', metadata: { name: 'gpu' } }

describe('the effects of a plan', () => {
  const objects = [service, job('one', IMAGE.b), pool, job('two', IMAGE.a)]

  it('are every object by kind, namespace and digest, and every image once, init containers included', () => {
    const { effects } = effectsOf({ objects, interrupts: ['b', 'a'] })
    expect(effects.objects.map(({ kind, namespace }) => [kind, namespace])).toEqual([
      ['Job', 'training'],
      ['Job', 'training'],
      ['NodePool', null],
      ['Service', 'serving'],
    ])
    expect(effects.objects.map(({ digest }) => digest)).toEqual(expect.arrayContaining(objects.map(objectDigest)))
    expect(effects.images).toEqual([IMAGE.a, IMAGE.b, IMAGE.init])
    expect(effects.interrupts).toEqual(['a', 'b'])
  })

  it('have a digest that no order changes', () => {
    const { digest } = effectsOf({ objects, interrupts: ['a', 'b'] })
    expect(effectsOf({ objects: [...objects].reverse(), interrupts: ['b', 'a'] }).digest).toBe(digest)
    expect(digest).toMatch(/^[0-9a-f]{64}$/)
  })

  it('have another digest with another object, image or interruption, and the same with another name', () => {
    const { digest } = effectsOf({ objects, interrupts: [] })
    const others = [
      effectsOf({ objects: objects.slice(1), interrupts: [] }),
      effectsOf({ objects: [...objects, service], interrupts: [] }),
      effectsOf({ objects: [service, job('one', IMAGE.a), pool, job('two', IMAGE.a)], interrupts: [] }),
      effectsOf({ objects, interrupts: ['replica 1'] }),
    ]
    for (const other of others) expect(other.digest).not.toBe(digest)
    const renamed = [service, job('three', IMAGE.b), pool, job('four', IMAGE.a)]
    expect(effectsOf({ objects: renamed, interrupts: [] }).digest).toBe(digest)
  })

  it('have another digest with another gate, or another model that gets a version', () => {
    const said = { title: '', why: '', of: 'x' }
    const gate = (value: number): Step => ({
      kind: 'check-gate',
      name: 'judge',
      ...said,
      gates: [{ metric: 'm', op: '>=', value }],
    })
    const register = (model: string, workspace?: string | null): Step => ({
      kind: 'register-model',
      name: 'register',
      ...said,
      model,
      tags: {},
      ...(workspace === undefined ? {} : { workspace }),
    })
    const of = (value: number, model: string, workspace?: string | null) =>
      effectsOf({ objects, interrupts: [], steps: [gate(value), register(model, workspace)] })
    expect(of(0.8, 'llama', 'team-a').effects).toMatchObject({ registers: ['llama from x in team-a'] })
    // None is what every plan of an earlier release says.
    expect(of(0.8, 'llama', null)).toEqual(of(0.8, 'llama'))
    expect(of(0.8, 'llama').effects).toMatchObject({ gates: ['x: m >= 0.8'], registers: ['llama from x'] })
    expect(new Set([of(0.8, 'llama'), of(0.7, 'llama'), of(0.8, 'other')].map(({ digest }) => digest)).size).toBe(3)
  })

  it('have another digest where another stage is judged or registered, and where they are done in another order', () => {
    const said = { title: '', why: '' }
    const judge = (of: string): Step => ({ kind: 'check-gate', name: `judge-${of}`, ...said, of, gates: [] })
    const register = (of: string): Step => ({
      kind: 'register-model',
      name: 'register',
      ...said,
      of,
      model: 'm',
      tags: {},
    })
    const gate = (of: string): Step => ({ ...judge('a'), of, gates: [{ metric: 'm', op: '>=', value: 1 }] }) as Step
    const all = [
      [judge('a'), judge('b'), register('a')],
      [judge('b'), judge('a'), register('a')],
      [judge('a'), judge('b'), register('b')],
      [gate('a'), judge('b'), register('a')],
      [gate('b'), judge('b'), register('a')],
    ]
    expect(new Set(all.map((steps) => effectsOf({ objects, interrupts: [], steps }).digest)).size).toBe(all.length)
  })

  it('read the image of a bare pod too', () => {
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'p' },
      spec: { containers: [{ name: 'm', image: IMAGE.a }] },
    }
    expect(effectsOf({ objects: [pod as KubeObject], interrupts: [] }).effects.images).toEqual([IMAGE.a])
  })

  it('of nothing are empty and have a digest', () => {
    expect(effectsOf({ objects: [], interrupts: [] }).effects).toEqual({
      objects: [],
      images: [],
      interrupts: [],
      gates: [],
      replicas: null,
      registers: [],
      order: [],
    })
  })
})

it('what an approval binds has in it as many of its replicas or fewer, and nothing else; how many of them a drain may have goes by that', () => {
  const at = (count: number, objects: KubeObject[], gate = 'p95_ms') => {
    const move = { kind: 'roll-out-model', name: 'move-1', replicas: [{ replicas: count }] }
    const judge = { kind: 'check-gate', name: 'judge', of: 'gate', gates: [{ metric: gate, op: '<=', value: 1 }] }
    return effectsOf({ objects, interrupts: [], steps: [move, judge] as unknown as Step[] }).effects
  }
  const spare = (minAvailable: number) => ({ ...service, kind: 'PodDisruptionBudget', spec: { minAvailable } }) as unknown as KubeObject // biome-ignore format: a line
  const whole = at(3, [service, job('one', IMAGE.b), spare(2)])
  const parts = [at(3, []), at(2, [service, spare(1)]), at(1, [job('two', IMAGE.b)])]
  expect(parts.map((part) => isPartOf(part, whole))).toEqual([true, true, true])
  const others = [at(4, []), at(2, [pool]), at(2, [job('one', IMAGE.a)]), at(2, [service], 'error_rate')]
  expect(others.map((part) => isPartOf(part, whole))).toEqual([false, false, false, false])
  expect(isPartOf(effectsOf({ objects: [], interrupts: [] }).effects, whole)).toBe(false)
})
