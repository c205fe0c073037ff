import type * as z from 'zod/mini'
import type { Counts } from '../pools/counts.ts'
import type { pool } from './pools.ts'
import { sliceOf } from './sharing.ts'

/** A pool as it is written. */
type Written = z.output<typeof pool>

/** A pool with its numbers as all of them are read: of one without GPUs a node counts as one, and of one that shares them a slice does. */
export type PoolPolicy = Omit<Written, 'maxGpus' | 'maxNodes' | 'hours' | 'leases'> & {
  maxGpus: number
  /** What its numbers are of, where that is its nodes, or slices; left out: its GPUs. */
  counts?: NonNullable<Counts['counts']>
  hours?: Omit<NonNullable<Written['hours']>, 'ceilings'> & {
    ceilings: (Omit<Span, 'maxNodes'> & { maxGpus: number })[]
  }
  leases?: Omit<NonNullable<Written['leases']>, 'maxNodes'> & { maxGpus: number }
}
type Span = NonNullable<Written['hours']>['ceilings'][number]

/** A ceiling as it is written: one of the two, as its pool has whole GPUs or not. */
interface Most {
  maxGpus?: number | undefined
  maxNodes?: number | undefined
}

/** So many of what is counted has one node: one, where that is nodes. */
const numbered = <T extends Most>(
  { maxNodes = 0, maxGpus: _, ...rest }: T,
  perNode: number,
): Omit<T, 'maxGpus' | 'maxNodes'> & { maxGpus: number } => ({ ...rest, maxGpus: maxNodes * perNode })

/** The pool in one kind of numbers. */
export const countedPool = (written: Written): PoolPolicy => {
  const slice = sliceOf(written)
  // Each of its numbers is one of GPUs already: it was refused otherwise.
  if (written.gpusPerNode > 0 && slice === null) return written as PoolPolicy
  const perNode = slice === null ? 1 : written.gpusPerNode * slice.perGpu
  const { hours, leases, ...rest } = numbered(written, perNode)
  const spans = hours?.ceilings.map((span) => numbered(span, perNode))
  return {
    ...rest,
    gpusPerNode: perNode,
    counts: slice?.resource ?? 'nodes',
    ...(hours === undefined || spans === undefined ? {} : { hours: { ...hours, ceilings: spans } }),
    ...(leases === undefined ? {} : { leases: numbered(leases, perNode) }),
  }
}

/** GPUs that a node of the pool really has, whatever is counted of it. */
export const ownGpus = (pool: PoolPolicy): number =>
  pool.counts === 'nodes' ? 0 : pool.gpusPerNode / (sliceOf(pool)?.perGpu ?? 1)

/** The pool as it was written: what `countedPool` makes the same of again. */
export const writtenPool = (counted: PoolPolicy): Written => {
  const { counts, ...pool } = counted
  if (counts === undefined) return pool as Written
  const { hours, leases, ...rest } = renamed(pool, pool.gpusPerNode)
  const spans = hours?.ceilings.map((span) => renamed(span, pool.gpusPerNode))
  return {
    ...rest,
    gpusPerNode: ownGpus(counted),
    ...(hours === undefined || spans === undefined ? {} : { hours: { ...hours, ceilings: spans } }),
    ...(leases === undefined ? {} : { leases: renamed(leases, pool.gpusPerNode) }),
  }
}

const renamed = <T extends { maxGpus: number }>(
  { maxGpus, ...rest }: T,
  perNode: number,
): Omit<T, 'maxGpus'> & { maxNodes: number } => ({ ...rest, maxNodes: maxGpus / perNode })
