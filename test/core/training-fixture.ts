import type { TrainDesired } from '../../core/desired.ts'
import { PRICED } from '../../core/money/nodes.ts'
import type { Plan } from '../../core/plan.ts'
import { planPipeline } from '../../core/planning/pipeline.ts'
import type { PipelineInput } from '../../core/planning/pipeline-steps.ts'
import { type Config, PolicyError, parsePolicy } from '../../core/policy.ts'
import type { PoolView, World } from '../../core/world.ts'
import config from '../example.ts'

/** The example config, freshly copied: a test may change it. */
export const exampleConfig = () => structuredClone(config)

/** The example with these values at paths such as `pools.gpu-train.price`; `undefined` takes one away. */
export const exampleWith = (...changes: readonly (readonly [path: string, value: unknown])[]): Config => {
  type Fields = Record<string, unknown>
  const config: Config = exampleConfig()
  for (const [path, value] of changes) {
    const keys = path.split('.')
    const last = keys.pop() ?? ''
    const at = keys.reduce((one, key) => one[key] as Fields, config as unknown as Fields)
    if (value === undefined) delete at[last]
    else at[last] = value
  }
  return config
}

/** What is wrong with a policy, a line for each problem; nothing: it is one. */
export const problemsOf = (given: unknown): string[] => {
  try {
    parsePolicy(given)
    return []
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error
    return error.problems
  }
}

/** The same of the example after a change. */
export const problemsAfter = (change: (config: Config) => void): string[] => {
  const config: Config = exampleConfig()
  change(config)
  return problemsOf(config)
}

export const NOW = Date.UTC(2026, 10, 24, 9, 0, 0)

export const desired: TrainDesired = {
  kind: 'train',
  dataset: 'support-chats',
  version: 'ab'.repeat(32),
  bucket: 'acme-datasets',
  key: 'support-chats/2026-11-24/manifest.json',
  etag: 'e1',
  objects: 12,
  bytes: 3_400_000,
  requester: 'T0SIGNAL/U0CARLA',
  priced: PRICED,
}

export const emptyPool = (pool: string, over: Partial<PoolView> = {}): PoolView => ({
  pool,
  ceiling: 16,
  used: 0,
  usedByLane: 0,
  heldByOthers: 0,
  beyondHolds: 0,
  provisioned: 0,
  provisioning: 0,
  ...over,
})

export const emptyWorld = (over: Partial<World> = {}): World => ({
  pools: { 'gpu-train': emptyPool('gpu-train'), 'gpu-serve': emptyPool('gpu-serve') },
  dollars: { spent: 0, held: 0 },
  generations: [],
  traffic: 'all',
  ...over,
})

export const trainInput = (over: Partial<PipelineInput> = {}): PipelineInput => ({
  identity: { installation: 'signalbox', ledger: 'feedfacecafe', name: 'pipeline-support-chats-0123abcd' },
  run: { lane: 'pipeline/support-chats', generation: 1, attempt: 1 },
  desired,
  policy: parsePolicy(config),
  world: emptyWorld(),
  now: NOW,
  kept: {},
  ...over,
})

/** The plan, or a failure that says why there is none. */
export const trainPlan = (over: Partial<PipelineInput> = {}): Plan => {
  const planned = planPipeline(trainInput(over))
  if (planned.kind !== 'plan') throw new Error(`no plan: ${JSON.stringify(planned)}`)
  return planned.plan
}

/** One generation of a service as it stands: so many replicas, all ready, of 4 GPUs each on gpu-serve. */
export const standing = (generation: number, replicas: number): World['generations'][number] => ({
  ref: { kind: 'Deployment', namespace: 'serving', name: `g${generation}` },
  uid: `u${generation}`,
  generation,
  replicas,
  ready: replicas,
  gpusPerReplica: 4,
  pool: 'gpu-serve',
  digest: '',
  ownedBy: null,
  scaledBy: null,
  object: { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: `g${generation}` } },
})
