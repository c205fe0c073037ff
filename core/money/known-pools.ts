import type { Policy, PoolPolicy } from '../policy.ts'

/** What the meter keeps of a pool, so that a node is found and priced there when the policy has the pool no more. */
export interface KnownPool extends Pick<PoolPolicy, 'gpusPerNode' | 'capacityTypes' | 'price'> {
  /** When it was last seen to have something of ours, or to have left the policy. Left out: the policy has it. */
  left?: number
}

export type KnownPools = Readonly<Record<string, KnownPool>>

/** A node that was asked for as its pool left is there within the hour, and goes within another once nothing of ours is on it. Milliseconds. */
const LOOKED_AFTER = 24 * 3_600_000

/** Pools that have left are kept for their prices: so many, since they are in one row. */
const MOST = 100

/**
 * The pools of the policy as it says them, and those that have left it as it last said them. `there`: those that nodes or pods of ours were in
 * at this look.
 */
export const knownPools = (
  before: KnownPools,
  { pools }: Pick<Policy, 'pools'>,
  { there, now }: { there: ReadonlySet<string>; now: number },
): KnownPools => {
  const left = Object.entries(before)
    .filter(([name]) => !Object.hasOwn(pools, name))
    .map(([name, known]): [string, KnownPool] => [
      name,
      { ...known, left: there.has(name) ? now : (known.left ?? now) },
    ])
    .sort(([, a], [, b]) => (b.left ?? now) - (a.left ?? now))
    .slice(0, MOST)
  const named = Object.entries(pools).map(([name, { gpusPerNode, capacityTypes, price }]): [string, KnownPool] => [
    name,
    { gpusPerNode, capacityTypes, price },
  ])
  return Object.fromEntries([...named, ...left].sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** Whose nodes are looked for: those of the policy, and for a while of those that have left it. */
export const lookedFor = (before: KnownPools, { pools }: Pick<Policy, 'pools'>, now: number): string[] => {
  const left = Object.entries(before).filter(([, { left = now }]) => now - left < LOOKED_AFTER)
  return [...new Set([...Object.keys(pools), ...left.map(([name]) => name)])]
}
