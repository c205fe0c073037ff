import { expect, it } from 'vitest'
import { againstOnPaper, onPaper } from '../../../core/policy/on-paper.ts'
import { parsePolicy } from '../../../core/policy.ts'
import { exampleWith, trainPlan } from '../training-fixture.ts'

type Changes = readonly (readonly [path: string, value: unknown])[]
const found = (...changes: Changes) => onPaper(parsePolicy(exampleWith(...changes)))
const lines = (...changes: Changes) => found(...changes).map(({ path, why }) => `${path}: ${why}`)
const SERVICE = 'services.support-llama'
/** The pool holds support-llama alone. */
const ALONE: Changes = [['services.code-llama', undefined]]

it('a budget below the bad case of one run', () => {
  // 3 h and half an hour of one node at $55.04, 32 min beside them, and two minutes to end in.
  expect(lines(['budget.dollars', 168])).toEqual([
    'budget.dollars: one run of `support-chats` may cost up to $223.83, and a month has $168.00: none would ever begin; raise it, or lower hours.p95 or gpus of its stages',
  ])
  expect(lines(['budget.dollars', 223.83])).toEqual([])
  expect(againstOnPaper(parsePolicy(exampleWith(['budget.dollars', 168])), 'pipeline/support-chats')).toHaveLength(1)
  expect(lines(['budget.dollars', 1], ['pools.gpu-train.price', undefined])).toEqual([
    expect.stringMatching(/^pools\.gpu-train\.price/),
  ])
})

it.each<[string, Changes]>([
  ['as it is', []],
  [
    'of stages in two pools',
    [
      ['pipelines.support-chats.stages.1.pool', 'gpu-serve'],
      ['pipelines.support-chats.stages.1.gpus', 1],
    ],
  ],
  ['whose pod has longer to end', [['pipelines.support-chats.stages.0.pod', { terminationGracePeriodSeconds: 3600 }]]],
  [
    'that a rung may suspend',
    [
      ['pipelines.support-chats.stages.0.preemptible', true],
      ['budget.ladder', [{ at: 0.9, do: 'suspend-preemptible' }]],
    ],
  ],
])('of a run %s it is what a plan comes to', (_, changes) => {
  const { bounds } = trainPlan({ policy: parsePolicy(exampleWith(...changes)) })
  expect(lines(...changes, ['budget.dollars', bounds.dollars])).toEqual([])
  expect(lines(...changes, ['budget.dollars', bounds.dollars - 0.01])).toEqual([
    expect.stringContaining(`may cost up to $${bounds.dollars.toFixed(2)},`),
  ])
})

it('a service that fills its pool, of which none may be away', () => {
  const full = (replicas: number, maxUnavailable: number) =>
    lines(...ALONE, [`${SERVICE}.replicas`, replicas], [`${SERVICE}.maxUnavailable`, maxUnavailable])
  expect(full(4, 0)).toEqual([
    `${SERVICE}.maxUnavailable: found 0, and its 4 replicas fill gpu-serve: every version after the first would wait for ever; write 1, or raise pools.gpu-serve.maxGpus to 20`,
  ])
  expect(full(4, 1)).toEqual([])
  expect(full(3, 0)).toEqual([])
})

it('one replica that fills its pool: an outage has to be asked for', () => {
  const one = (maxUnavailable: number) =>
    lines(
      ...ALONE,
      ['pools.gpu-serve.maxGpus', 4],
      [`${SERVICE}.replicas`, 1],
      [`${SERVICE}.maxUnavailable`, maxUnavailable],
    )
  expect(one(1)).toEqual([
    `${SERVICE}.maxUnavailable: found 1, and its one replica fills gpu-serve: every version after the first would wait for ever; write 2, which accepts an outage, or raise pools.gpu-serve.maxGpus to 8`,
  ])
  expect(one(2)).toEqual([])
})

it('services that need more together than their pool has; no plan of one is refused for it', () => {
  const many = found([`${SERVICE}.replicas`, 4])
  expect(many.map(({ path, why }) => `${path}: ${why}`)).toEqual([
    'pools.gpu-serve.maxGpus: its services take 20 GPUs together (support-llama 16, code-llama 4), and nodes below 16 have 16: the last to come would find no room; raise it, or lower replicas',
  ])
  expect(many.flatMap(({ lanes }) => lanes)).toEqual([])
  expect(lines([`${SERVICE}.replicas`, 3])).toEqual([])
  // A replica of 3 GPUs takes a node of 4, and what is beyond whole nodes holds none.
  expect(lines([`${SERVICE}.replicas`, 3], [`${SERVICE}.gpusPerReplica`, 3])).toEqual([])
  expect(lines([`${SERVICE}.replicas`, 3], ['pools.gpu-serve.maxGpus', 15])).toHaveLength(1)
})

it('a time to answer in which nobody could', () => {
  expect(lines(['approvals.expiry', '90s'])).toEqual([
    'approvals.expiry: of 90s half is kept for beginning what is agreed to, and 45 seconds are left for an answer: write `10m` or more',
  ])
  expect(lines(['approvals.expiry', '2m'])).toEqual([])
})

it('a manifest whose key S3 would not take', () => {
  const dataset = 'pipelines.support-chats.on.dataset'
  expect(lines([`${dataset}.prefix`, `${'a'.repeat(1010)}/`])).toEqual([])
  expect(lines([`${dataset}.prefix`, `${'ä'.repeat(506)}/`])).toEqual([
    `${dataset}.prefix: with its manifest’s name a key would have 1026 bytes, and S3 takes 1024: no upload could begin it; write shorter ones`,
  ])
})
