import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from '../core/policy.ts'

/** What the stacks need of the policy: its name and its buckets, however many models it has. */
export interface PolicyFacts {
  installation: string
  datasetBuckets: string[]
  resultsBucket: string
  /** Folder of the document that the parameter points to. */
  folder: string
}

/** Reads the built policy. `npm run build` has validated it. */
export const policyFacts = (dist: string): PolicyFacts => {
  const folder = join(dist, 'policy')
  const file = join(folder, 'policy.json')
  if (!existsSync(file)) throw new Error(`there is no ${file}: run \`npm run build\` first`)
  const { installation = 'signalbox', datasets = {}, results } = JSON.parse(readFileSync(file, 'utf8')) as Config
  const buckets = new Set(Object.values(datasets).map(({ bucket }) => bucket))
  return { installation, datasetBuckets: [...buckets].sort(), resultsBucket: results.bucket, folder }
}
