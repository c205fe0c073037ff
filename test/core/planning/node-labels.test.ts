import { expect, it } from 'vitest'
import { nodePoolObject } from '../../../core/bootstrap/node-pools.ts'
import { asOnThose, labelsOfNew } from '../../../core/planning/node-labels.ts'
import { policy } from '../lane/fixture.ts'

const POOL = 'gpu-train'
const rule = policy.pools[POOL]!
const made = nodePoolObject({ ...rule, name: POOL, maxGpus: 16 })

it('a node that Karpenter starts has what its NodePool and its type say, and no label that nobody puts on it', () => {
  const has = labelsOfNew(POOL, rule, made)
  expect(has('karpenter.sh/nodepool')).toEqual([POOL])
  expect(has('node.kubernetes.io/instance-type')).toEqual(['p5.48xlarge'])
  expect(has('karpenter.k8s.aws/instance-gpu-name')).toEqual(['h100'])
  expect(has('karpenter.k8s.aws/instance-generation')).toEqual(['5'])
  expect(has('karpenter.k8s.aws/instance-gpu-memory')).toBe('any')
  expect(has('eks.amazonaws.com/nodegroup')).toEqual([])
  expect(has('topology.kubernetes.io/zone')).toBe('any')
  expect([has('team'), has('acme.dev/team')]).toEqual([[], []])
})

it('of what cannot be read anything may be; what was changed and not applied yet counts as both', () => {
  expect(labelsOfNew(POOL, rule, undefined)('team')).toBe('any')
  expect(labelsOfNew(POOL, undefined, undefined)('karpenter.k8s.aws/instance-family')).toBe('any')
  const next = labelsOfNew(POOL, { ...rule, instanceType: 'p5e.48xlarge', capacityTypes: ['spot'] }, made)
  expect(next('node.kubernetes.io/instance-type')).toEqual(['p5.48xlarge', 'p5e.48xlarge'])
  expect(next('karpenter.sh/capacity-type')).toEqual(['on-demand', 'spot'])
})

it('of hardware a new node has what those of its type have that are up', () => {
  const fresh = labelsOfNew(POOL, rule, made)
  const node = {
    metadata: { name: 'n', labels: { 'nvidia.com/gpu.count': '8' } },
    status: { conditions: [{ type: 'Ready', status: 'True' }] },
  }
  const has = asOnThose(fresh, [node as never], ['p5.48xlarge'])
  expect([has('nvidia.com/gpu.count'), has('nvidia.com/gpu.product'), has('topology.kubernetes.io/zone')]).toEqual([
    ['8'],
    [],
    'any',
  ])
  expect(asOnThose(fresh, [], ['p5.48xlarge'])('nvidia.com/gpu.count')).toBe('any')
  expect(asOnThose(fresh, [node as never], 'any')('nvidia.com/gpu.product')).toBe('any')
})
