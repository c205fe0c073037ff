import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ServeDesired } from '../../../core/desired.ts'
import type { Baseline } from '../../../core/lane/document.ts'
import { label } from '../../../core/names.ts'
import type { RollOutModelStep } from '../../../core/plan.ts'
import { walkBack } from '../../../core/planning/walk-back.ts'
import type { GenerationView } from '../../../core/world.ts'

const identity = { installation: 'signalbox', ledger: 'feedfacecafe', name: 'service-support-llama-0123abcd' }
const run = { lane: 'service/support-llama', generation: 4, attempt: 1 }
const desiredOf = (version: string): ServeDesired => ({
  kind: 'serve',
  model: 'support-llama',
  version,
  source: 's3://m/7',
  runId: null,
  digest: 'd',
  requester: null,
})
const baselineOf = (generation: number, version = '7'): Baseline => ({
  generation,
  replicas: 2,
  desired: desiredOf(version),
})

const view = (
  generation: number,
  replicas: number,
  change: Partial<GenerationView> = {},
  version = '7',
): GenerationView => ({
  ref: { kind: 'Deployment', namespace: 'serving', name: `g${generation}` },
  uid: `uid-${generation}`,
  generation,
  replicas,
  ready: replicas,
  gpusPerReplica: 4,
  pool: 'gpu-serve',
  digest: `digest-${generation}`,
  ownedBy: null,
  scaledBy: null,
  object: {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: `g${generation}`, annotations: { [label('version')]: version } },
  },
  ...change,
})

const written = (steps: RollOutModelStep[]): string =>
  steps.map(({ replicas }) => replicas.map((one) => `g${one.generation}=${one.replicas}`).join(' ')).join(' → ')

const back = (
  generations: GenerationView[],
  change: Partial<Parameters<typeof walkBack>[0]> = {},
): RollOutModelStep[] =>
  walkBack({
    identity,
    run,
    baseline: baselineOf(3),
    generations,
    namespace: 'serving',
    traffic: 3,
    wantReplicas: 2,
    freeGpus: 0,
    loadMinutes: 15,
    ...change,
  }).filter((step) => step.kind === 'roll-out-model')

describe('walking back', () => {
  it('brings the baseline back before the failed generation goes, where there is room', () => {
    expect(written(back([view(3, 1), view(4, 1)], { freeGpus: 4 }))).toBe('g4=1 g3=2 → g4=0 g3=2')
  })

  it('has the baseline wait for the room first in a full pool, where it waits before others’ pods', () => {
    const ranked = view(1, 0)
    ranked.object.spec = { template: { spec: { priorityClassName: 'c', containers: [] } } } as never
    const pool = { pool: 'gpu-serve', ceiling: 8, used: 8, usedByLane: 8, heldByOthers: 0 }
    const way = (base: GenerationView, seen = pool) => back([base, view(4, 2)], { freeGpus: 0, pool: seen })
    const [first, second] = way(ranked)
    expect(first).toMatchObject({
      why: 'the baseline waits for the room already, before others’ pods',
      point: { old: 0, new: 1 },
      brings: null,
    })
    expect(first?.replicas).toMatchObject([
      { generation: 4, replicas: 1 },
      { generation: 1, replicas: 1, replicasReady: 0, waits: true },
    ])
    expect(second).toMatchObject({ brings: 1 })
    expect(written(way(ranked))).toBe('g4=1 g1=1 → g4=1 g1=1 → g4=0 g1=2 → g4=0 g1=2')
    const before = 'g4=1 g1=0 → g4=1 g1=1 → g4=0 g1=1 → g4=0 g1=2'
    expect(written(way(view(1, 0)))).toBe(before)
    expect(written(way(ranked, { ...pool, ceiling: 16 }))).toBe(before)
  })

  it('takes the failed generation away first in a full pool', () => {
    expect(written(back([view(3, 1), view(4, 1)]))).toBe('g4=0 g3=1 → g4=0 g3=2')
  })

  it('asks no more of the baseline than it had, whoever has scaled it up since', () => {
    const scaled = [view(3, 4, { ready: 2 }), view(4, 1)]
    expect(written(back(scaled))).toBe('g4=0 g3=2')
    const input = { identity, run, namespace: 'serving', wantReplicas: 2, freeGpus: 0, loadMinutes: 15 }
    const steps = walkBack({ ...input, baseline: baselineOf(3), generations: scaled, traffic: 4 })
    expect(steps[0]).toMatchObject({ kind: 'switch-traffic', to: 3, ready: 2 })
    expect(written(back([view(3, 4)]))).toBe('g3=2')
  })

  it('takes every other generation away, the failed one first', () => {
    expect(written(back([view(1, 1), view(3, 2), view(4, 1)]))).toBe('g4=0 g1=0 g3=2')
  })

  it('takes what nobody asks away before what requests are led to: that alone answers in a full pool', () => {
    const generations = [view(1, 0), view(2, 1), view(3, 1, { ready: 0 })]
    const given = { baseline: baselineOf(1), wantReplicas: 1 }
    const way = (traffic: number) => written(back(generations, { ...given, traffic }))
    expect(way(2)).toBe('g3=0 g2=1 g1=0 → g3=0 g2=1 g1=1 → g3=0 g2=0 g1=1')
    expect(way(3)).toBe('g2=0 g3=1 g1=0 → g2=0 g3=1 g1=1 → g2=0 g3=0 g1=1')
  })

  it('needs no limit where the pool has none', () => {
    expect(written(back([view(3, 0), view(4, 2)], { freeGpus: null }))).toBe('g4=2 g3=2 → g4=0 g3=2')
  })

  it('takes only its own generation away where nothing was ever judged', () => {
    expect(written(back([view(2, 1), view(4, 2)], { baseline: null }))).toBe('g4=0')
    expect(written(back([view(2, 1), view(4, 2)], { baseline: null, without: 'all' }))).toBe('g4=0 g2=0')
    // The template of the run was another's first: what it brought up goes, what stood beside it stays.
    expect(written(back([view(1, 1), view(2, 1)], { baseline: null, brought: [1] }))).toBe('g1=0')
  })

  it('finds the Deployment that the baseline adopted from an earlier generation of the same version', () => {
    const generations = [view(1, 1, {}, '7'), view(2, 0, {}, '8'), view(4, 1, {}, '8')]
    expect(written(back(generations))).toBe('g4=0 g1=1 → g4=0 g1=2')
  })

  it('leaves what the ledger has forgotten as it is, and waits for it before anything goes: nothing rises beside it', () => {
    const stay = [5]
    expect(written(back([view(3, 0), view(4, 1), view(5, 2)], { stay, freeGpus: 8 }))).toBe('g4=0 g5=2 g3=0')
    expect(back([view(3, 0), view(5, 2)], { stay })).toEqual([])
    expect(written(back([view(3, 1), view(4, 1), view(5, 2)], { stay }))).toBe('g4=0 g5=2 g3=1')
    expect(written(back([view(4, 1), view(5, 2)], { stay, baseline: null }))).toBe('g4=0 g5=2')
  })

  it('is no step where only the baseline stands', () => {
    expect(back([view(3, 2), view(4, 0)])).toEqual([])
  })

  it('does not wait for what leaves, and waits for what comes back', () => {
    const [first] = back([view(3, 1), view(4, 2, { ready: 0 })])
    expect(first?.replicas).toEqual([
      { ref: view(4, 0).ref, generation: 4, replicas: 1, replicasReady: 0 },
      { ref: view(3, 0).ref, generation: 3, replicas: 1, replicasReady: 1 },
    ])
  })

  it('has patience for as long as a replica takes in a bad case', () => {
    expect(back([view(3, 1), view(4, 1)], { loadMinutes: 7 }).map(({ loadMinutes }) => loadMinutes)).toEqual([7, 7])
  })

  it('tells a person what each step does', () => {
    expect(back([view(3, 1), view(4, 1, {}, '8')]).map(({ name, title }) => `${name}: ${title}`)).toEqual([
      'back-1: Take v8 (generation 4) away',
      'back-2: Bring v7 (generation 3) back to 2 replicas',
    ])
  })
})

