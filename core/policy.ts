import * as z from 'zod/mini'
import { digestOf } from './digest.ts'
import { approvals } from './policy/approvals.ts'
import { keda } from './policy/autoscaling.ts'
import { belowBadNames, unseenKeys } from './policy/bad-names.ts'
import type { Since } from './policy/begun-by.ts'
import { budget } from './policy/budget.ts'
import { countedPool, type PoolPolicy, writtenPool } from './policy/counted.ts'
import { datasetsIn } from './policy/datasets.ts'
import { alertsOf } from './policy/drift.ts'
import { bucket, folder, modelName, name, namespace, workspace } from './policy/fields.ts'
import { toldOfManifest } from './policy/manifest-places.ts'
import { monitorProblems } from './policy/monitors.ts'
import { nodes } from './policy/nodes.ts'
import { pipeline } from './policy/pipelines.ts'
import { resultProblems } from './policy/pod-result.ts'
import { podProblems } from './policy/pod-shape.ts'
import { pool } from './policy/pools.ts'
import { inOurWords, sentencesOf } from './policy/problems.ts'
import { runner } from './policy/runner.ts'
import { type Newer, newerSchema, SCHEMA } from './policy/schema.ts'
import { service } from './policy/services.ts'
import { sources, whyTooMany } from './policy/sources.ts'
import { togetherProblems } from './policy/together.ts'
import { runnerProblems } from './policy/wrapped.ts'
import { promotionOf, signalAt } from './promotion.ts'
import { counted, inSight } from './text.ts'

/**
 * What the user configures: plain data, validated, with defaults. `signalbox.config.ts` becomes one JSON document with a
 * version (law 15); every planning loads the one in force.
 */
export const document = z
  .strictObject({
    /** Which shape of policy this is. A release that meets a newer one rests until it is replaced. */
    schema: z._default(
      z.literal(
        SCHEMA,
        `this release reads schema ${SCHEMA}: say \`pipelines\` and \`services\` as docs/policy.md has them, and write ${SCHEMA}`,
      ),
      SCHEMA,
    ),
    /** Name of this installation: resources in AWS and labels in the cluster are named after it. Another one is in force once nothing runs or stands under this one. */
    installation: z._default(name, 'signalbox'),
    /** Name of the EKS cluster. */
    cluster: name,
    /** Namespaces that belong to this installation alone. Other ones are in force once nothing runs or stands in these. */
    namespaces: z._default(
      z.strictObject({
        /** Where Jobs run. */
        training: z._default(namespace, 'training'),
        /** Where models are served. */
        serving: z._default(namespace, 'serving'),
      }),
      { training: 'training', serving: 'serving' },
    ),
    /** Where Jobs write their results. */
    results: z.strictObject({
      /** Bucket of results. */
      bucket,
      /** Where in the bucket. */
      prefix: z._default(folder.check(z.maxLength(100, 'a prefix of results has at most 100 characters')), 'results/'),
    }),
    /** Where `signalbox-run` comes from, for stages that say `runner` and for engines that have files fetched; left out: nothing is. */
    runner: z.optional(runner),
    /** What all plans together may hold and spend. */
    budget,
    /**
     * What nodes of all pools have in common: with it `signalbox bootstrap` makes an EC2NodeClass for each pool that names none. Left out:
     * you make them, and it compares them with what is said of pools.
     */
    nodes: z.optional(nodes),
    /** Pools of nodes by name, with GPUs or without. */
    pools: z.record(name, pool),
    /** What KEDA, which is installed by you, asks for services with `autoscaling`; left out: none has any. Take that off them before this. */
    keda: z.optional(keda),
    /** Run-once work in stages, by name. */
    pipelines: z._default(z.record(name, pipeline), {}),
    /** Registered models that are served, by name. */
    services: z._default(z.record(modelName, service), {}),
    /**
     * Where weights that are served may come from: folders of S3 (`s3://acme-models/`), namespaces or repositories of Hugging Face
     * (`hf://meta-llama/`, `hf://meta-llama/Llama-3.1-8B`; a version may name a commit of it, `…@COMMIT`, which then stays). This installation’s own results may be served whatever it says, and
     * nothing else where it is left out.
     */
    sources: z.optional(sources),
    /** Which part of the registry is ours. */
    registry: z.optional(
      z.strictObject({
        /**
         * Workspace of an MLflow that has some (from 3.10 on): all that is read and registered is in it, what was approved in the one
         * that its plan named, and what is told of another one is ignored. Left out where MLflow has none, or its default one is meant.
         */
        workspace,
      }),
    ),
    /** Who is asked, where, and when nobody needs to be. */
    approvals,
    /** How often an attempt is repeated after a failure that another try may cure. */
    retries: z._default(z.int().check(z.nonnegative(), z.maximum(10)), 2),
  })
  .check(
    z.superRefine((value, context) => {
      for (const { path, message } of [...togetherProblems(value), ...runnerProblems(value), ...monitorProblems(value)])
        context.addIssue({ code: 'custom', path, message })
      const many = whyTooMany(value)
      if (many !== null) context.addIssue({ code: 'custom', path: ['sources'], message: many })
    }),
  )

type Document = z.output<typeof document>

/** What a user may write in `signalbox.config.ts`: defaults may be left out. */
export type Config = z.input<typeof document>

