import * as z from 'zod/mini'
import { filled } from '../../events/input.ts'
import { count, dollars, queue } from './fields.ts'

/** A GPU pool: one Karpenter NodePool, which starts nodes below the ceiling as pods need them. */
export const pool = z.strictObject({
  /** EC2 instance type, e.g. `p5.48xlarge`: one GPU size a pool. */
  instanceType: filled.check(z.maxLength(60, 'no instance type has more than 60 characters')),
  /** GPUs of one node of that type. */
  gpusPerNode: count,
  /** Ceiling on the pool's GPUs: the NodePool's limit. 0 keeps everything out. */
  maxGpus: z.int().check(z.nonnegative()),
  /** How nodes may be bought. Nodes of another kind are never started. */
  capacityTypes: z._default(z.array(z.enum(['on-demand', 'spot', 'reserved'])).check(z.minLength(1)), ['on-demand']),
  /** The LocalQueue through which Kueue, which then owns the pool, lends it to Jobs: of such a pool no GPUs are held. */
  queue: z.optional(queue),
  /** What one node costs. Without a price nothing on the pool is planned; `signalbox prices` reads it from the AWS price list. What a plan was priced with is what was approved and is booked, whatever is written here meanwhile. */
  price: z._default(
    z.nullable(
      z.strictObject({
        /** Dollars an hour for one node. */
        perNodeHour: dollars,
        /** Where the figure is from; the plan quotes it. */
        source: filled,
        /** The day it was read, `2026-11-01`. */
        date: z.iso.date('write the day that the price was read, in quotes: `2026-11-01`'),
      }),
    ),
    null,
  ),
})
