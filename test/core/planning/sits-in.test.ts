import { describe, expect, it } from 'vitest'
import { nodePoolObject } from '../../../core/bootstrap/node-pools.ts'
import type { KubeObject } from '../../../core/kube.ts'
import { mayTake, placesOf, sitsIn } from '../../../core/planning/sits-in.ts'
import { policy, policyWith } from '../lane/fixture.ts'

const POOL = 'gpu-train'
const made = nodePoolObject({ ...policy.pools[POOL]!, name: POOL, maxGpus: 16 })
const pod = (spec: object, gpus = '8') =>
  ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', namespace: 'elsewhere' },
    spec: {
      containers: [{ name: 'c', resources: { limits: { 'nvidia.com/gpu': gpus } } }],
      tolerations: [{ key: 'nvidia.com/gpu', operator: 'Exists', effect: 'NoSchedule' }],
      ...spec,
    },
  }) as unknown as KubeObject<'Pod'>
const up = (labels: Record<string, string> = {}) =>
  ({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'n1', labels: { 'karpenter.sh/nodepool': POOL, ...labels } },
    status: { conditions: [{ type: 'Ready', status: 'True' }] },
  }) as unknown as KubeObject
const asks = (key: string, value: string) => ({ nodeSelector: { [key]: value } })
const requires = (...terms: object[]) => ({
  affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms } } },
})
const term = (key: string, operator: string, ...values: string[]) => ({ matchExpressions: [{ key, operator, values }] })
const takes = (
  spec: object,
  { gpus = '8', nodes = [] as KubeObject[], nodePools = [made] as KubeObject[], of = policy } = {},
) => mayTake(pod(spec, gpus), placesOf({ nodes, nodePools }, POOL, of))

describe('a pod of others that waits can never take a GPU of the pool', () => {
  it.each<[string, object]>([
    ['of another node group', asks('eks.amazonaws.com/nodegroup', 'other')],
    ['of another GPU', asks('karpenter.k8s.aws/instance-gpu-name', 'a100')],
    ['of another family', asks('karpenter.k8s.aws/instance-family', 'p4d')],
    ['of another count of GPUs', requires(term('karpenter.k8s.aws/instance-gpu-count', 'Lt', '8'))],
    ['of another way to buy', asks('karpenter.sh/capacity-type', 'spot')],
    ['on one node that is none of the pool', requires(term('kubernetes.io/hostname', 'In', 'metal-7'))],
    [
      'on one by the name of its object',
      requires({ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['x'] }] }),
    ],
    ['on Windows', asks('kubernetes.io/os', 'windows')],
    ['with a label that nobody puts on its nodes', asks('team', 'red')],
    [
      'by one term of another pool and one of another label',
      requires(term('karpenter.sh/nodepool', 'In', 'x'), term('team', 'Exists')),
    ],
    [
      'by its selector, and away from it by its affinity',
      { ...asks('karpenter.sh/nodepool', POOL), ...requires(term('karpenter.sh/nodepool', 'NotIn', POOL)) },
    ],
    ['that asks for a node of no kind', requires({})],
    ['that does not tolerate its taint', { ...asks('karpenter.sh/nodepool', POOL), tolerations: [] }],
    [
      'behind a gate',
      { ...asks('karpenter.sh/nodepool', POOL), schedulingGates: [{ name: 'kueue.x-k8s.io/admission' }] },
    ],
  ])('%s', (_, spec) => {
    expect(takes(spec)).toBe(false)
  })

  it('larger than any of its nodes; what cannot be read is full', () => {
    expect(takes({}, { gpus: '9' })).toBe(false)
    expect(takes({}, { gpus: '1k' })).toBe(false)
    expect(takes({}, { gpus: 'many' })).toBe(true)
    // Where it is already, it is.
    expect(takes({ nodeName: 'n1' }, { gpus: '16', nodes: [up()] })).toBe(true)
  })
})

