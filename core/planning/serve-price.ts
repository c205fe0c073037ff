import { countingOf } from '../money/nodes.ts'
import { addRange, cents, centsRange, nodeHour, priceSource } from '../money/prices.ts'
import type { Plan, Price, Range } from '../plan.ts'
import type { Point } from '../plan-point.ts'
import type { Policy, PoolPolicy, ServicePolicy } from '../policy.ts'
import type { GenerationView, PoolView, World } from '../world.ts'
import type { Replica } from './generations.ts'
import { drainAt, paidAlong } from './serve-drain.ts'
import { othersGpus } from './serve-room.ts'

/** A bad case of a bad case: what carrying out may cost in all, against the p95. */
export const MARGIN = 1.5
const HOURS_WEIGHED = 24

/** What a rollout is priced from. */
export interface PricedPath {
  policy: Policy
  /** What is wanted, in the revision in which it is priced. */
  desired: { priced?: number }
  pools: World['pools']
  service: Pick<ServicePolicy, 'loadMinutes'> & { gate: Pick<ServicePolicy['gate'], 'minutes'> }
  generations: readonly GenerationView[]
  /** What the lane ran before, which is what it costs more than; left out: what stands. */
  before?: readonly GenerationView[]
  /** The same with as many replicas as people have agreed that it may have at any time: what an hour of it adds is beyond that. Left out: as many as it ran. */
  agreed?: readonly GenerationView[]
  leaving: readonly Replica[]
  path: readonly Point[]
  gateAfter: number | null
  /** The pool of the rising generation and the GPUs of one of its replicas. */
  rising: { pool: string; gpus: number }
}

/**
 * `total` is what the rollout takes above what ran before: at each point the additional nodes, for as long as weights load or the gate
 * asks, and what each that is started costs before and after its pods. `perHour` is what may stand in the end.
 */
export const servePrice = (priced: PricedPath): Price => {
  const { policy, generations, before = generations, path, rising } = priced
  const hours = path.map((_, index) => hoursAt(priced, index))
  const extra = extraAt(priced)
  const nowGpus = sum(before.map(({ replicas, gpusPerReplica }) => replicas * gpusPerReplica))
  const now = nowPerHour(priced)
  const agreed = { ...priced, before: priced.agreed ?? before }
  const agreedNow = nowPerHour(agreed)
  const standing = generations.filter(({ replicas }) => replicas > 0).map(({ pool }) => pool)
  const drains = path.map((_, index) => drainAt(priced, index))
  const over = (above: readonly Range[]): Range[] => paidAlong(above, { hours, drains })
  const gpus = path.map((point) => gpusAt(priced, point) - nowGpus).map((each) => ({ p50: each, p95: each }))
  const { p50, p95 } = extraAt(agreed).at(-1) ?? { p50: 0, p95: 0 }
  return {
    total: centsRange(addRange(...over(extra), ...besideAt(priced))),
    perHour: centsRange({ p50: Math.max(0, agreedNow + p50), p95: Math.max(0, agreedNow + p95) }),
    nowPerHour: cents(now),
    ...(agreedNow === now ? {} : { agreedPerHour: cents(agreedNow) }),
    gpuHours: centsRange(addRange(...over(gpus))),
    sources: [...new Set([rising.pool, ...standing])].flatMap((name) => {
      const pool = poolOf(policy, name)
      return pool === undefined ? [] : [priceSource(name, pool)]
    }),
  }
}

/** Dollars at each point of the path, in the bad case. */
export interface AtPoint {
  /** An hour, beyond what the lane cost before. */
  extra: number
  /** What nodes that are started for it cost before and after their pods. */
  beside: number
}

/** What each point of the path costs beyond what the lane cost before. */
export const costAtPoints = (priced: PricedPath): AtPoint[] => {
  const beside = besideAt(priced)
  return extraAt(priced).map(({ p95 }, index) => ({
    extra: cents(Math.max(0, p95)),
    beside: cents(beside[index]?.p95 ?? 0),
  }))
}

