import * as z from 'zod/mini'
import { inEnglish } from '../events/input.ts'
import { digestOf } from './digest.ts'
import { approvals } from './policy/approvals.ts'
import { dataset } from './policy/datasets.ts'
import { bucket, dollars, folder, modelName, name } from './policy/fields.ts'
import { model } from './policy/models.ts'
import { pool } from './policy/pools.ts'
import { sentenceOf } from './policy/problems.ts'
import { togetherProblems } from './policy/together.ts'

/**
 * What the user configures: plain data, validated, with defaults. `signalbox.config.ts` becomes one JSON document with a
 * version (law 15); every planning loads the one in force.
 */
export const document = z
  .strictObject({
    /** Name of this installation: resources in AWS and labels in the cluster are named after it. */
    installation: z._default(name, 'signalbox'),
    /** Name of the EKS cluster. */
    cluster: name,
    /** Namespaces that belong to this installation alone. */
    namespaces: z._default(
      z.strictObject({
        /** Where Jobs run. */
        training: z._default(name, 'training'),
        /** Where models are served. */
        serving: z._default(name, 'serving'),
      }),
      { training: 'training', serving: 'serving' },
    ),
    /** Where Jobs write their results. */
    results: z.strictObject({
      /** Bucket of results. */
      bucket,
      /** Where in the bucket. */
      prefix: z._default(folder, 'results/'),
    }),
    /** What all plans together may hold and spend. */
    budget: z.strictObject({
      /** Name of the budget; another name begins at nothing. */
      name: z._default(name, 'ml-monthly'),
      /** Dollars a calendar month (UTC). */
      dollars,
    }),
    /** GPU pools by name. */
    pools: z.record(name, pool),
    /** Datasets that are trained on, by name. */
    datasets: z._default(z.record(name, dataset), {}),
    /** Registered models that are served, by their name in the registry. */
    models: z._default(z.record(modelName, model), {}),
    /** Who is asked, where, and when nobody needs to be. */
    approvals,
    /** How often an attempt is repeated after a failure that another try may cure. */
    retries: z._default(z.int().check(z.nonnegative(), z.maximum(10)), 2),
  })
  .check(
    z.superRefine((value, context) => {
      for (const { path, message } of togetherProblems(value)) context.addIssue({ code: 'custom', path, message })
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

/** The policy does not hold together: `problems` names each path, what was found there and what to write. */
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
  const parsed = z.safeParse(document, config, { ...inEnglish, reportInput: true })
  if (!parsed.success) throw new PolicyError(parsed.error.issues.map((issue) => sentenceOf(document, issue)))
  const { datasets } = parsed.data
  const byPrefix = Object.entries(datasets).map(([key, { bucket, prefix }]): [string, string] => [
    `${bucket}/${prefix}`,
    key,
  ])
  return { ...parsed.data, version: digestOf(parsed.data).slice(0, 12), datasetByPrefix: new Map(byPrefix) }
}

/** Milliseconds of a duration such as `90s`, `30m`, `4h`, `2d`. */
export const milliseconds = (text: string): number => {
  const units: Record<string, number> = { s: 1e3, m: 6e4, h: 36e5, d: 864e5 }
  return Number(text.slice(0, -1)) * (units[text.slice(-1)] ?? Number.NaN)
}
