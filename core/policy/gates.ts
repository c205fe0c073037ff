import * as z from 'zod/mini'
import { filled } from '../../events/input.ts'

/** What a measured figure must be: a missing one, or one that is no number, fails it. */
export const gate = z.strictObject({
  /** Name of the figure in the container's result. */
  metric: filled,
  /** Which way it must lie. */
  op: z.enum(['>=', '<=']),
  /** The figure that still passes. */
  value: z.number(),
})
