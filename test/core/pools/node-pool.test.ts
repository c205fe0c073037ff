import { describe, expect, it } from 'vitest'
import type { KubeObject } from '../../../core/kube.ts'
import { ceilingObject, isSetByLane, leasedView, limitOf, whyNotSet } from '../../../core/pools/node-pool.ts'

const policy = { installation: 'ours' } as never
const nodePool = (over: object = {}, limits: object = { 'nvidia.com/gpu': '16' }): KubeObject<'NodePool'> =>
  ({
    ...{ apiVersion: 'karpenter.sh/v1', kind: 'NodePool' },
    metadata: { name: 'gpu-train', labels: { 'signalbox.dev/installation': 'ours' }, ...over },
    spec: { limits },
  }) as KubeObject<'NodePool'>

it('a limit is GPUs, as the API server writes it; without one there is none', () => {
  expect([limitOf(nodePool()), limitOf(nodePool({}, { 'nvidia.com/gpu': '1k' })), limitOf(nodePool({}, {}))]).toEqual([
    16,
    1000,
    null,
  ])
})

describe('a ceiling', () => {
  it('is set on a NodePool of ours that nobody else applies', () => {
    expect(whyNotSet(nodePool(), policy)).toBeNull()
  })

  it.each<[string, KubeObject<'NodePool'> | null, RegExp]>([
    ['that is not there', null, /no NodePool of its name/],
    [
      'of another installation',
      nodePool({ labels: { 'signalbox.dev/installation': 'x' } }),
      /not of the installation ours/,
    ],
    ['of nobody', nodePool({ labels: {} }), /not of the installation ours/],
    [
      'that Argo CD applies',
      nodePool({ annotations: { 'argocd.argoproj.io/tracking-id': 'a' } }),
      /applied by Argo CD, which would set its limits back/,
    ],
  ])('is not set on one %s, and what to do is said', (_, found, say) => {
    expect(whyNotSet(found, policy)).toMatch(say)
  })

  it('carries all that its manager owns, and nothing else', () => {
    expect(ceilingObject('gpu-train', 24, {})).toEqual({
      ...{ apiVersion: 'karpenter.sh/v1', kind: 'NodePool', metadata: { name: 'gpu-train' } },
      spec: { limits: { 'nvidia.com/gpu': '24' } },
    })
  })

  it('is its lane’s once that has set it, by its fence and by who owns the limit', () => {
    const fieldsV1 = { 'f:spec': { 'f:limits': { 'f:nvidia.com/gpu': {} } } }
    const managedFields = [{ manager: 'signalbox-ceiling', operation: 'Apply', fieldsType: 'FieldsV1', fieldsV1 }]
    const annotations = { 'signalbox.dev/fence-ceiling': '4' }
    expect(isSetByLane(nodePool({ annotations, managedFields }))).toBe(true)
    expect(isSetByLane(nodePool({ managedFields }))).toBe(false)
    expect(isSetByLane(nodePool({ annotations }))).toBe(false)
  })
})

it('what is leased of a pool is seen with why nothing more can be', () => {
  const all = [nodePool()]
  expect(leasedView(all, { pool: 'gpu-train', policy, leases: [] })).toEqual({ leases: [] })
  expect(leasedView(all, { pool: 'other', policy, leases: [] })).toMatchObject({
    unset: expect.stringMatching(/no NodePool/),
  })
})
