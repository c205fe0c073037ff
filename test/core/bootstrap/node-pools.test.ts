import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bootstrapManifests } from '../../../core/bootstrap/manifests.ts'
import { nodePoolObject } from '../../../core/bootstrap/node-pools.ts'
import { type Config, type PoolPolicy, parsePolicy } from '../../../core/policy.ts'
import { openSimulatedCluster } from '../../../local/cluster/simulated-cluster.ts'
import config from '../../example.ts'
import { memoryObjects } from '../../local/cluster/world-fixture.ts'

const CAPACITY_TYPE = 'karpenter.sh/capacity-type'
const pool = { name: 'gpu', instanceType: 'p5.48xlarge', gpusPerNode: 8, maxGpus: 16 }
const capacityTypes = fc.subarray<PoolPolicy['capacityTypes'][number]>(['on-demand', 'spot', 'reserved'], {
  minLength: 1,
})
/** What a NodePool asks of the capacity type of its nodes. */
const asked = (nodePool: unknown) =>
  (nodePool as ReturnType<typeof nodePoolObject>).spec?.template?.spec?.requirements?.filter(
    ({ key }) => key === CAPACITY_TYPE,
  )

it('a pool on demand gets no spot nodes: its NodePool says so', () => {
  expect(nodePoolObject({ ...pool, capacityTypes: ['on-demand'] }).spec?.template?.spec?.requirements).toEqual([
    { key: 'node.kubernetes.io/instance-type', operator: 'In', values: ['p5.48xlarge'] },
    { key: CAPACITY_TYPE, operator: 'In', values: ['on-demand'] },
  ])
})

it('whatever a policy allows of a pool is what bootstrap asks of its NodePool, and nothing else', () =>
  fc.assert(
    fc.property(capacityTypes, (allowed) => {
      const [[name, example] = ['gpu']] = Object.entries((config as Config).pools)
      const policy = parsePolicy({
        ...config,
        pools: { ...config.pools, [name]: { ...example, capacityTypes: allowed } },
      })
      const made = bootstrapManifests(policy, []).find(
        ({ kind, metadata }) => kind === 'NodePool' && metadata.name === name,
      )
      expect(asked(made)).toEqual([{ key: CAPACITY_TYPE, operator: 'In', values: allowed }])
    }),
  ))

it('asks of its nodes what it asked before there were several types: none that runs drifts by that', () => {
  const made = bootstrapManifests(parsePolicy(config), []).find(({ metadata }) => metadata.name === 'gpu-serve')
  expect(made).toMatchObject({
    apiVersion: 'karpenter.sh/v1',
    kind: 'NodePool',
    spec: {
      template: {
        metadata: { labels: { 'signalbox.dev/gpus-per-node': '4' } },
        spec: {
          nodeClassRef: { group: 'karpenter.k8s.aws', kind: 'EC2NodeClass', name: 'gpu' },
          taints: [{ key: 'nvidia.com/gpu', value: 'true', effect: 'NoSchedule' }],
          expireAfter: 'Never',
          requirements: [
            { key: 'node.kubernetes.io/instance-type', operator: 'In', values: ['g6e.12xlarge'] },
            { key: CAPACITY_TYPE, operator: 'In', values: ['on-demand'] },
          ],
        },
      },
      limits: { 'nvidia.com/gpu': '16' },
      disruption: { consolidationPolicy: 'WhenEmpty', consolidateAfter: '10m' },
    },
  })
})

it('allows exactly the types that a pool names, each once, in whatever order they are written', () =>
  fc.assert(
    fc.property(fc.shuffledSubarray(['p4d.24xlarge', 'p5.48xlarge', 'p5en.48xlarge'], { minLength: 1 }), (types) => {
      const { instanceType, ...others } = pool
      const made = nodePoolObject({ ...others, capacityTypes: ['spot'], instanceTypes: types })
      expect(made.spec?.template?.spec?.requirements).toEqual([
        { key: 'node.kubernetes.io/instance-type', operator: 'In', values: [...types].sort() },
        { key: CAPACITY_TYPE, operator: 'In', values: ['spot'] },
      ])
    }),
  ))

/** Nodes that may go at once for a reason: Karpenter takes the smallest of the budgets that name it. */
const mayGo = (nodePool: Made, reason: 'Drifted' | 'Underutilized' | 'Empty'): string[] =>
  (nodePool?.spec?.disruption?.budgets ?? []).flatMap(({ nodes, reasons }) =>
    reasons?.includes(reason) ? [nodes] : [],
  )
type Made = ReturnType<typeof nodePoolObject> | undefined

/** The example, with another rule for its service of one replica; as it stands that one lets none go. */
const ofOne =
  (rule: object) =>
  ({ services }: Config) =>
    Object.assign(services!['code-llama']!, rule)
const allGo = ofOne({ replicas: 2 })

describe('nodes that Karpenter would replace', () => {
  const madeOf = (change: (config: Config) => void, name: string): Made => {
    const changed = structuredClone(config) as Config
    change(changed)
    const made = bootstrapManifests(parsePolicy(changed), []).filter(({ kind }) => kind === 'NodePool')
    return made.find(({ metadata }) => metadata.name === name) as unknown as Made
  }

  it.each([
    ['where work runs to its end, none while anything runs on it', 'gpu-train', () => undefined, '0'],
    ['where services alone are that let a replica go, one after the other', 'gpu-serve', allGo, '1'],
    ['where one of them lets none go, none: no disruption budget would stop it', 'gpu-serve', () => undefined, '0'],
    ['where that one is in shadow, none', 'gpu-serve', ofOne({ mode: 'shadow' }), '0'],
    ['where that one may be away, one after the other', 'gpu-serve', ofOne({ maxUnavailable: 2 }), '1'],
    [
      'where services and stages are, none',
      'gpu-serve',
      (changed: Config) => {
        allGo(changed)
        Object.assign(changed.pipelines!['support-chats']!.stages[1]!, { pool: 'gpu-serve' })
      },
      '0',
    ],
    ['where nothing is yet, none', 'gpu-train', (changed: Config) => Object.assign(changed, { pipelines: {} }), '0'],
  ])('%s', (_, name, change, drifted) => {
    const made = madeOf(change, name)
    expect([mayGo(made, 'Drifted'), mayGo(made, 'Underutilized'), mayGo(made, 'Empty')]).toEqual([
      [drifted],
      [drifted],
      ['100%'],
    ])
    expect(made?.spec?.template?.spec).toMatchObject({ expireAfter: 'Never', terminationGracePeriod: '48h' })
  })
})

it('a policy that says nothing of it means on demand', () => {
  const nodePools = bootstrapManifests(parsePolicy(config), []).filter(({ kind }) => kind === 'NodePool')
  expect(nodePools.length).toBeGreaterThan(0)
  for (const made of nodePools) expect(asked(made)).toEqual([expect.objectContaining({ values: ['on-demand'] })])
})

it('the simulated cluster takes each of them, and keeps what it asks', () =>
  fc.assert(
    fc.asyncProperty(capacityTypes, async (allowed) => {
      const cluster = openSimulatedCluster({ file: ':memory:', clock: { now: () => 0 }, objects: memoryObjects() })
      const applied = await cluster.apply(nodePoolObject({ ...pool, capacityTypes: allowed }), 'signalbox-ceiling')
      expect(applied.kind).toBe('applied')
      const kept = await cluster.get({ kind: 'NodePool', namespace: null, name: 'gpu' })
      expect(asked(kept)).toEqual([{ key: CAPACITY_TYPE, operator: 'In', values: allowed }])
      await cluster.close()
    }),
    { numRuns: 10 },
  ))
