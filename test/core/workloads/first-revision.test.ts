import { expect, it } from 'vitest'
import { digestOf } from '../../../core/digest.ts'
import type { ServicePolicy, StagePolicy } from '../../../core/policy.ts'
import { engineOf } from '../../../core/workloads/engines.ts'
import { presetOf } from '../../../core/workloads/presets.ts'
import { servingObjects } from '../../../core/workloads/serving.ts'
import { type StageInput, stageJob } from '../../../core/workloads/stage-job.ts'
import { desired } from '../training-fixture.ts'

const image = `registry/image@sha256:${'a'.repeat(64)}`
const identity = { installation: 'signalbox', ledger: 'feedfacecafe', name: 'a-lane-0123abcd' }
const run = { lane: 'service/m', generation: 1, attempt: 1 }
const service: ServicePolicy = {
  engine: 'vllm',
  mode: 'act',
  alias: 'champion',
  image,
  pool: 'gpu',
  replicas: 2,
  gpusPerReplica: 4,
  args: [],
  loadMinutes: { p50: 5, p95: 15 },
  maxUnavailable: 1,
  gate: { image, checks: [{ metric: 'p95_ms', op: '<=', value: 900 }], minutes: { p50: 3, p95: 10 } },
}
const stage = (of: Pick<StagePolicy, 'use' | 'name' | 'gpus'>): StagePolicy => ({
  image,
  args: [],
  env: { EPOCHS: '3' },
  secrets: {},
  pool: 'gpu',
  hours: { p50: 2, p95: 3 },
  gates: [],
  preemptible: false,
  ...of,
})
const policy = {
  namespaces: { training: 'training', serving: 'serving' },
  results: { bucket: 'results', prefix: 'runs/' },
  pools: {},
} as StageInput['policy']

const fineTune = { stage: stage({ use: 'fine-tune', gpus: 8 }), preset: presetOf('fine-tune', 1) }
const merge = { stage: stage({ name: 'merge', gpus: 1 }), preset: null }

/** As the first release made them: should one of these change, a release alone rolls what serves and pays again for what is done. */
it('what was made with the first revisions is made of the very same bytes for ever', () => {
  const served = { kind: 'serve', model: 'm', version: '1', source: 's3://models/1/' } as never
  const engine = engineOf({}, service)
  const { deployment } = servingObjects({ identity, run, desired: served, service, engine, namespace: 'serving' })
  const pipeline = { identity, run, desired, policy, model: 'm', reads: {} }
  const jobs = [fineTune, merge].map((made) => stageJob({ ...pipeline, ...made }))
  expect([deployment, ...jobs].map(digestOf)).toEqual([
    'eae18321008e7a6038152feddbb26488a5335b50abfe5c5ad2b3ebc7188926c6',
    'bf18982dfda07019fc7f7d5f22d36961b2c17fe6daeb0a7f9991cb2493bc00a4',
    'c6923a99cc76002d9b06e7e78cec49cbd7e60abac6d433bd3e0cad1116eaf814',
  ])
})

it('so is what serves of the second', () => {
  const served = { kind: 'serve', model: 'm', version: '1', source: 's3://models/1/' } as never
  const engine = engineOf({ engine: { name: 'vllm', revision: 2 } }, service)
  const made = servingObjects({ identity, run, desired: served, service, engine, namespace: 'serving' })
  expect([made.deployment, made.disruptionBudget].map(digestOf)).toEqual([
    'bf2fc10bcd079ba7159a69517829f8edd34df889af7d9d858ec745cd06390bfd',
    'c9902fea88a91eaf2e6eaba1ba426ccda7c3510952c164e2880df265f57b53f0',
  ])
})

it('so are the stages of the second, on spot nodes too', () => {
  const pools = { gpu: { capacityTypes: ['spot'] } } as unknown as StageInput['policy']['pools']
  const pipeline = {
    identity,
    run,
    desired: { ...desired, pods: 2 },
    policy: { ...policy, pools },
    model: 'm',
    reads: {},
  }
  expect([fineTune, merge].map((made) => digestOf(stageJob({ ...pipeline, ...made })))).toEqual([
    'a53554b9a40eca077296a76fa7228887d73ba7a7b4888c8cb37d2308c637a778',
    'dbf6fe37c1a22301c4471d755a5222d65218b9365bf1c962f1d5fc6c9c2591b7',
  ])
})
