import type { NoneDesired, ServeDesired } from '../../../core/desired.ts'
import { isServed } from '../../../core/lane-kinds/serving.ts'
import { PRICED } from '../../../core/money/nodes.ts'
import type { Plan, Planned, RollOutModelStep } from '../../../core/plan.ts'
import { planServe } from '../../../core/planning/serve.ts'
import type { ServeInput } from '../../../core/planning/serve-plan.ts'
import { type Config, parsePolicy } from '../../../core/policy.ts'
import { engineOf } from '../../../core/workloads/engines.ts'
import { DIGEST_ANNOTATION } from '../../../core/workloads/object-digest.ts'
import { servingObjects } from '../../../core/workloads/serving.ts'
import type { GenerationView, PoolView, Traffic, World } from '../../../core/world.ts'

export const image = `vllm@sha256:${'a'.repeat(64)}`
export const now = Date.UTC(2026, 10, 24)
export const hour = 3_600_000
export const identity = { installation: 'signalbox', ledger: 'feedfacecafe', name: 'service-support-llama-0123abcd' }
export const lane = 'service/support-llama'

export const config = (
  model: Partial<NonNullable<Config['services']>[string]> = {},
  rest: Partial<Config> = {},
): Config => ({
  cluster: 'gpu',
  results: { bucket: 'results' },
  budget: { dollars: 100_000 },
  pools: {
    'gpu-serve': {
      instanceType: 'p5.48xlarge',
      gpusPerNode: 8,
      maxGpus: 16,
      price: { perNodeHour: 80, source: 'AWS price list', date: '2026-11-01' },
    },
    'gpu-old': {
      instanceType: 'g6e.12xlarge',
      gpusPerNode: 4,
      maxGpus: 16,
      price: { perNodeHour: 8, source: 'AWS price list', date: '2026-11-01' },
    },
  },
  services: {
    'support-llama': {
      alias: 'champion',
      image,
      pool: 'gpu-serve',
      replicas: 2,
      gpusPerReplica: 4,
      gate: { image, checks: [{ metric: 'exact_match', op: '>=', value: 0.8 }] },
      ...model,
    },
  },
  sources: ['s3://models/'],
  approvals: { channel: 'C0OPS', approvers: [{ id: 'T0SIGNAL/U0ANA', name: 'Ana' }] },
  ...rest,
})

export const serve = (version: string): ServeDesired => ({
  kind: 'serve',
  model: 'support-llama',
  version,
  source: `s3://models/${version}/`,
  runId: null,
  digest: `d${version}`,
  requester: null,
  priced: PRICED,
})
export const none: NoneDesired = { kind: 'none', model: 'support-llama', priced: PRICED }

export interface Given {
  model?: Parameters<typeof config>[0]
  rest?: Partial<Config>
  /** [generation, version, replicas, ready]. */
  standing?: [number, string, number, number?][]
  baseline?: [number, string] | null
  desired?: ServeDesired | NoneDesired
  generation?: number
  attempt?: number
  pool?: Partial<PoolView>
  within?: ServeInput['within']
  change?: Partial<GenerationView>
  /** Where requests are led. */
  led?: Traffic
  /** Of the engine, in which all of it is made; left out: the first. */
  revision?: number
}

/** A lane where v7 serves as generation 1 and v8 is wanted as generation 2, unless told otherwise. */
export const given = ({
  model,
  rest,
  standing = [[1, '7', 2]],
  baseline = [1, '7'],
  desired = serve('8'),
  generation = 2,
  attempt = 1,
  pool,
  within,
  change,
  led,
  revision,
}: Given = {}): ServeInput => {
  const made = revision === undefined ? {} : { engine: { name: 'vllm', revision } }
  const policy = parsePolicy(config(model, rest))
  const rule = policy.services['support-llama'] ?? parsePolicy(config()).services['support-llama']!
  const generations = standing.map(([number, version, replicas, ready = replicas]): GenerationView => {
    const { deployment } = servingObjects({
      identity,
      run: { lane, generation: number, attempt: 1 },
      desired: serve(version),
      service: rule,
      engine: engineOf(made, rule),
      namespace: 'serving',
    })
    const { name, annotations } = deployment.metadata
    return {
      ref: { kind: 'Deployment', namespace: 'serving', name },
      uid: name,
      generation: number,
      replicas,
      ready,
      gpusPerReplica: rule.gpusPerReplica,
      pool: rule.pool,
      digest: annotations?.[DIGEST_ANNOTATION] ?? '',
      ownedBy: null,
      scaledBy: null,
      object: deployment,
      ...change,
    }
  })
  const usedByLane = generations.reduce((sum, view) => sum + view.replicas * view.gpusPerReplica, 0)
  const view = {
    pool: rule.pool,
    ceiling: 16,
    used: usedByLane,
    usedByLane,
    heldByOthers: 0,
    beyondHolds: 0,
    provisioned: 16,
    provisioning: 0,
    ...pool,
  }
  // Unless told otherwise requests are led to the baseline, where it stands.
  const stood = generations.find((one) => one.generation === baseline?.[0] && one.replicas > 0)
  const traffic = led === undefined ? (stood?.generation ?? (generations.length === 0 ? null : 'all')) : led
  const world: World = { pools: { [rule.pool]: view }, dollars: { spent: 0, held: 0 }, generations, traffic }
  return {
    identity,
    run: { lane, generation, attempt },
    desired: isServed(desired) ? { ...desired, ...made } : desired,
    baseline:
      baseline === null
        ? null
        : { generation: baseline[0], desired: { ...serve(baseline[1]), ...made }, replicas: rule.replicas },
    policy,
    world,
    now,
    within,
  }
}

export const planned = (change: Given = {}): Planned => planServe(given(change))
export const planOf = (change: Given = {}): Plan => {
  const result = planned(change)
  if (result.kind !== 'plan') throw new Error(`${result.kind}: ${'detail' in result ? result.detail : result.reason}`)
  return result.plan
}
export const movesOf = (plan: Plan): RollOutModelStep[] => plan.steps.filter((step) => step.kind === 'roll-out-model')
export const movesIn = ({ replicas }: RollOutModelStep): string =>
  replicas.map(({ generation, replicas }) => `g${generation}=${replicas}`).join(' ')
export const written = (plan: Plan): string =>
  plan.steps
    .map((step) => {
      if (step.kind === 'switch-traffic') return step.to === 'all' ? 'to all' : `to g${step.to}`
      return step.kind === 'roll-out-model' ? movesIn(step) : step.name
    })
    .join(' → ')
