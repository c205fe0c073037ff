import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PRICED } from '../../../core/money/nodes.ts'
import { cents } from '../../../core/money/prices.ts'
import type { Point } from '../../../core/plan-point.ts'
import { replicasOf } from '../../../core/planning/generations.ts'
import { dollarsWeighed, hoursAt, servePrice } from '../../../core/planning/serve-price.ts'
import { type Cluster, nodeHours, nodesAt, type PodLife } from '../money/karpenter.ts'
import { config, given, planned, serve } from './serve-fixture.ts'

const price = (total: number, perHour: number, nowPerHour: number) => ({
  total: { p50: total, p95: total },
  perHour: { p50: perHour, p95: perHour },
  nowPerHour,
  gpuHours: { p50: 0, p95: 0 },
  sources: [],
})

describe('the dollars that are weighed', () => {
  it('are the rollout and 24 hours of what it adds; the bound leaves half as much again for the rollout', () => {
    expect(dollarsWeighed(price(10, 3, 1))).toEqual({
      asked: 58,
      bound: 63,
      of: { rollout: 15, ending: 0, firstDay: 48 },
    })
  })

  it('are the rollout alone where less runs afterwards', () => {
    expect(dollarsWeighed(price(10, 1, 3))).toEqual({
      asked: 10,
      bound: 15,
      of: { rollout: 15, ending: 0, firstDay: 0 },
    })
  })

  it('binds what it may cost once it is told to end, too', () => {
    expect(dollarsWeighed(price(10, 3, 1), 4)).toEqual({
      asked: 58,
      bound: 67,
      of: { rollout: 15, ending: 4, firstDay: 48 },
    })
  })

  it('are told by what they are for, which comes to the bound to the cent', () => {
    const dollars = fc.double({ min: 0, max: 10_000, noNaN: true }).map(cents)
    fc.assert(
      fc.property(dollars, dollars, fc.double({ min: 0, max: 100, noNaN: true }), (total, hourly, ending) => {
        const { bound, of } = dollarsWeighed(price(total, hourly, 0), ending)
        expect(cents(of.rollout + of.ending + of.firstDay)).toBe(bound)
      }),
    )
  })
})

const MINUTE = 1 / 60
/** Hours for which what stands in the end is looked at. */
const AFTER = 5
const anyRollout = fc.record({
  replicas: fc.integer({ min: 1, max: 4 }),
  old: fc.integer({ min: 0, max: 4 }),
  gpus: fc.constantFrom(1, 2, 3, 4, 8),
  maxUnavailable: fc.integer({ min: 0, max: 2 }),
  nodes: fc.integer({ min: 1, max: 6 }),
  foreign: fc.array(fc.integer({ min: 5, max: 8 }), { maxLength: 2 }),
  puts: fc.constantFrom('emptiest' as const, 'fullest' as const, 'alone' as const),
  /** How much of its bad case each wait takes. */
  takes: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 16, maxLength: 16 }),
})
type Rollout = typeof anyRollout extends fc.Arbitrary<infer R> ? R : never

const clusterOf = ({ nodes, puts }: Rollout, part: 'p50' | 'p95'): Cluster => ({
  gpusPerNode: 8,
  most: nodes,
  boot: (part === 'p50' ? 10 : 20) * MINUTE,
  idle: (part === 'p50' ? 11 : 12) * MINUTE,
  puts,
})