/** The validated policy, with its version and with what every event needs to find found in one step. */
export interface Policy extends Omit<Document, 'pools'> {
  pools: Record<string, PoolPolicy>
  budget: Document['budget'] & {
    /** The name that the budget had first, where it was renamed. What is spent and held of it is counted under that one. */
    known?: string
  }
  /** First 12 hex digits of the digest over the whole document. */
  version: string
  /** When it was published, by the clock of where it is kept: of two texts the one that was published later is in force, be it an earlier text. Left out: nobody says. Ms since the epoch. */
  published?: number
  /** Why a service of it is to have fewer replicas than it says; left out: as of every policy that is read, none is. */
  floored?: string
  /** Since when it says by which times and versions pipelines begin; left out: nobody knows. */
  since?: Since
  /** Keys of rules by what events name, so that an event costs the same with 10 and with 10,000 rules. */
  found: {
    /** Pipelines by `bucket/prefix`. */
    byPrefix: ReadonlyMap<string, string>
    /** Services by `model@alias`, `model#tag` or `model/Stage`. */
    bySignal: ReadonlyMap<string, string>
    /** Services by the names of alerts that say that they drift, each with the labels that one has; and by the places of their reports. */
    byAlert: ReadonlyMap<string, readonly { service: string; labels: Readonly<Record<string, string>> }[]>
    /** Pipelines by the service whose drift begins them. */
    byDrift: ReadonlyMap<string, string>
    /** Pipelines by the registered model whose versions begin them. */
    byVersion: ReadonlyMap<string, readonly string[]>
  }
}
export type { PoolPolicy } from './policy/counted.ts'
export type PipelinePolicy = Document['pipelines'][string]
export type StagePolicy = PipelinePolicy['stages'][number]
export type ServicePolicy = Document['services'][string]
export type ApprovalPolicy = Document['approvals']

/** The policy does not hold together: `problems` names each path, what was found there and what to write. */
export class PolicyError extends Error {
  override name = 'PolicyError'
  readonly problems: string[]
  constructor(problems: string[]) {
    super(`the policy has ${counted(problems.length, 'problem')}:\n${problems.map((line) => `  - ${line}`).join('\n')}`)
    this.problems = problems
  }
}

/** The policy is of a newer schema than this release reads: it rests, and nothing under way ends (law 15). */
export class NewerPolicy extends PolicyError {
  override name = 'NewerPolicy'
  constructor({ schema, unknown }: Newer) {
    const keys = unknown.length === 0 ? '' : `; keys that it does not know: ${unknown.join(', ')}`
    super([`schema: ${schema} is newer than ${SCHEMA}, which this release reads: upgrade it first${keys}`])
  }
}

/** Gives editors the types of a config; returns it unchanged. */
export const defineConfig = (config: Config): Config => config

/** The registered model that a service serves. */
export const modelOf = (key: string, { model }: Pick<ServicePolicy, 'model'>): string => model ?? key

/** Validates a config and fills in defaults. Throws `PolicyError`; `NewerPolicy` where it is of a schema that is not known yet. */
export const parsePolicy = (config: unknown): Policy => policyOf(config, [podProblems, resultProblems])

/** A document that was validated when it was written: what doors read, which carry no types of Kubernetes for it. Throws likewise. */
export const validatedPolicy = (document: unknown): Policy => policyOf(document, null)

/** Pods are looked at as they are written, and as they come of it where nothing else is wrong. */
const policyOf = (config: unknown, pods: [typeof podProblems, typeof resultProblems] | null): Policy => {
  const newer = newerSchema(config, document)
  if (newer !== null) throw new NewerPolicy(newer)
  const parsed = z.safeParse(document, config, inOurWords)
  const issues = parsed.error?.issues ?? []
  const problems = [
    ...[...issues, ...belowBadNames(config, issues, issuesOf)].flatMap((issue) => sentencesOf(document, issue)),
    ...unseenKeys(config).map((path) => `${inSight(path)}: nothing can be called \`__proto__\`: use another name`),
    ...(pods?.[0](config) ?? []).map(lineOf),
  ]
  if (parsed.success && problems.length === 0) problems.push(...(pods?.[1](parsed.data) ?? []).map(lineOf))
  if (!parsed.success || problems.length > 0)
    throw new PolicyError(problems.map((problem) => toldOfManifest(config, problem)))
  const pools = Object.fromEntries(Object.entries(parsed.data.pools).map(([key, one]) => [key, countedPool(one)]))
  return { ...parsed.data, pools, version: digestOf(parsed.data).slice(0, 12), found: foundIn(parsed.data) }
}

/** The document that a policy was read from, defaults filled in: what is kept of it, and read again. */
export const documentOf = ({ found: _found, version: _version, ...document }: Policy): Document => ({
  ...document,
  pools: Object.fromEntries(Object.entries(document.pools).map(([key, one]) => [key, writtenPool(one)])),
})

const issuesOf = (config: unknown) => z.safeParse(document, config, inOurWords).error?.issues ?? []

const lineOf = ({ path, message }: { path: (string | number)[]; message: string }): string =>
  `${inSight(path.join('.'))}: ${message}`

const foundIn = ({ pipelines, services }: Document): Policy['found'] => ({
  byPrefix: new Map(datasetsIn(pipelines).map(({ name, dataset }) => [`${dataset.bucket}/${dataset.prefix}`, name])),
  bySignal: new Map(
    Object.entries(services).map(([key, rule]) => [signalAt(modelOf(key, rule), promotionOf(rule)), key]),
  ),
  byAlert: Map.groupBy(
    Object.entries(services).flatMap(([service, { drift }]) =>
      alertsOf(drift).map(({ name, labels }) => ({ name, service, labels })),
    ),
    ({ name }) => name,
  ),
  byDrift: new Map(
    Object.entries(pipelines).flatMap(([key, { on }]) => (on.drift === undefined ? [] : [[on.drift.service, key]])),
  ),
  byVersion: new Map(
    [...Map.groupBy(Object.entries(pipelines), ([, { on }]) => on.version?.model)].flatMap(([model, all]) =>
      model === undefined ? [] : [[model, all.map(([key]) => key)]],
    ),
  ),
})
