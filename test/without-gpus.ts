import type { Config } from '../core/policy.ts'
import example from './example.ts'

type Pool = Config['pools'][string]
type Stage = NonNullable<Config['pipelines']>[string]['stages'][number]

/** A pool of two nodes without GPUs. */
export const CPU: Pool = {
  instanceType: 'm7i.4xlarge',
  gpusPerNode: 0,
  maxNodes: 2,
  price: { perNodeHour: 0.81, source: 'AWS price list', date: '2026-11-01' },
}

/** A stage that needs none. */
export const PREP: Stage = {
  name: 'prep',
  image: example.pipelines!['support-chats']!.stages[0]!.image,
  command: ['python3', 'prep.py'],
  pool: 'cpu',
  gpus: 0,
  hours: { p50: 1, p95: 2 },
}

/** The example with a pool without GPUs, and such a stage before its training. */
export const withoutGpus = ({ pool = {}, stage = {} }: { pool?: object; stage?: object } = {}): Config => {
  const config = structuredClone(example)
  const rule = config.pipelines!['support-chats']!
  return {
    ...config,
    pools: { ...config.pools, cpu: { ...CPU, ...pool } },
    pipelines: { ...config.pipelines, 'support-chats': { ...rule, stages: [{ ...PREP, ...stage }, ...rule.stages] } },
  }
}
