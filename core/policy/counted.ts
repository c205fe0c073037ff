import type * as z from 'zod/mini'
import type { pool } from './pools.ts'

/** A pool as it is written. */
type Written = z.output<typeof pool>

/** A pool with its numbers as all of them are read: of one without GPUs a node counts as one. */
export type PoolPolicy = Omit<Written, 'maxGpus' | 'maxNodes' | 'hours' | 'leases'> & {
  maxGpus: number
  /** What its numbers are of, where that is its nodes; left out: its GPUs. */
  counts?: 'nodes'
  hours?: Omit<NonNullable<Written['hours']>, 'ceilings'> & {
    ceilings: (Omit<Span, 'maxNodes'> & { maxGpus: number })[]
  }
  leases?: Omit<NonNullable<Written['leases']>, 'maxNodes'> & { maxGpus: number }
}
type Span = NonNullable<Written['hours']>['ceilings'][number]

/** A ceiling as it is written: one of the two, as its pool has GPUs or not. */
interface Most {
  maxGpus?: number | undefined
  maxNodes?: number | undefined
}

const numbered = <T extends Most>({
  maxNodes = 0,
  maxGpus: _,
  ...rest
}: T): Omit<T, 'maxGpus' | 'maxNodes'> & { maxGpus: number } => ({ ...rest, maxGpus: maxNodes })

/** The pool in one kind of numbers. */
export const countedPool = (written: Written): PoolPolicy => {
  // Each of its numbers is one of GPUs already: it was refused otherwise.
  if (written.gpusPerNode > 0) return written as PoolPolicy
  const { hours, leases, ...rest } = numbered(written)
  return {
    ...rest,
    gpusPerNode: 1,
    counts: 'nodes',
    ...(hours === undefined ? {} : { hours: { ...hours, ceilings: hours.ceilings.map(numbered) } }),
    ...(leases === undefined ? {} : { leases: numbered(leases) }),
  }
}

/** The pool as it was written: what `countedPool` makes the same of again. */
export const writtenPool = ({ counts, ...pool }: PoolPolicy): Written => {
  if (counts === undefined) return pool as Written
  const { hours, leases, ...rest } = renamed(pool)
  return {
    ...rest,
    gpusPerNode: 0,
    ...(hours === undefined ? {} : { hours: { ...hours, ceilings: hours.ceilings.map(renamed) } }),
    ...(leases === undefined ? {} : { leases: renamed(leases) }),
  }
}

const renamed = <T extends { maxGpus: number }>({
  maxGpus,
  ...rest
}: T): Omit<T, 'maxGpus'> & { maxNodes: number } => ({
  ...rest,
  maxNodes: maxGpus,
})
