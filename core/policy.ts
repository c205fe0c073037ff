import * as z from 'zod/mini'
import { filled, inEnglish } from '../events/input.ts'
import { digestOf } from './digest.ts'
import { promotionFields, promotionsOf } from './promotion.ts'

/**
 * What the user configures: plain data, validated, with defaults. `signalbox.config.ts` becomes one JSON document with a
 * version (law 13); every planning loads the one in force.
 */

const matching = (pattern: RegExp, say: string) => z.string().check(z.regex(pattern, say))
const count = z.int().check(z.positive())
const name = matching(
  /^[a-z0-9]([a-z0-9-]{0,51}[a-z0-9])?$/,
  'use lower-case letters, digits and dashes between them, at most 53',
)
const image = matching(
  /^[a-z0-9][a-z0-9./:_-]*@sha256:[0-9a-f]{64}$/,
  'pin the image by digest: `repository@sha256:<64 hex>`',
)
const approver = matching(
  /^[TE][A-Z0-9]+\/[UWS][A-Z0-9]+$/,
  'name a person as `TEAM/USER` ids, e.g. `T0SIGNAL/U0ANA`, or a Slack user group, e.g. `T0SIGNAL/S0GPUOPS`',
)
const queue = matching(
  /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/,
  'name a LocalQueue of the training namespace: lower-case letters, digits and dashes between them, at most 63',
)
const folder = matching(/\/$/, 'end the prefix with `/`')
const dollars = z.number().check(z.positive('must be more than 0 dollars'))
const duration = matching(/^\d+(s|m|h|d)$/, 'write a duration as a whole number and a unit: `90s`, `30m`, `4h`, `2d`')
const range = z
  .strictObject({ p50: z.number().check(z.positive()), p95: z.number().check(z.positive()) })
  .check(z.refine(({ p50, p95 }) => p50 <= p95, 'p50 must not be above p95'))
const mode = z._default(z.enum(['act', 'shadow']), 'act')
const gate = z.strictObject({ metric: filled, op: z.enum(['>=', '<=']), value: z.number() })

const pool = z.strictObject({
  /** EC2 instance type: one GPU size a pool. */
  instanceType: filled,
  gpusPerNode: count,
  /** Ceiling on the pool's GPUs: the NodePool's limit. */
  maxGpus: z.int().check(z.nonnegative()),
  capacityTypes: z._default(z.array(z.enum(['on-demand', 'spot', 'reserved'])).check(z.minLength(1)), ['on-demand']),
  /** The LocalQueue through which Kueue, which then owns the pool, lends it to Jobs: of such a pool no GPUs are held. */
  queue: z.optional(queue),
  /** Dollars an hour for one node, with where the figure is from and the day it was read. */
  price: z._default(z.nullable(z.strictObject({ perNodeHour: dollars, source: filled, date: z.iso.date() })), null),
})

const dataset = z.strictObject({
  mode,
  bucket: z.string().check(z.minLength(3)),
  /** The manifest's key is `<prefix><manifest>`, or `<prefix>…/<manifest>`. */
  prefix: folder,
  manifest: z._default(filled, 'manifest.json'),
  /** How long a manifest whose objects are not all there may wait. */
  completeWithin: z._default(duration, '1h'),
  /** A newer dataset version while one is being trained on: let it finish, or stop it. */
  onNewer: z._default(z.enum(['finish', 'replace']), 'finish'),
  launch: z.strictObject({
    method: z._default(z.enum(['lora']), 'lora'),
    baseModel: filled,
    image,
    pool: name,
    gpus: count,
    hours: range,
    args: z._default(z.array(z.string()), []),
  }),
  /** Evaluation after training: nothing is registered unless every gate holds. */
  evaluate: z.strictObject({
    image,
    pool: name,
    gpus: count,
    hours: range,
    gates: z.array(gate).check(z.minLength(1)),
  }),
  /** Registered model that a passing run becomes a version of. */
  registerAs: filled,
})

const modelName = matching(
  /^[A-Za-z0-9]([A-Za-z0-9._-]{0,50}[A-Za-z0-9])?$/,
  'the name is also a Kubernetes label value: letters, digits, `.`, `_` and `-`, at most 52',
)
const model = z.strictObject({
  mode,
  ...promotionFields,
  image,
  pool: name,
  replicas: count,
  gpusPerReplica: count,
  maxModelLen: z._default(count, 32768),
  args: z._default(z.array(z.string()), []),
  /** Minutes until a replica is ready. */
  loadMinutes: z._default(range, { p50: 5, p95: 15 }),
  /** Replicas that may be away during a rollout; 0 asks for surge or blue-green, more than `replicas` allows an outage. */
  maxUnavailable: z._default(z.int().check(z.nonnegative()), 1),
  /** Judged against the new generation before old replicas go, by a small Job inside the cluster. */
  gate: z.strictObject({
    image,
    checks: z.array(gate).check(z.minLength(1)),
    minutes: z._default(range, { p50: 3, p95: 10 }),
  }),
})

const approvals = z
  .strictObject({
    channel: filled,
    approvers: z.array(z.strictObject({ id: approver, name: filled })).check(z.minLength(1)),
    need: z._default(count, 1),
    requesterMayApprove: z._default(z.boolean(), false),
    /** Nobody knows who asked: anyone of the approvers may answer, one more must, or nothing is done. */
    unknownRequester: z._default(z.enum(['anyone', 'one-more', 'refuse']), 'anyone'),
    expiry: z._default(duration, '4h'),
    /** Plans whose p95 price is below this need nobody. 0 asks always. */
    autoApproveBelow: z._default(z.number().check(z.nonnegative()), 0),
  })
  .check(
    z.superRefine((value, context) => {
      const ids = new Set(value.approvers.map(({ id }) => id))
      if (ids.size !== value.approvers.length)
        context.addIssue({ code: 'custom', path: ['approvers'], message: 'name each approver once' })
      const needed = value.need + (value.unknownRequester === 'one-more' ? 1 : 0)
      if (needed > ids.size && groupsOf(value).length === 0)
        context.addIssue({
          code: 'custom',
          path: ['need'],
          message: `${needed} answers can be needed but only ${ids.size} people may give one: add approvers or lower need`,
        })
    }),
  )

