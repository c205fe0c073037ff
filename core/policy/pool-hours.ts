import * as z from 'zod/mini'
import { filled } from '../../events/input.ts'
import { DAYS, overlapIn } from '../pools/hours.ts'
import { isZone } from '../pools/local-time.ts'
import { count, countOrNone, matching } from './fields.ts'

const TIME = 'write a time of the day in quotes: `22:00`'

/** A ceiling at some times of the week. */
const hoursCeiling = z.strictObject({
  /** On which days it begins: `['mon', 'tue']`. Left out: on each. */
  days: z._default(z.array(z.enum(DAYS)).check(z.minLength(1)), [...DAYS]),
  /** When it begins, by the clock on the wall: `22:00`. */
  from: matching(/^([01]\d|2[0-3]):[0-5]\d$/, TIME),
  /** When it ends: a time no later than `from` is one of the next day; `24:00` is the end of the day. */
  to: matching(/^(([01]\d|2[0-3]):[0-5]\d|24:00)$/, `${TIME}, or \`24:00\` for its end`),
  /** Ceiling on the pool’s GPUs meanwhile, in place of its own: whole nodes, 0 for none. */
  maxGpus: z.optional(countOrNone),
  /** Ceiling on the nodes of a pool without GPUs, or that shares them, meanwhile, in place of its own; 0 for none. */
  maxNodes: z.optional(countOrNone),
})

/** Ceilings of a pool by local time and day of the week. Outside of them `maxGpus` is in force. */
export const hours = z.strictObject({
  /** Whose clocks are meant: a zone of the IANA database, `Europe/Berlin`. Where they are set back, what has ended in the hour that comes twice does not begin again. */
  zone: filled.check(
    z.refine(
      isZone,
      'no such zone is in the IANA database: write one such as `Europe/Berlin`, `America/New_York` or `UTC`',
    ),
  ),
  /** One entry for each ceiling. No two may be in force at once. */
  ceilings: z.array(hoursCeiling).check(z.minLength(1), z.maxLength(50, 'a pool has at most 50 of them')),
})

/** What people may lease of a pool, on top of its ceiling and for a while. */
export const leases = z.strictObject({
  /** GPUs that all leases together may add: whole nodes. What is lowered here counts at once, for leases that run too. */
  maxGpus: z.optional(count),
  /** Nodes that all leases of a pool without GPUs, or that shares them, together may add, in place of `maxGpus`. */
  maxNodes: z.optional(count),
  /** Hours that a lease may still have before it, when it is asked for and when it is extended. At most 744, 31 days. */
  maxHours: count.check(z.maximum(744, 'write at most 744: what is to stay longer is the pool’s own `maxGpus`')),
})

/** A pool as far as it is looked at here. */
interface Pool extends Most {
  gpusPerNode: number
  sharing?: object | undefined
  queue?: string | undefined
  hours?: z.output<typeof hours> | undefined
  leases?: z.output<typeof leases> | undefined
}

/** A most, by one of two names. */
interface Most {
  maxGpus?: number | undefined
  maxNodes?: number | undefined
}

interface Problem {
  path: string[]
  message: string
}

/** Ceilings that are not said, or by the name that is another kind of pool’s. */
export const mostProblems = (pool: Pool): Problem[] => [
  ...mostProblem([], pool, pool),
  ...(pool.hours?.ceilings ?? []).flatMap((span, index) =>
    mostProblem(['hours', 'ceilings', String(index)], span, pool),
  ),
  ...(pool.leases === undefined ? [] : mostProblem(['leases'], pool.leases, pool)),
]

const mostProblem = (path: string[], said: Most, { gpusPerNode, sharing }: Pool): Problem[] => {
  const inNodes = gpusPerNode === 0 || sharing !== undefined
  const [key, other] = inNodes ? (['maxNodes', 'maxGpus'] as const) : (['maxGpus', 'maxNodes'] as const)
  const why = inNodes
    ? `a node of this pool has ${sharing === undefined ? 'no GPUs' : 'GPUs that are shared'}, and nodes are counted: write \`maxNodes\``
    : 'a node of this pool has GPUs, and those are counted: write `maxGpus`, nodes × GPUs of a node'
  if (said[other] !== undefined) return [{ path: [...path, other], message: why }]
  return said[key] === undefined
    ? [{ path: [...path, key], message: 'is missing: write a whole number, without quotes' }]
    : []
}

/** What of hours and leases could not be carried out as it is written. */
export const hoursProblems = (pool: Pool): Problem[] => [
  ...kueueProblems(pool),
  ...(pool.hours === undefined ? [] : spanProblems(pool.hours, pool)),
  ...nodesProblem(['leases', 'maxGpus'], pool.leases?.maxGpus, pool),
]

const kueueProblems = (pool: Pool): Problem[] =>
  (['hours', 'leases'] as const).flatMap((key) =>
    pool.queue === undefined || pool[key] === undefined
      ? []
      : [
          {
            path: [key],
            message: `Kueue lends this pool (queue ${pool.queue}), and its ClusterQueue says how much of it: set \`nominalQuota\` there, or leave \`queue\` out`,
          },
        ],
  )

const spanProblems = (given: z.output<typeof hours>, pool: Pool): Problem[] => {
  const { ceilings } = given
  const each = ceilings.flatMap((span, index) => {
    const path = ['hours', 'ceilings', String(index)]
    const empty = span.from === span.to
    return [
      ...nodesProblem([...path, 'maxGpus'], span.maxGpus, pool),
      ...(empty ? [{ path: [...path, 'to'], message: NO_TIME }] : []),
      ...(new Set(span.days).size < span.days.length
        ? [{ path: [...path, 'days'], message: 'name each day once' }]
        : []),
    ]
  })
  const overlap = each.length > 0 ? null : overlapIn({ ceilings: ceilings.map((span) => ({ ...span, maxGpus: 0 })) })
  if (overlap === null) return each
  const message = `it is in force at the same time as hours.ceilings.${overlap.other}: let one end where the other begins`
  return [{ path: ['hours', 'ceilings', String(overlap.span)], message }]
}

const NO_TIME = 'it ends when it begins: for a whole day write `from: ’00:00’, to: ’24:00’`'

const nodesProblem = (path: string[], gpus: number | undefined, { gpusPerNode }: Pool): Problem[] => {
  if (gpus === undefined || gpusPerNode === 0 || gpus % gpusPerNode === 0) return []
  const below = Math.floor(gpus / gpusPerNode) * gpusPerNode
  const nearest = below === 0 ? String(gpusPerNode) : `${below} or ${below + gpusPerNode}`
  return [{ path, message: `${gpus} GPUs are no whole nodes of ${gpusPerNode}: write ${nearest}` }]
}
