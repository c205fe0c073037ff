import * as z from 'zod'
import { digestOf } from './digest.ts'
import { promotionFields, promotionsOf } from './promotion.ts'

/**
 * What the user configures: plain data, validated, with defaults. `signalbox.config.ts` becomes one JSON document with a
 * version (law 13); every planning loads the one in force.
 */

const name = z.string().regex(/^[a-z0-9][a-z0-9-]{0,52}$/, 'use lower-case letters, digits and dashes, at most 53')
const image = z
  .string()
  .regex(/^[a-z0-9][a-z0-9./:_-]*@sha256:[0-9a-f]{64}$/, 'pin the image by digest: `repository@sha256:<64 hex>`')
const approver = z
  .string()
  .regex(
    /^[TE][A-Z0-9]+\/[UWS][A-Z0-9]+$/,
    'name a person as `TEAM/USER` ids, e.g. `T0SIGNAL/U0ANA`, or a Slack user group, e.g. `T0SIGNAL/S0GPUOPS`',
  )
const dollars = z.number().positive('must be more than 0 dollars')
const duration = z
  .string()
  .regex(/^\d+(s|m|h|d)$/, 'write a duration as a whole number and a unit: `90s`, `30m`, `4h`, `2d`')
const range = z
  .strictObject({ p50: z.number().positive(), p95: z.number().positive() })
  .refine(({ p50, p95 }) => p50 <= p95, 'p50 must not be above p95')
const mode = z.enum(['act', 'shadow']).default('act')
const gate = z.strictObject({ metric: z.string().min(1), op: z.enum(['>=', '<=']), value: z.number() })

const pool = z.strictObject({
  /** EC2 instance type: one GPU size a pool. */
  instanceType: z.string().min(1),
  gpusPerNode: z.int().positive(),
  /** Ceiling on the pool's GPUs: the NodePool's limit. */
  maxGpus: z.int().nonnegative(),
  capacityTypes: z
    .array(z.enum(['on-demand', 'spot', 'reserved']))
    .min(1)
    .default(['on-demand']),
  /** Dollars an hour for one node, with where the figure is from and the day it was read. */
  price: z
    .strictObject({ perNodeHour: dollars, source: z.string().min(1), date: z.iso.date() })
    .nullable()
    .default(null),
})

const dataset = z.strictObject({
  mode,
  bucket: z.string().min(3),
  /** The manifest's key is `<prefix><manifest>`, or `<prefix>…/<manifest>`. */
  prefix: z.string().regex(/\/$/, 'end the prefix with `/`'),
  manifest: z.string().min(1).default('manifest.json'),
  /** How long a manifest whose objects are not all there may wait. */
  completeWithin: duration.default('1h'),
  /** A newer dataset version while one is being trained on: let it finish, or stop it. */
  onNewer: z.enum(['finish', 'replace']).default('finish'),
  launch: z.strictObject({
    method: z.enum(['lora']).default('lora'),
    baseModel: z.string().min(1),
    image,
    pool: name,
    gpus: z.int().positive(),
    hours: range,
    args: z.array(z.string()).default([]),
  }),
  /** Evaluation after training: nothing is registered unless every gate holds. */
  evaluate: z.strictObject({ image, pool: name, gpus: z.int().positive(), hours: range, gates: z.array(gate).min(1) }),
  /** Registered model that a passing run becomes a version of. */
  registerAs: z.string().min(1),
})

const model = z.strictObject({
  mode,
  ...promotionFields,
  image,
  pool: name,
  replicas: z.int().positive(),
  gpusPerReplica: z.int().positive(),
  maxModelLen: z.int().positive().default(32768),
  args: z.array(z.string()).default([]),
  /** Minutes until a replica is ready. */
  loadMinutes: range.default({ p50: 5, p95: 15 }),
  /** Replicas that may be away during a rollout; 0 asks for surge or blue-green, more than `replicas` allows an outage. */
  maxUnavailable: z.int().nonnegative().default(1),
  /** Judged against the new generation before old replicas go, by a small Job inside the cluster. */
  gate: z.strictObject({ image, checks: z.array(gate).min(1), minutes: range.default({ p50: 3, p95: 10 }) }),
})

const approvals = z
  .strictObject({
    channel: z.string().min(1),
    approvers: z.array(z.strictObject({ id: approver, name: z.string().min(1) })).min(1),
    need: z.int().positive().default(1),
    requesterMayApprove: z.boolean().default(false),
    /** Nobody knows who asked: anyone of the approvers may answer, one more must, or nothing is done. */
    unknownRequester: z.enum(['anyone', 'one-more', 'refuse']).default('anyone'),
    expiry: duration.default('4h'),
    /** Plans whose p95 price is below this need nobody. 0 asks always. */
    autoApproveBelow: z.number().nonnegative().default(0),
  })
  .superRefine((value, context) => {
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
  })

const document = z
  .strictObject({
    installation: name.default('signalbox'),
    cluster: name,
    namespaces: z
      .strictObject({ training: name.default('training'), serving: name.default('serving') })
      .default({ training: 'training', serving: 'serving' }),
    /** Where Jobs write their results: `s3://bucket/prefix/`. */
    results: z.strictObject({
      bucket: z.string().min(3),
      prefix: z.string().regex(/\/$/, 'end the prefix with `/`').default('results/'),
    }),
    /** Dollars a month that all plans together may hold and spend. */
    budget: z.strictObject({ name: name.default('ml-monthly'), dollars }),
    pools: z.record(name, pool),
    datasets: z.record(name, dataset).default({}),
    models: z
      .record(
        z
          .string()
          .regex(
            /^[A-Za-z0-9]([A-Za-z0-9._-]{0,50}[A-Za-z0-9])?$/,
            'the name is also a Kubernetes label value: letters, digits, `.`, `_` and `-`, at most 52',
          ),
        model,
      )
      .default({}),
    approvals,
    /** How often an attempt is repeated after a failure that another try may cure. */
    retries: z.int().nonnegative().max(10).default(2),
  })
  .superRefine((value, context) => {
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
    for (const [path, used] of poolsUsed(value))
      if (!Object.hasOwn(value.pools, used))
        context.addIssue({
          code: 'custom',
          path,
          message: `there is no pool \`${used}\`: add it under pools or use one of ${Object.keys(value.pools).join(', ')}`,
        })
  })

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
  const parsed = document.safeParse(config)
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
