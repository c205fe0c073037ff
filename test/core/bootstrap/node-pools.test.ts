import fc from 'fast-check'
import { expect, it } from 'vitest'
import { bootstrapManifests } from '../../../core/bootstrap/manifests.ts'
import { nodePoolObject } from '../../../core/bootstrap/node-pools.ts'
import { type Config, type PoolPolicy, parsePolicy } from '../../../core/policy.ts'
import { openSimulatedCluster } from '../../../local/cluster/simulated-cluster.ts'
import config from '../../../signalbox.config.ts'
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
