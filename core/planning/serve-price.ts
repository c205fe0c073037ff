import { cents, centsRange, pricePerGpuHour, priceSource } from '../money/prices.ts'
import type { Point, Price, Range } from '../plan.ts'
import type { Policy, PoolPolicy, ServicePolicy } from '../policy.ts'
import type { GenerationView } from '../world.ts'
import type { Replica } from './generations.ts'

/** A bad case of a bad case: what carrying out may cost in all, against the p95. */
const MARGIN = 1.5
const HOURS_WEIGHED = 24

/** What a rollout is priced from. */
export interface PricedPath {
  policy: Policy
  service: Pick<ServicePolicy, 'loadMinutes'> & { gate: Pick<ServicePolicy['gate'], 'minutes'> }
  generations: readonly GenerationView[]
  /** What the lane ran before, which is what it costs more than; left out: what stands. */
  before?: readonly GenerationView[]
  leaving: readonly Replica[]
  path: readonly Point[]
  gateAfter: number | null
  /** The pool of the rising generation and the GPUs of one of its replicas. */
  rising: { pool: string; gpus: number }
}

/**
 * `total` is what the rollout takes above what ran before: at each point the additional GPUs, for as long as weights load or
 * the gate asks. `perHour` is what stands in the end.
 */
export const servePrice = (priced: PricedPath): Price => {
  const { policy, generations, before = generations, path, rising } = priced
  const now = before.map((view) => ({
    gpus: view.replicas * view.gpusPerReplica,
    rate: rateOf(policy, view.pool),
  }))
  const nowPerHour = sum(now.map(({ gpus, rate }) => gpus * rate))
  const nowGpus = sum(now.map(({ gpus }) => gpus))
  const points = path.map((point, index) => ({ ...standing(priced, point), hours: hoursAt(priced, index) }))
  const over = (part: 'p50' | 'p95', above: (point: { gpus: number; dollars: number }) => number): number =>
    sum(points.map((point) => Math.max(0, above(point)) * point.hours[part]))
  const dollars = (point: { dollars: number }): number => point.dollars - nowPerHour
  const gpus = (point: { gpus: number }): number => point.gpus - nowGpus
  const end = points.at(-1)?.dollars ?? 0
  const pools = [
    ...new Set([rising.pool, ...generations.filter(({ replicas }) => replicas > 0).map(({ pool }) => pool)]),
  ]
  return {
    total: centsRange({ p50: over('p50', dollars), p95: over('p95', dollars) }),
    perHour: centsRange({ p50: end, p95: end }),
    nowPerHour: cents(nowPerHour),
    gpuHours: centsRange({ p50: over('p50', gpus), p95: over('p95', gpus) }),
    sources: pools.flatMap((name) => {
      const pool = poolOf(policy, name)
      return pool === undefined ? [] : [priceSource(name, pool)]
    }),
  }
}

/** Dollars an hour at each point of the path beyond what the lane cost before. */
export const extraPerHour = (priced: Omit<PricedPath, 'service' | 'gateAfter'>): number[] => {
  const { policy, generations, before = generations, path } = priced
  const now = sum(before.map(({ replicas, gpusPerReplica, pool }) => replicas * gpusPerReplica * rateOf(policy, pool)))
  return path.map((point) => cents(Math.max(0, standing(priced, point).dollars - now)))
}

/**
 * Dollars that approval and budget weigh: the rollout, and the first 24 hours of what it adds to the running cost. `ending`: what it may still
 * cost once it is told to end, which the bound contains, since it is told so early.
 */
export const dollarsWeighed = (price: Price, ending = 0): { asked: number; bound: number; firstDay: number } => {
  const firstDay = cents(Math.max(0, price.perHour.p95 - price.nowPerHour) * HOURS_WEIGHED)
  return {
    asked: cents(price.total.p95 + firstDay),
    bound: cents(price.total.p95 * MARGIN + ending + firstDay),
    firstDay,
  }
}

const standing = (
  { policy, leaving, rising }: Pick<PricedPath, 'policy' | 'leaving' | 'rising'>,
  point: Point,
): { gpus: number; dollars: number } => {
  const remaining = leaving.slice(leaving.length - point.old).map(({ view }) => view)
  const risen = point.new * rising.gpus
  return {
    gpus: sum(remaining.map(({ gpusPerReplica }) => gpusPerReplica)) + risen,
    dollars:
      sum(remaining.map(({ gpusPerReplica, pool }) => gpusPerReplica * rateOf(policy, pool))) +
      risen * rateOf(policy, rising.pool),
  }
}

/** Hours until it goes on from a point of the path: while weights load there, and while the gate asks. */
export const hoursAt = (
  { path, gateAfter, service }: Pick<PricedPath, 'path' | 'gateAfter' | 'service'>,
  index: number,
): Range => {
  const [point, before] = [path[index], path[index - 1]]
  const loads = point !== undefined && before !== undefined && point.new > before.new
  const gates = index === gateAfter
  const minutes = (part: 'p50' | 'p95'): number =>
    (loads ? service.loadMinutes[part] : 0) + (gates ? service.gate.minutes[part] : 0)
  return { p50: minutes('p50') / 60, p95: minutes('p95') / 60 }
}

const rateOf = (policy: Policy, name: string): number => {
  const pool = poolOf(policy, name)
  return pool === undefined ? 0 : (pricePerGpuHour(pool) ?? 0)
}

const poolOf = (policy: Policy, name: string): PoolPolicy | undefined =>
  Object.hasOwn(policy.pools, name) ? policy.pools[name] : undefined

const sum = (numbers: number[]): number => numbers.reduce((total, number) => total + number, 0)
