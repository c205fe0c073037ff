import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Config } from '../../../core/policy.ts'
import { exampleConfig, exampleWith } from '../../core/training-fixture.ts'
import { piped } from '../../variants.ts'
import { openRunning, type Running } from '../running.ts'

let product: Running
beforeAll(async () => {
  product = await openRunning()
})
afterAll(() => product.close())

type Change = [path: string, value: unknown]

/** What cannot work on paper, beside the place that is named. */
const CANNOT: [string, Change, string][] = [
  ['no price', ['pools.gpu-train.price', undefined], 'pools.gpu-train.price'],
  ['more GPUs than a node has', ['pipelines.support-chats.stages.0.gpus', 16], 'pipelines.support-chats.stages.0.gpus'],
  ['more GPUs than the ceiling', ['pools.gpu-train.maxGpus', 4], 'pipelines.support-chats.stages.0.gpus'],
  ['an unknown instance type', ['pools.gpu-train.instanceType', 'p9.48xlarge'], 'pools.gpu-train.instanceType'],
  ['another GPU count than it has', ['pools.gpu-train.instanceType', 'g6e.12xlarge'], 'pools.gpu-train.gpusPerNode'],
  [
    'a prefix below another one',
    ['pipelines.inner', piped({ prefix: 'support-chats/2026-11/' })],
    'pipelines.inner.on.dataset.prefix',
  ],
]
/** What does not even hold together. */
const REFUSED: [string, Change, string][] = [
  [
    'a registered name that MLflow refuses',
    ['pipelines.support-chats.register.model', 'acme:llama'],
    'pipelines.support-chats.register.model: MLflow takes no `/` and no `:`',
  ],
  [
    'a manifest that the deployed pattern never matches',
    ['pipelines.support-chats.on.dataset.manifest', 'index.json'],
    'pipelines.support-chats.on.dataset.manifest: end the manifest’s name with `manifest.json`',
  ],
  ['approvers who can never count', ['approvals.need', 3], 'approvals.need: 3 answers can be needed but only 2 people'],
  ['a source that is a pattern', ['sources', ['s3://acme-models/*/']], 'sources.0: write the folder itself'],
]

const doctor = async (config: Config): Promise<{ code: number; wrong: string[] }> => {
  const file = join(product.data, 'policy.json')
  writeFileSync(file, JSON.stringify(config))
  const { code, out } = await product.cli('doctor', '--config', file)
  return { code, wrong: out.split('\n').filter((line) => line.startsWith('✗')) }
}
const plan = () => product.cli('plan', 'dataset-uploaded/base')

it.each(CANNOT)('%s: doctor and plan refuse it', async (_, change, path) => {
  const config = exampleWith(change)
  const { code, wrong } = await doctor(config)
  expect(code).toBe(1)
  expect(wrong.map((line) => line.split(/ +/)[1])).toContain(path)
  product.town.setPolicy(config)
  const planned = await plan()
  expect(planned.code).toBe(1)
  expect(planned.out).toMatch(/^refused \(/)
})

it.each(REFUSED)('%s: doctor refuses it in one line', async (_, change, words) => {
  const { code, wrong } = await doctor(exampleWith(change))
  expect(code).toBe(1)
  expect(wrong).toEqual([expect.stringContaining(words)])
})

it('several problems are a line each', async () => {
  const { wrong } = await doctor(exampleWith(...REFUSED.map(([, change]) => change)))
  expect(wrong).toHaveLength(REFUSED.length)
})

it('a policy that is written and not in force is said by plan, which would speak of the one before', async () => {
  product.town.setPolicy(exampleConfig())
  expect((await plan()).code).toBe(0)
  Object.assign(product.town.house.ports.policies, { problem: async () => 'the policy has 1 problem:\n  - cluster: x' })
  const { code, out } = await plan()
  expect([code, out]).toEqual([1, 'refused (policy): the policy has 1 problem:\n  - cluster: x'])
})