/**
 * Dollars that approval and budget weigh: the rollout, and the first 24 hours of what it adds to the running cost. `ending`: what it may still
 * cost once it is told to end, which the bound contains, since it is told so early.
 */
export const dollarsWeighed = (
  price: Price,
  ending = 0,
): { asked: number; bound: number; of: NonNullable<Plan['boundOf']> } => {
  const firstDay = cents(Math.max(0, price.perHour.p95 - (price.agreedPerHour ?? price.nowPerHour)) * HOURS_WEIGHED)
  const bound = cents(price.total.p95 * MARGIN + ending + firstDay)
  const ends = cents(ending)
  // The parts come to the whole, to the cent.
  const of = { rollout: cents(bound - ends - firstDay), ending: ends, firstDay }
  return { asked: cents(price.total.p95 + firstDay), bound, of }
}

/** Nodes of a pool that run at a point of the path beyond those that ran before. */
interface Beyond {
  pool: string
  nodes: Range
}

/**
 * By pool, at each point. As a rule: the fewest that the lane's replicas fit on beside what runs anyway, and as many fewer before. In the
 * bad case those that come together and find no room on the lane's own nodes are each alone on a new one, and with those that go a node
 * ends only where nothing else is on it.
 */
const beyondAlong = (priced: PricedPath): Beyond[][] => {
  const { rising, policy, pools, path, before = priced.generations } = priced
  const names = [...new Set([rising.pool, ...before.map(({ pool }) => pool)])]
  const byPool = names.flatMap((name) => {
    const pool = poolOf(policy, name)
    if (pool === undefined) return []
    const counting = countingOf(priced.desired)
    const views = before.filter((view) => view.pool === name)
    const under = views.map((view) => nodesUnder(priced, view, pool))
    const stood = sum(views.filter((view) => !leaves(priced, view)).map(({ replicas }) => replicas))
    const together = (pods: readonly number[]): number => counting.together(pods, pool, pools[name]?.besides)
    const each = (pods: readonly number[]): number => sum(pods.map((gpus) => counting.each(gpus, pool)))
    const at = path.map((point) => {
      const stays = views.map((view) => podsOf(view, staysAt(priced, view, point)))
      const risen = rising.pool === name ? Math.max(0, point.new - stood) : 0
      const ends = sum(under.map((nodes, index) => Math.max(0, nodes - each(stays[index] ?? []))))
      const pods = [...stays.flat(), ...Array.from({ length: risen }, () => rising.gpus)]
      return { pods, risen, nodes: sum(under) - ends }
    })
    const base = together(views.flatMap((view) => podsOf(view, view.replicas)))
    const most = Math.max(0, mostNodes(pools[name], pool) - sum(under))
    const slots = counting.slots(rising.gpus, pool)
    let started = 0
    return [
      at.map(({ pods, risen }, index): Beyond => {
        const last = at[index - 1] ?? { pods: [], risen: 0, nodes: sum(under) }
        const isAlike = last.pods.every((gpus) => gpus === rising.gpus)
        const room = isAlike ? Math.max(0, slots * (last.nodes + started) - last.pods.length) : 0
        // What a node of the lane has room for is put there before Karpenter hears of it.
        const alone = Math.max(0, risen - last.risen - (index === 0 ? 0 : room))
        started += alone * counting.each(rising.gpus, pool)
        // Of what has room on a node nobody knows on which: each pod may be alone on one that runs.
        const bad = Math.min(each(pods), sum(under) + started) - sum(under)
        const usual = together(pods) - base
        return { pool: name, nodes: { p50: usual, p95: Math.max(usual, Math.min(bad, most)) } }
      }),
    ]
  })
  return path.map((_, index) => byPool.flatMap((along) => along[index] ?? []))
}

/** Nodes that the lane may have of a pool: the ceiling without what others hold or use. */
const mostNodes = (view: PoolView | undefined, { gpusPerNode, maxGpus }: PoolPolicy): number =>
  Math.floor((view?.ceiling ?? maxGpus) / gpusPerNode) -
  (view === undefined ? 0 : Math.ceil(othersGpus(view) / gpusPerNode))

