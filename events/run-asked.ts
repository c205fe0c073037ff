import * as z from 'zod/mini'
import type { Contract } from './contract.ts'
import { filled, parseWith, refusal, short } from './input.ts'
import type { RunAsked, SetOf } from './occasions.ts'

/** Longest name of a pipeline, and of who asks; longest of all that is set, as JSON: it is kept in the lane's document. Characters. */
const [NAME, SET] = [100, 2000]

/** What one stage is told otherwise; what its policy takes there, that is asked. */
const ofStage = z.strictObject({
  args: z.optional(z.array(z.string())),
  env: z.optional(z.record(filled, z.string())),
})

/** Ours: as the command line and the page's server send it. */
const shape = z.object({
  kind: z.literal('run'),
  id: z.string().check(z.regex(/^[A-Za-z0-9._-]{1,64}$/)),
  at: z.int().check(z.nonnegative()),
  pipeline: short(NAME),
  by: short(NAME),
  set: z.optional(z.record(filled, ofStage)),
})

/**
 * Somebody asks for a run by hand. Ours: the product on one machine hears it on this route; of a deployed one the command line leaves the
 * letter itself, with rights that no door has.
 */
export const runAsked: Contract<RunAsked> = {
  name: 'run-asked',
  summary: 'somebody asks for a run of a pipeline by hand, with `signalbox run`',
  via: { route: 'POST /api/commands' },
  parse: (input) => {
    const parsed = parseWith(shape, input)
    if (!parsed.ok) return parsed
    const { id, at, pipeline, by, set: said = {} } = parsed.event
    const long = JSON.stringify(said).length
    if (long > SET)
      return refusal(
        'bad-field',
        `set: it has ${long} characters, and ${SET} are kept: put what is longer into the policy`,
      )
    // What says nothing is not said.
    const set: SetOf = Object.fromEntries(
      Object.entries(said).filter(([, { args, env }]) => args !== undefined || env !== undefined),
    )
    return { ok: true, event: { type: 'run-asked', id, at, pipeline, by, set, replayed: false } }
  },
}
