import type { NodeView, PoolView } from '../world.ts'
import type { Replica } from './generations.ts'

/**
 * Room by node (law 10): a pod is on one node, and a sum of GPUs that are free says nothing of that where pods of several sizes share
 * nodes. Pure arithmetic: whichever pods Kubernetes takes of a generation, and wherever it puts those that come.
 */

/** What is counted: the pool, what leaves it in which order, and the GPUs of one replica that rises. */
export interface Packing {
  pool: Pick<PoolView, 'pool' | 'ceiling' | 'nodes' | 'used' | 'usedByLane' | 'stuck' | 'heldByOthers'>
  gpusPerNode: number
  leaving: readonly Replica[]
  rising: { gpus: number; generation: number }
}

/** How replicas that rise fit onto the nodes of their pool. */
export interface ByNode {
  /** GPUs of a node. */
  gpus: number
  /** Replicas that find a node, those that stand included, while the last `old` of what leaves are there; with `more` GPUs of ceiling. */
  slots(old: number, more?: number): number
  /** The same where what others hold and use nothing of yet is free. */
  unheld(old: number): number
  /** GPUs that nobody else may take, while so many stand: what is left of a node beside another size is of no use to who needs whole ones. */
  held(old: number, up: number): number
}

/** By node, where what rises and what leaves have other numbers of GPUs; undefined: a sum says all there is, or nobody looked at nodes. */
export const byNode = (packing: Packing): ByNode | undefined => {
  const { pool, leaving, rising, gpusPerNode } = packing
  const sizes = new Set([rising.gpus, ...inPool(packing, leaving).map(({ view }) => view.gpusPerReplica)])
  sizes.delete(0)
  if (pool.nodes === undefined || rising.gpus === 0 || sizes.size < 2) return undefined
  const { stuck = 0 } = pool
  const others = Math.max(pool.heldByOthers, pool.used - pool.usedByLane) + stuck
  const known = new Map<string, number>()
  const slots = (old: number, more = 0): number => {
    const key = `${old}+${more}`
    const found = known.get(key) ?? slotsAt(packing, old, { more, others })
    known.set(key, found)
    return found
  }
  return {
    gpus: gpusPerNode,
    slots,
    unheld: (old) => slotsAt(packing, old, { more: 0, others: pool.used - pool.usedByLane + stuck }),
    held: (old, up) => heldAt(packing, old, up),
  }
}

const slotsAt = (packing: Packing, old: number, { more, others }: { more: number; others: number }): number => {
  const { pool, gpusPerNode, rising } = packing
  const nodes = pool.nodes ?? []
  const { sure, some, unseen } = remaining(packing, old)
  const beside = nodes.map((node) => ({
    node,
    free:
      usable(node, gpusPerNode) -
      staysOn(packing, node) -
      sum([...sure].map(([view, gpus]) => gpus * podsOn(node, view))),
  }))
  const left = fewest(beside, { some, rising })
  // Others that hold what no pod of theirs has yet have nodes started for it, and so has each replica that has no node.
  const taken = gpusPerNode * unseen + Math.max(0, others - sum(nodes.map((node) => node.others)))
  if (pool.ceiling === null) return Number.POSITIVE_INFINITY
  const startable = Math.floor((pool.ceiling + more) / gpusPerNode) - nodes.length
  const rest = startable - Math.ceil(taken / gpusPerNode)
  const slots = left.map((free) => Math.max(0, Math.floor(free / rising.gpus)))
  if (rest >= 0) return sum(slots) + rest * Math.floor(gpusPerNode / rising.gpus)
  // What no node can be started for goes where it harms most.
  return sum(slots) - harm(left, rising.gpus, taken - Math.max(0, startable) * gpusPerNode)
}

/** What of the leaving remains: generations of which all that has nodes does, the one of which only some does, and how many have no node. */
const remaining = (packing: Packing, old: number): { sure: Map<number, number>; some: Some | null; unseen: number } => {
  const there = inPool(packing, packing.leaving.slice(packing.leaving.length - old))
  const sure = new Map<number, number>()
  let [some, unseen]: [Some | null, number] = [null, 0]
  for (const [generation, replicas] of Map.groupBy(there, ({ view }) => view.generation)) {
    const gpus = replicas[0]?.view.gpusPerReplica ?? 0
    const seen = sum((packing.pool.nodes ?? []).map((node) => podsOn(node, generation)))
    // Of a Deployment those go first that have no node.
    unseen += Math.max(0, replicas.length - seen)
    if (replicas.length >= seen) sure.set(generation, gpus)
    else some = { generation, gpus, count: replicas.length }
  }
  return { sure, some, unseen }
}

interface Beside {
  node: NodeView
  free: number
}

/** Of a generation some remain, and which ones is Kubernetes' own choice. */
interface Some {
  generation: number
  gpus: number
  count: number
}