const document = z
  .strictObject({
    installation: z._default(name, 'signalbox'),
    cluster: name,
    namespaces: z._default(
      z.strictObject({ training: z._default(name, 'training'), serving: z._default(name, 'serving') }),
      { training: 'training', serving: 'serving' },
    ),
    /** Where Jobs write their results: `s3://bucket/prefix/`. */
    results: z.strictObject({
      bucket: z.string().check(z.minLength(3)),
      prefix: z._default(folder, 'results/'),
    }),
    /** Dollars a month that all plans together may hold and spend. */
    budget: z.strictObject({ name: z._default(name, 'ml-monthly'), dollars }),
    pools: z.record(name, pool),
    datasets: z._default(z.record(name, dataset), {}),
    models: z._default(z.record(modelName, model), {}),
    approvals,
    /** How often an attempt is repeated after a failure that another try may cure. */
    retries: z._default(z.int().check(z.nonnegative(), z.maximum(10)), 2),
  })
  .check(
    z.superRefine((value, context) => {
      if (byPrefix(value).size !== Object.keys(value.datasets).length)
        context.addIssue({
          code: 'custom',
          path: ['datasets'],
          message: 'two datasets share a bucket and prefix: an upload must mean one of them',
        })
      for (const [name, rule] of Object.entries(value.models))
        if (promotionsOf(rule).length !== 1)
          context.addIssue({
            code: 'custom',
            path: ['models', name],
            message: 'name exactly one of serveAlias, serveTag and serveStage: it says which version to serve',
          })
      for (const [name, { pool: used }] of Object.entries(value.models))
        if (value.pools[used]?.queue !== undefined)
          context.addIssue({
            code: 'custom',
            path: ['models', name, 'pool'],
            message: `Kueue owns \`${used}\` and lends it to Jobs, which a service is not: use a pool without queue, or leave out pools.${used}.queue`,
          })
      for (const [path, used] of poolsUsed(value))
        if (!Object.hasOwn(value.pools, used))
          context.addIssue({
            code: 'custom',
            path,
            message: `there is no pool \`${used}\`: add it under pools or use one of ${Object.keys(value.pools).join(', ')}`,
          })
    }),
  )

type Document = z.output<typeof document>

/** What a user may write in `signalbox.config.ts`: defaults may be left out. */
export type Config = z.input<typeof document>

/** The validated policy, with its version and with what every event needs to find found in one step. */
export interface Policy extends Document {
  /** First 12 hex digits of the digest over the whole document. */
  version: string
  /** Dataset name by `bucket/prefix`, so that an event costs the same with 10 and with 10,000 rules. */
  datasetByPrefix: ReadonlyMap<string, string>
}
export type PoolPolicy = Document['pools'][string]
export type DatasetPolicy = Document['datasets'][string]
export type ModelPolicy = Document['models'][string]
export type ApprovalPolicy = Document['approvals']

/** The user groups among the approvers. Who is in them is known to Slack alone. */
export const groupsOf = ({ approvers }: { approvers: { id: string }[] }): string[] =>
  approvers.map(({ id }) => id).filter((id) => /\/S[A-Z0-9]+$/.test(id))

/** The policy does not hold together: `problems` names each path and what to write there. */
export class PolicyError extends Error {
  override name = 'PolicyError'
  readonly problems: string[]
  constructor(problems: string[]) {
    super(
      `the policy has ${problems.length} problem${problems.length === 1 ? '' : 's'}:\n${problems.map((line) => `  - ${line}`).join('\n')}`,
    )
    this.problems = problems
  }
}

/** Gives editors the types of a config; returns it unchanged. */
export const defineConfig = (config: Config): Config => config

/** Validates a config and fills in defaults. Throws `PolicyError`. */
export const parsePolicy = (config: unknown): Policy => {
  const parsed = z.safeParse(document, config, inEnglish)
  if (!parsed.success) throw new PolicyError(parsed.error.issues.map(problem))
  return { ...parsed.data, version: digestOf(parsed.data).slice(0, 12), datasetByPrefix: byPrefix(parsed.data) }
}

/** Milliseconds of a duration such as `90s`, `30m`, `4h`, `2d`. */
export const milliseconds = (text: string): number => {
  const units: Record<string, number> = { s: 1e3, m: 6e4, h: 36e5, d: 864e5 }
  return Number(text.slice(0, -1)) * (units[text.slice(-1)] ?? Number.NaN)
}

const problem = (issue: z.core.$ZodIssue): string =>
  `${issue.path.length === 0 ? '(the whole config)' : issue.path.join('.')}: ${issue.message}`

const poolsUsed = (value: Pick<Document, 'datasets' | 'models'>): [string[], string][] => [
  ...Object.entries(value.datasets).flatMap(([key, { launch, evaluate }]): [string[], string][] => [
    [['datasets', key, 'launch', 'pool'], launch.pool],
    [['datasets', key, 'evaluate', 'pool'], evaluate.pool],
  ]),
  ...Object.entries(value.models).map(([key, { pool: used }]): [string[], string] => [['models', key, 'pool'], used]),
]

const byPrefix = ({ datasets }: Pick<Document, 'datasets'>): Map<string, string> =>
  new Map(Object.entries(datasets).map(([key, { bucket, prefix }]) => [`${bucket}/${prefix}`, key]))
