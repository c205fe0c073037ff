import type { V1Pod } from '@kubernetes/client-node'
import { describe, expect, it } from 'vitest'
import type { KubeObject } from '../../../core/kube.ts'
import type { RollOutModelStep } from '../../../core/plan.ts'
import { bringsLater, goesOnBeside, heldBeside, hungIn, whyTooLate } from '../../../core/steps/stuck.ts'
import type { GenerationView } from '../../../core/world.ts'

const NOW = Date.parse('2026-11-23T13:00:00Z')
const refOf = (generation: number) => ({ kind: 'Deployment' as const, namespace: 'serving', name: `m-g${generation}` })
/** A move that asks for so many replicas of each generation. */
const move = (name: string, brings: number | null, replicas: Record<number, number>): RollOutModelStep => ({
  ...{ kind: 'roll-out-model', name, title: '', why: '', objects: [], loadMinutes: 15, brings },
  point: { old: 0, new: 0 },
  replicas: Object.entries(replicas).map(([generation, count]) => ({
    ...{ ref: refOf(Number(generation)), generation: Number(generation), replicas: count, replicasReady: count },
  })),
})
const view = (generation: number, ready: number, pool = 'a') =>
  ({ ref: refOf(generation), generation, replicas: ready, ready, gpusPerReplica: 4, pool }) as GenerationView
const podSpec = (pool: string) => ({
  nodeSelector: { 'karpenter.sh/nodepool': pool },
  containers: [{ name: 'c', resources: { limits: { 'nvidia.com/gpu': '4' } } }],
})
const pod = (minutesAgo: number, pool = 'a'): V1Pod =>
  ({
    metadata: { deletionTimestamp: new Date(NOW - minutesAgo * 60_000) },
    spec: podSpec(pool),
    status: { phase: 'Running' },
  }) as unknown as V1Pod
const deployment = {
  kind: 'Deployment',
  metadata: { name: 'm-g2' },
  spec: { template: { spec: podSpec('a') } },
} as unknown as KubeObject

const first = move('leave', null, { 1: 1, 2: 0 })
const way = [first, { ...move('bring', 2, { 1: 1, 2: 1 }), objects: [deployment] }, move('away', null, { 1: 0, 2: 1 })]
const guard = { 'pool/a': 16 }
const at = (step: RollOutModelStep, gpus?: number, over: { pods?: V1Pod[]; generations?: GenerationView[] } = {}) => ({
  ...{ step, way, generations: [view(1, 1)], pods: [pod(6)], now: NOW },
  ...(gpus === undefined ? {} : { room: { gpus: { a: gpus }, guard } }),
  ...over,
})

describe('what a node does not end', () => {
  it('ends a move that waits for nothing else, once nobody ends it any more but a person; what else is late has its patience', () => {
    const hung = (replicas: number, ...minutes: number[]) =>
      hungIn(minutes.map((ago) => pod(ago)), { ...first.replicas[0]!, replicas }, NOW) // biome-ignore format: one call
    expect([hung(0, 46), hung(0, 46, 6), hung(1, 46, 6), hung(0, 46, 4), hung(1, 4)]).toEqual([
      ...['lost', 'overdue', 'lost', undefined, 'lost'],
    ])
    expect([whyTooLate(['lost', 'lost'], false), whyTooLate(['lost', 'overdue'], false)]).toEqual(['node-lost', null])
    expect([whyTooLate(['lost', 'overdue'], true), whyTooLate(['lost', undefined], true)]).toEqual([
      ...['node-lost', 'not-healthy'],
    ])
  })

  it('is in the way of what is brought up later, where there is no room for all of it beside what stands then', () => {
    expect([11, 12].map((gpus) => goesOnBeside(at(first, gpus)))).toEqual([false, true])
    expect(goesOnBeside(at(first))).toBe(false)
    expect(goesOnBeside(at(first, 15, { pods: [pod(6), pod(7)] }))).toBe(false)
    // What is not overdue is waited for as any other.
    expect(goesOnBeside(at(first, 8, { pods: [pod(4)] }))).toBe(true)
  })

  it('is in nobody’s way in another pool, of what is ready already, and where nothing is brought up any more', () => {
    expect(goesOnBeside(at(first, 0, { pods: [pod(6, 'b')] }))).toBe(true)
    expect(goesOnBeside(at(first, 0, { generations: [view(1, 1), view(2, 1)] }))).toBe(true)
    expect(goesOnBeside(at(way[2]!, 0))).toBe(true)
    expect(goesOnBeside(at(way[1]!, 0))).toBe(true)
    expect(way.map((step) => bringsLater({ step, way }))).toEqual([true, false, false])
  })

  it('is held beside what is brought up later, as far as the pool has room', () => {
    expect(heldBeside(at(first, 16))).toEqual({ gpus: { a: 12 }, guard })
    // On a way back, or beside what is of none of its generations, nobody has asked whether there is.
    expect(heldBeside(at(first, 8))).toEqual({ gpus: { a: 8 }, guard })
    expect(heldBeside(at(first, 16, { pods: [] }))).toBeNull()
    expect(heldBeside(at(way[2]!, 16))).toBeNull()
    expect(heldBeside(at(first))).toBeNull()
  })
})