describe('a pod of others that waits may take a GPU of the pool', () => {
  it.each<[string, object]>([
    ['that names nothing', {}],
    ['of its GPU', asks('karpenter.k8s.aws/instance-gpu-name', 'h100')],
    [
      'of its size and maker',
      {
        nodeSelector: {
          'karpenter.k8s.aws/instance-size': '48xlarge',
          'karpenter.k8s.aws/instance-gpu-manufacturer': 'nvidia',
        },
      },
    ],
    ['in a zone: nobody knows where its next node comes', asks('topology.kubernetes.io/zone', 'eu-west-1a')],
    ['of a memory that nobody says', requires(term('karpenter.k8s.aws/instance-memory', 'Gt', '1'))],
    ['by what an agent says of hardware, while no node is there', asks('nvidia.com/gpu.product', 'NVIDIA-H100')],
    ['on any node but one', requires(term('kubernetes.io/hostname', 'NotIn', 'metal-7'))],
    ['without a label that it has not', requires(term('team', 'DoesNotExist'))],
    ['by one of two terms', requires(term('team', 'In', 'red'), term('karpenter.sh/nodepool', 'In', POOL))],
    ['by an operator that nobody knows', requires(term('karpenter.sh/nodepool', 'Like', 'x'))],
  ])('%s', (_, spec) => {
    expect(takes(spec)).toBe(true)
  })

  it('by what its NodePool says of its nodes', () => {
    const template = made.spec?.template
    const nodePools = [
      {
        ...made,
        spec: {
          template: {
            metadata: { labels: { team: 'red' } },
            spec: {
              ...template?.spec,
              requirements: [
                { key: 'zone', operator: 'In', values: ['a', 'b'] },
                { key: 'zone', operator: 'In', values: ['b', 'c'] },
                { key: 'tier', operator: 'Exists' },
                { key: 'old', operator: 'DoesNotExist' },
              ],
            },
          },
        },
      } as KubeObject,
    ]
    const may = (key: string, value: string) => takes(asks(key, value), { nodePools })
    expect([may('team', 'red'), may('team', 'blue')]).toEqual([true, false])
    expect([may('zone', 'b'), may('zone', 'a'), may('zone', 'c')]).toEqual([true, false, false])
    expect([may('tier', 'any'), may('old', 'any')]).toEqual([true, false])
  })

  it('by what a node that is there has: a label by hand, its name, what an agent says of its hardware', () => {
    const nodes = [up({ team: 'red', 'nvidia.com/gpu.product': 'NVIDIA-H100' })]
    expect(takes(asks('team', 'red'), { nodes })).toBe(true)
    expect(takes(asks('team', 'blue'), { nodes })).toBe(false)
    expect(takes(asks('kubernetes.io/hostname', 'n1'), { nodes })).toBe(true)
    expect(takes(asks('nvidia.com/gpu.product', 'NVIDIA-H100'), { nodes })).toBe(true)
    expect(takes(asks('nvidia.com/gpu.product', 'NVIDIA-A100'), { nodes })).toBe(false)
    expect(takes(asks('nvidia.com/gpu.product', 'NVIDIA-H100'), { nodes: [up()] })).toBe(false)
  })

  it('where its NodePool cannot be read, or its types are of several kinds or unknown', () => {
    expect(takes({ ...asks('team', 'red'), tolerations: [] }, { nodePools: [] })).toBe(true)
    expect(takes(asks('eks.amazonaws.com/nodegroup', 'other'), { nodePools: [] })).toBe(false)
    const several = policyWith((config) => {
      const { instanceType: _, ...pool } = config.pools[POOL]!
      config.pools[POOL] = { ...pool, instanceTypes: ['p4d.24xlarge', 'p6-b200.48xlarge'] }
    })
    const of = (key: string, value: string) => takes(asks(`karpenter.k8s.aws/instance-${key}`, value), { of: several })
    expect([of('gpu-name', 't4'), of('family', 'p4d'), of('family', 'g5'), of('generation', '6')]).toEqual([
      true,
      true,
      false,
      true,
    ])
  })
})

it('a pod of ours counts where its selector lets it in, behind a gate or not', () => {
  const places = placesOf({ nodes: [], nodePools: [made] }, POOL, policy)
  expect(sitsIn(pod({ ...asks('karpenter.sh/nodepool', POOL), schedulingGates: [{ name: 'x' }] }, '16'), places)).toBe(
    true,
  )
})
