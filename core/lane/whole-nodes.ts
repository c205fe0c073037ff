import type { Plan } from '../plan.ts'
import type { Policy } from '../policy.ts'
import { podsAtOnce } from '../workloads/over-nodes.ts'
import type { PoolView, World } from '../world.ts'

/** Whole nodes of each pool that a plan needs at once: those of its largest gang; of a pool in which it has none nothing is said. */
export const wholeNodesOf = ({ steps }: Pick<Plan, 'steps'>): Record<string, number> => {
  const nodes: Record<string, number> = {}
  for (const step of steps) {
    const pods = step.kind === 'launch-job' ? podsAtOnce(step.job) : 1
    if (step.kind === 'launch-job' && step.pool !== null && pods > 1)
      nodes[step.pool] = Math.max(nodes[step.pool] ?? 0, pods)
  }
  return nodes
}

/**
 * Nodes of a pool that may be a gang's alone: those that its ceiling lets be, less those on which others are, and less what others hold beyond that. `taken`: GPUs
 * that are about to be held besides. Others may be less spread out by the time that it begins, never more so here: a part of a gang that finds no node lets all go.
 */
export const freeNodes = (
  { ceiling, heldByOthers, besides = [] }: Pick<PoolView, 'ceiling' | 'heldByOthers' | 'besides'>,
  { gpusPerNode, taken = 0 }: { gpusPerNode: number; taken?: number },
): number => {
  if (ceiling === null) return Number.POSITIVE_INFINITY
  const others = Math.max(besides.length, Math.ceil(heldByOthers / gpusPerNode))
  return Math.max(0, Math.floor(ceiling / gpusPerNode) - others - Math.ceil(taken / gpusPerNode))
}

/** Which pool has too few whole nodes for these now; null: each has enough, or nobody knows of nodes there. */
export const whyNoNodes = (
  { policy, world }: { policy: Pick<Policy, 'pools'>; world: Pick<World, 'pools'> },
  nodes: Readonly<Record<string, number>>,
): string | null => {
  for (const [pool, need] of Object.entries(nodes)) {
    const [rule, seen] = [policy.pools[pool], world.pools[pool]]
    // Kueue knows what it lends, and begins a Job with all of its pods or none.
    if (rule === undefined || seen === undefined || rule.queue !== undefined) continue
    const free = freeNodes(seen, rule)
    if (free < need)
      return `${pool} has ${free} whole nodes of ${rule.gpusPerNode} GPUs free for it, and it needs ${need} at once`
  }
  return null
}