const anyLane = fc.record({
  base: fc.integer({ min: 0, max: 4 }),
  failed: fc.integer({ min: 0, max: 4 }),
  stray: fc.integer({ min: 0, max: 2 }),
  sizes: fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 })),
  want: fc.integer({ min: 1, max: 4 }),
  free: fc.integer({ min: -8, max: 16 }),
})

describe('every way back', () => {
  it('ends at the baseline alone, whatever the pool', () => {
    fc.assert(
      fc.property(anyLane, ({ base, failed, stray, sizes: [old, fresh], want, free }) => {
        const generations = [
          view(1, stray, { gpusPerReplica: old }),
          view(3, base, { gpusPerReplica: old }),
          view(4, failed, { gpusPerReplica: fresh }),
        ]
        const after = new Map(generations.map(({ generation, replicas }) => [generation, replicas]))
        for (const step of back(generations, { wantReplicas: want, freeGpus: free })) {
          for (const one of step.replicas) after.set(one.generation, one.replicas)
          expect(step.point.new).toBe(after.get(4))
          expect(step.point.old).toBe((after.get(1) ?? 0) + (after.get(3) ?? 0))
        }
        expect(Object.fromEntries(after)).toEqual({ 1: 0, 3: want, 4: 0 })
      }),
    )
  })

  it('never asks for more GPUs than the lane has and are free, so no Pod of it waits for ever', () => {
    fc.assert(
      fc.property(anyLane, ({ base, failed, stray, sizes: [old, fresh], want, free }) => {
        const generations = [
          view(1, stray, { gpusPerReplica: old }),
          view(3, base, { gpusPerReplica: old }),
          view(4, failed, { gpusPerReplica: fresh }),
        ]
        const use = (replicas: Map<number, number>): number =>
          ((replicas.get(1) ?? 0) + (replicas.get(3) ?? 0)) * old + (replicas.get(4) ?? 0) * fresh
        const now = new Map(generations.map(({ generation, replicas }) => [generation, replicas]))
        const room = Math.max(use(now) + Math.max(0, free), want * old)
        for (const step of back(generations, { wantReplicas: want, freeGpus: free })) {
          for (const one of step.replicas) now.set(one.generation, one.replicas)
          expect(use(now)).toBeLessThanOrEqual(room)
        }
      }),
    )
  })

  it('never has fewer ready than now or wanted while one more fits, and one fewer at most in a full pool', () => {
    fc.assert(
      fc.property(anyLane, ({ base, failed, want, free }) => {
        let ready = base + failed
        const least = Math.min(ready, want) - (free >= 4 ? 0 : 1)
        const sizes = back([view(3, base), view(4, failed)], { wantReplicas: want, freeGpus: Math.max(0, free) })
        for (const step of sizes) {
          ready = step.replicas.reduce((sum, { replicas }) => sum + replicas, 0)
          expect(ready).toBeGreaterThanOrEqual(least)
        }
      }),
    )
  })
})
