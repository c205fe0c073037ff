import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { datasetBuckets } from '../core/policy/datasets.ts'
import { monitoredPlaces, type ReportPlace } from '../core/policy/monitors.ts'
import { typesOf } from '../core/policy/pools.ts'
import { type Policy, parsePolicy } from '../core/policy.ts'

/** What the stacks need of the policy: its name, its buckets and its namespaces, however many models it has. */
export interface PolicyFacts {
  installation: string
  datasetBuckets: string[]
  resultsBucket: string
  /** Folders of S3 that weights may come from besides, each with its bucket. */
  sources: { bucket: string; folder: string }[]
  /** Whether pipelines run on versions of models: then what they read may lie in these folders too. */
  runsOnVersions: boolean
  /** Folders that stages which measure drift leave their reports in. */
  reports: ReportPlace[]
  /** Below it each Job writes into a folder of its own name. */
  resultsPrefix: string
  namespaces: Policy['namespaces']
  cluster: string
  budget: Policy['budget']
  /** Instance types of all pools with GPUs: what AWS counts and, as a last resort, launches no more. Others of the cluster have those without, too. */
  instanceTypes: string[]
  /** Folder of the document that the parameter points to. */
  folder: string
}

/** Reads the built policy. Throws when there is none, or none that holds together. */
export const policyFacts = (dist: string): PolicyFacts => {
  const folder = join(dist, 'policy')
  const file = join(folder, 'policy.json')
  if (!existsSync(file)) throw new Error(`there is no ${file}: run \`npm run build\` first`)
  const policy = parsePolicy(JSON.parse(readFileSync(file, 'utf8')))
  const { installation, cluster, budget, pools, namespaces, pipelines, results, sources = [] } = policy
  return {
    installation,
    datasetBuckets: datasetBuckets(pipelines).sort(),
    resultsBucket: results.bucket,
    sources: sources.flatMap((source) => {
      const [, bucket, folder] = /^s3:\/\/([^/]+)\/(.*)$/.exec(source) ?? []
      return bucket === undefined || folder === undefined ? [] : [{ bucket, folder }]
    }),
    runsOnVersions: Object.values(pipelines).some(({ on }) => on.version !== undefined),
    reports: monitoredPlaces(policy),
    resultsPrefix: results.prefix,
    namespaces,
    cluster,
    budget,
    instanceTypes: [
      ...new Set(Object.values(pools).flatMap((pool) => (pool.counts === 'nodes' ? [] : typesOf(pool)))),
    ].sort(),
    folder,
  }
}
