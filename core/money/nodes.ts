import type { Range } from '../plan.ts'
import type { PoolPolicy } from '../policy.ts'
import { timesRange } from './prices.ts'

/** Minutes after its last pod for which Karpenter keeps a node of ours: as `bootstrap` writes it into NodePools. */
export const EMPTY_MINUTES = 10

/**
 * The same with what Karpenter takes to see it and to drain the node: 20 to 40 s as a rule. EC2 bills until it is told to terminate
 * the instance.
 */
const IDLE_MINUTES: Range = { p50: EMPTY_MINUTES + 1, p95: EMPTY_MINUTES + 2 }

/**
 * Minutes from when a GPU node is billed until its first pod runs there: 1 to 3 until it has registered, up to 1 for the device
 * plugin, 7 to 10 to pull an image of 10 to 13 GB. In the bad case Karpenter's own 15 until it gives up on a node are nearly used up.
 */
const BOOT_MINUTES: Range = { p50: 10, p95: 20 }

/** The same of a node without GPUs: nothing waits for a device plugin, and its images have none of a GPU's libraries, of 2 GB or less. */
const BOOT_WITHOUT: Range = { p50: 3, p95: 10 }

type Pool = Pick<PoolPolicy, 'gpusPerNode' | 'bootMinutes' | 'counts'>

/** How nodes under pods are counted. Nodes may be parts of such: a share of one. */
export interface Counting {
  /** Nodes that one pod of so many GPUs takes, where nothing of it fits into what runs anyway. */
  each: (gpus: number, pool: Pool) => number
  /** Pods of so many GPUs that a node has room for before another is started; 0: each is reckoned by itself. */
  slots: (gpus: number, pool: Pool) => number
  /** Nodes that pods of so many GPUs each take together, which may be where `free` GPUs are left on a node each. */
  together: (pods: readonly number[], pool: Pool, free?: readonly number[]) => number
  /** Nodes that end with these pods, which were seen alone on so many; left out: none was seen on a node. */
  under: (pods: readonly number[], pool: Pool, seen?: number) => number
  /** Whether the time is counted that pods have to end once they are told to. */
  graces: boolean
  /** Whether the nodes are counted on which servers end that leave, also where that takes no longer than it does as a rule. */
  drains: boolean
  /** Hours for which a node costs before its first pod runs there and after its last has gone. */
  beside: (pool: Pool) => Range
}

/**
 * Whole nodes, as Karpenter starts them: a pod that fits nowhere else costs one, however few of its GPUs it has asked for, and pods are
 * not moved together later.
 */
const WHOLE: Counting = {
  each: (gpus) => (gpus > 0 ? 1 : 0),
  slots: (gpus, { gpusPerNode }) => (gpus > 0 ? Math.floor(gpusPerNode / gpus) : 0),
  together: (...given) => packed(...given),
  under: (pods, pool, seen) => seen ?? packed(pods, pool),
  graces: true,
  drains: false,
  beside: ({ counts, bootMinutes: { p50, p95 } = counts === 'nodes' ? BOOT_WITHOUT : BOOT_MINUTES }) =>
    timesRange({ p50: p50 + IDLE_MINUTES.p50, p95: p95 + IDLE_MINUTES.p95 }, 1 / 60),
}

/** The largest first, each where it leaves the least. */
const packed = (pods: readonly number[], { gpusPerNode }: Pool, free: readonly number[] = []): number => {
  const places = [...free].sort((a, b) => a - b)
  const started: number[] = []
  for (const gpus of pods.filter((one) => one > 0).toSorted((a, b) => b - a)) {
    const on = places.some((left) => left >= gpus) ? places : started
    const index = on.findIndex((left) => left >= gpus)
    if (index < 0) started.push(gpusPerNode - gpus)
    else on[index] = (on[index] ?? 0) - gpus
  }
  return started.length
}

/** GPUs by their share of a node, for as long as pods run: too little wherever nothing else takes the rest. */
const SHARES: Counting = {
  each: (gpus, { gpusPerNode }) => gpus / gpusPerNode,
  slots: () => 0,
  together: (pods, pool) => shareOf(pods, pool),
  under: (pods, pool) => shareOf(pods, pool),
  graces: false,
  drains: false,
  beside: () => ({ p50: 0, p95: 0 }),
}

const shareOf = (pods: readonly number[], { gpusPerNode }: Pool): number =>
  pods.reduce((sum, gpus) => sum + gpus, 0) / gpusPerNode

/**
 * How lanes are priced, by revision, the first first. A lane keeps the one that it was wanted under: what was approved stays so across
 * a release (law 15). None is edited or taken away, a better one is added after it.
 */
const COUNTINGS: readonly Counting[] = [SHARES, WHOLE, { ...WHOLE, drains: true }]

/** The revision that is priced with from now on. */
export const PRICED: number = COUNTINGS.length

/** How it is counted in this revision. Throws where there never was such a one. */
export const countingOf = ({ priced = 1 }: { priced?: number }): Counting => {
  const found = COUNTINGS[priced - 1]
  if (found === undefined) throw new Error(`there is no revision ${priced} of pricing`)
  return found
}

/** Why it costs more than its pods alone, for a person; null: it is priced by shares. */
export const besideText = (desired: { priced?: number }, pools: readonly Pool[]): string[] => {
  const counting = countingOf(desired)
  const texts = pools.map((pool) => {
    const { p50, p95 } = timesRange(counting.beside(pool), 60)
    return p95 === 0
      ? []
      : [
          `nodes${pool.counts === 'nodes' ? ' without GPUs' : ''} are paid whole, each ${Math.round(p50)} min longer than its pods run (p95 ${Math.round(p95)} min): it boots, pulls the image, and is taken away once it was empty for ${EMPTY_MINUTES} min`,
        ]
  })
  return [...new Set(texts.flat())]
}