/** A rollout planned beside what stands on such a cluster, and what Karpenter runs for it meanwhile. */
const played = (some: Rollout, part: 'p50' | 'p95') => {
  const cluster = clusterOf(some, part)
  const foreign: PodLife[] = some.foreign.map((gpus) => ({ gpus, from: -20, until: 1000 }))
  const standing = Array.from({ length: some.old }, (_, index) => ({ gpus: some.gpus, from: -10 + index / 100 }))
  const until = (end: number): PodLife[] => standing.map((pod) => ({ ...pod, until: end }))
  const there = nodesAt([...foreign, ...until(1)], 0, cluster) - nodesAt(foreign, 0, cluster)
  // Pods beside others are not alone: those are on the rest.
  const used = some.foreign.reduce((sum, gpus) => sum + gpus, 0) + some.old * some.gpus
  const own = some.old * some.gpus
  const result = planned({
    standing: some.old === 0 ? [] : [[1, '7', some.old]],
    baseline: some.old === 0 ? null : [1, '7'],
    generation: 2,
    model: { replicas: some.replicas, gpusPerReplica: some.gpus, maxUnavailable: some.maxUnavailable },
    rest: { pools: { 'gpu-serve': { ...config().pools['gpu-serve']!, maxGpus: 48 } }, budget: { dollars: 10_000_000 } },
    pool: {
      ceiling: some.nodes * 8,
      used,
      usedByLane: own,
      heldByOthers: used - own,
      besides: some.foreign.map((gpus) => 8 - gpus).sort(),
      ...(some.old === 0 ? {} : { alone: { 1: there } }),
    },
  })
  if (result.kind !== 'plan' || result.plan.strategy === null) return null
  const { path } = result.plan.strategy
  const service = { loadMinutes: { p50: 5, p95: 15 }, gate: { minutes: { p50: 3, p95: 10 } } }
  const gateAfter = path.findIndex((point) => point.new > 0)
  let now = 0
  const ended: PodLife[] = []
  let left = standing
  const came: { gpus: number; from: number }[] = []
  for (const [index, point] of path.entries()) {
    for (; left.length > point.old; left = left.slice(1)) ended.push({ ...left[0]!, until: now })
    while (came.length < point.new) came.push({ gpus: some.gpus, from: now })
    now += hoursAt({ path, gateAfter, service }, index)[part] * (part === 'p50' ? 1 : (some.takes[index] ?? 1))
  }
  const end = now + AFTER
  const before = [...foreign, ...until(end)]
  const all = [...foreign, ...ended, ...[...left, ...came].map((pod) => ({ ...pod, until: end }))]
  const [cost, base] = [nodeHours(all, cluster), nodeHours(before, cluster)]
  return cost === null || base === null ? null : { price: result.plan.price, hours: cost - base, cluster }
}

describe('what a rollout is priced at, beside what Karpenter would start for it', () => {
  it('is enough, wherever its pods are put', () => {
    fc.assert(
      fc.property(anyRollout, (some) => {
        const seen = played(some, 'p95')
        fc.pre(seen !== null)
        const { price, hours, cluster } = seen
        // Nodes that stay in the end are running cost, for as long as an empty one too.
        const stays =
          (price.perHour.p95 - price.nowPerHour) * AFTER +
          Math.max(0, price.perHour.p95 - price.nowPerHour) * cluster.idle
        expect(hours * 80).toBeLessThanOrEqual(price.total.p95 + stays + 0.02)
      }),
      { numRuns: 400 },
    )
  })
})

it('what is only scaled down, or waited for, starts no node, however its pods lie', () => {
  const result = planned({
    standing: [[1, '7', 2]],
    model: { replicas: 1, gpusPerReplica: 4 },
    desired: serve('7'),
    generation: 1,
    pool: { alone: { 1: 1 } },
  })
  expect(result).toMatchObject({
    kind: 'plan',
    plan: { price: { total: { p95: 0 }, perHour: { p95: 80 }, nowPerHour: 80 } },
  })
})

it('of eight small replicas on one node is one node more where one comes first, and one for each that comes with others into no room', () => {
  const { policy, world } = given({
    standing: [[1, '7', 8]],
    model: { replicas: 8, gpusPerReplica: 1 },
    rest: { pools: { 'gpu-serve': { ...config().pools['gpu-serve']!, maxGpus: 128 } } },
    pool: { ceiling: 128, alone: { 1: 1 } },
  })
  const service = policy.services['support-llama']!
  const perHour = (...path: Point[]) =>
    servePrice({
      policy,
      desired: { priced: PRICED },
      pools: world.pools,
      service,
      generations: world.generations,
      leaving: replicasOf(world.generations, () => 1),
      path,
      gateAfter: 1,
      rising: { pool: 'gpu-serve', gpus: 1 },
    }).perHour
  const [start, one, all, end] = [
    { old: 8, new: 0 },
    { old: 8, new: 1 },
    { old: 8, new: 8 },
    { old: 0, new: 8 },
  ]
  expect(perHour(start, one, all, end)).toEqual({ p50: 80, p95: 160 })
  expect(perHour(start, all, end)).toEqual({ p50: 80, p95: 640 })
})