/** GPUs that are left on nodes where those `some` remain that leave the fewest slots. */
const fewest = (
  beside: readonly Beside[],
  { some, rising }: { some: Some | null; rising: Packing['rising'] },
): number[] => {
  const leftOn = ({ node, free }: Beside, here: number): number =>
    // A node to which nothing comes any more keeps what is there.
    node.closed === true ? rising.gpus * podsOn(node, rising.generation) : free - here * (some?.gpus ?? 0)
  if (some === null) return beside.map((one) => leftOn(one, 0))
  const slots = (one: Beside, here: number): number => Math.max(0, Math.floor(leftOn(one, here) / rising.gpus))
  // By how many of them are placed on the nodes so far: the fewest slots there, and how many are on the last.
  let least = [0]
  const chosen = beside.map((one) => {
    const found = placed(least, {
      most: podsOn(one.node, some.generation),
      count: some.count,
      slots: slots.bind(null, one),
    })
    least = found.map((best) => best.slots)
    return found.map(({ here }) => here)
  })
  let rest = some.count
  return beside
    .map((one, index) => ({ one, here: chosen[index] ?? [] }))
    .reverse()
    .map(({ one, here }) => {
      const on = here[rest] ?? 0
      rest -= on
      return leftOn(one, on)
    })
}

/** One node more: for each number of pods placed the fewest slots, and how many of them this node then has. */
const placed = (
  least: readonly number[],
  { most, count, slots }: { most: number; count: number; slots: (here: number) => number },
): { slots: number; here: number }[] => {
  const on = Array.from({ length: most + 1 }, (_, here) => slots(here))
  return Array.from({ length: Math.min(count, least.length - 1 + most) + 1 }, (_, all) => {
    let best = { slots: Number.POSITIVE_INFINITY, here: 0 }
    for (let here = Math.max(0, all - least.length + 1); here <= Math.min(most, all); here++) {
      const sum = (least[all - here] ?? Number.POSITIVE_INFINITY) + (on[here] ?? 0)
      if (sum < best.slots) best = { slots: sum, here }
    }
    return best
  })
}

/** Slots that so many GPUs of others take where they take the most: the last GPU that a slot needs is enough. */
const harm = (left: readonly number[], size: number, gpus: number): number => {
  const costs = left
    .flatMap((free) => Array.from({ length: Math.floor(free / size) }, (_, i) => (i === 0 ? (free % size) + 1 : size)))
    .sort((a, b) => a - b)
  let [rest, slots] = [gpus, 0]
  for (const cost of costs) {
    if (cost > rest) break
    rest -= cost
    slots++
  }
  return slots
}

const heldAt = (packing: Packing, old: number, up: number): number => {
  const { pool, gpusPerNode, rising } = packing
  const { sure, some, unseen } = remaining(packing, old)
  const own = (pool.nodes ?? []).map((node) => {
    const gpus = usable(node, gpusPerNode)
    const fixed = staysOn(packing, node) + sum([...sure].map(([view, each]) => each * podsOn(node, view)))
    const isSome = some !== null && podsOn(node, some.generation) > 0
    return { gpus, fixed, isSome, slots: Math.floor(Math.max(0, gpus - fixed) / rising.gpus) }
  })
  const certain = own.filter(({ fixed }) => fixed > 0)
  const perhaps = own.filter(({ fixed, isSome }) => fixed === 0 && isSome).sort((a, b) => b.gpus - a.gpus)
  const under = [...certain, ...perhaps.slice(0, some?.count ?? 0)]
  const beside = sum(certain.map(({ slots }) => slots))
  const more = Math.ceil(Math.max(0, up - beside) / Math.max(1, Math.floor(gpusPerNode / rising.gpus)))
  return sum(under.map(({ gpus }) => gpus)) + (unseen + more) * gpusPerNode
}

/** GPUs of a node that others have none of. */
const usable = ({ gpus, others }: NodeView, gpusPerNode: number): number =>
  Math.max(0, Math.min(gpus, gpusPerNode) - others)

const podsOn = ({ own = {} }: NodeView, generation: number): number => own[generation]?.pods ?? 0

/** GPUs of a node that the lane has for what neither leaves nor rises. */
const staysOn = ({ leaving, rising }: Packing, { own = {} }: NodeView): number => {
  const moved = new Set([rising.generation, ...leaving.map(({ view }) => view.generation)])
  return sum(Object.entries(own).flatMap(([generation, { gpus }]) => (moved.has(Number(generation)) ? [] : [gpus])))
}

const inPool = ({ pool }: Pick<Packing, 'pool'>, replicas: readonly Replica[]): readonly Replica[] =>
  replicas.filter(({ view }) => view.pool === pool.pool)

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0)
