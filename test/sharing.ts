import type { Config } from '../core/policy.ts'
import example from './example.ts'

type Pool = Config['pools'][string]
type Service = NonNullable<Config['services']>[string]

/** A pool of nodes whose GPUs four pods each have in turn: 16 slices a node. */
export const TURNS: Pool = {
  instanceType: 'g6e.12xlarge',
  gpusPerNode: 4,
  sharing: { by: 'time-slicing', replicas: 4 },
  maxNodes: 1,
  price: { perNodeHour: 10.49, source: 'AWS price list', date: '2026-11-01' },
}

/** A pool of nodes whose GPUs are divided in parts: 56 a node. */
export const PARTS: Pool = {
  instanceType: 'p5.48xlarge',
  gpusPerNode: 8,
  sharing: { by: 'mig', profile: '1g.10gb' },
  maxNodes: 1,
  price: { perNodeHour: 55.04, source: 'AWS price list', date: '2026-11-01' },
}

/** The example's service with one slice a replica, called otherwise. */
export const small = (rule: object = {}): Service => ({
  ...example.services!['support-llama']!,
  pool: 'turns',
  gpusPerReplica: 1,
  replicas: 1,
  maxUnavailable: 0,
  ...rule,
})

/** The example with pools that share their GPUs, and these services in place of its own. */
export const sharing = (
  services: Record<string, object> = {},
  { turns = {}, parts = {}, nodes }: { turns?: object; parts?: object; nodes?: Config['nodes'] } = {},
): Config => ({
  ...structuredClone(example),
  ...(nodes && { nodes }),
  pools: { ...example.pools, turns: { ...TURNS, ...turns }, parts: { ...PARTS, ...parts } },
  services: Object.fromEntries(Object.entries(services).map(([name, rule]) => [name, small(rule)])),
})
