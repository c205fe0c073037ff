import * as z from 'zod/mini'
import { NAME } from '../result.ts'
import { matching } from './fields.ts'

const figure = matching(
  NAME,
  'no result can name such a figure: begin with a letter, then letters, digits and `_ . , / @ -`, at most 80, and let the program write it so',
)

/** What a measured figure must be: a missing one, or one that is no number, fails it. */
export const gate = z.strictObject({
  /** Name of the figure in the container's result. */
  metric: figure,
  /** Which way it must lie. */
  op: z.enum(['>=', '<=']),
  /** The figure that still passes. */
  value: z.number(),
})

/** The same of what serves: its gate is told all figures in one variable, with commas between them. */
export const check = z.extend(gate, {
  /** Name of the figure in the gate's result. */
  metric: figure.check(
    z.refine((name) => !name.includes(','), 'the gate is told its figures with commas between them: write it without'),
  ),
})
