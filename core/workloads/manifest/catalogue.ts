import type { ManifestAdapter } from './adapter.ts'
import { job } from './job.ts'
import { jobSet } from './job-set.ts'

/** Kinds that people may bring as manifests. */
export const ADAPTERS: readonly ManifestAdapter[] = [job, jobSet]