const podsOf = ({ gpusPerReplica }: GenerationView, count: number): number[] =>
  Array.from({ length: count }, () => gpusPerReplica)

const leaves = ({ leaving }: Pick<PricedPath, 'leaving'>, { generation }: GenerationView): boolean =>
  leaving.some(({ view }) => view.generation === generation)

/** Replicas that are left at a point of a generation that ran before; the one that rises may have had some. */
const staysAt = (priced: Pick<PricedPath, 'leaving'>, view: GenerationView, point: Point): number => {
  const { leaving } = priced
  if (!leaves(priced, view)) return Math.min(view.replicas, point.new)
  return leaving.slice(leaving.length - point.old).filter((one) => one.view.generation === view.generation).length
}

/** Nodes that would end with what runs of a generation: those that it was seen alone on, and of what a way has taken already the fewest. */
const nodesUnder = (
  { desired, pools, generations }: Pick<PricedPath, 'desired' | 'pools' | 'generations'>,
  view: GenerationView,
  pool: PoolPolicy,
): number => {
  const counting = countingOf(desired)
  const now = Math.min(
    view.replicas,
    generations.find(({ generation }) => generation === view.generation)?.replicas ?? 0,
  )
  const { alone } = pools[view.pool] ?? {}
  const seen = alone === undefined ? undefined : (alone[view.generation] ?? 0)
  return counting.under(podsOf(view, now), pool, seen) + counting.together(podsOf(view, view.replicas - now), pool)
}

/** Dollars an hour at each point beyond what ran before; less than nothing where it is less. */
const extraAt = (priced: PricedPath): Range[] =>
  beyondAlong(priced).map((point) =>
    addRange(...point.map(({ pool, nodes }) => atHourly(nodes, hourOf(priced.policy, pool)))),
  )

/** What nodes cost beside their pods that a point of the path is the first to need: no more ran at once before it. */
const besideAt = (priced: PricedPath): Range[] => {
  const most = new Map<string, Range>()
  return beyondAlong(priced).map((point) =>
    addRange(
      ...point.map(({ pool: name, nodes }) => {
        const before = most.get(name) ?? { p50: 0, p95: 0 }
        const now = { p50: Math.max(before.p50, nodes.p50), p95: Math.max(before.p95, nodes.p95) }
        most.set(name, now)
        const started = { p50: now.p50 - before.p50, p95: now.p95 - before.p95 }
        const pool = poolOf(priced.policy, name)
        const hours = pool === undefined ? { p50: 0, p95: 0 } : countingOf(priced.desired).beside(pool)
        const dollars = atHourly(started, hourOf(priced.policy, name))
        return { p50: dollars.p50 * hours.p50, p95: dollars.p95 * hours.p95 }
      }),
    ),
  )
}

/** Fewer nodes save what they are reckoned to cost now. */
const atHourly = ({ p50, p95 }: Range, hour: Range): Range => ({
  p50: p50 * (p50 < 0 ? hour.p95 : hour.p50),
  p95: p95 * hour.p95,
})

/** Dollars an hour of what the lane ran before, in the bad case. */
const nowPerHour = (priced: PricedPath): number => {
  const { policy, generations, before = generations } = priced
  return sum(
    before.map((view) => {
      const pool = poolOf(policy, view.pool)
      return pool === undefined ? 0 : nodesUnder(priced, view, pool) * hourOf(policy, view.pool).p95
    }),
  )
}

const gpusAt = ({ leaving, rising }: Pick<PricedPath, 'leaving' | 'rising'>, point: Point): number =>
  sum(leaving.slice(leaving.length - point.old).map(({ view }) => view.gpusPerReplica)) + point.new * rising.gpus

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

const hourOf = (policy: Policy, name: string): Range => {
  const pool = poolOf(policy, name)
  return (pool === undefined ? null : nodeHour(pool)) ?? { p50: 0, p95: 0 }
}

const poolOf = (policy: Policy, name: string): PoolPolicy | undefined =>
  Object.hasOwn(policy.pools, name) ? policy.pools[name] : undefined

const sum = (numbers: number[]): number => numbers.reduce((total, number) => total + number, 0)
