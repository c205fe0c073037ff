import { describe, expect, it } from 'vitest'
import type { KubeObject } from '../../../core/kube.ts'
import { nodesIn } from '../../../core/planning/node-view.ts'
import { policy } from '../lane/fixture.ts'

const POOL = 'gpu-train'
const LANE = 'service/support-llama'
const { serving, training } = policy.namespaces
const FULL = 1e9

const node = (name: string, more: object = {}) =>
  ({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { 'karpenter.sh/nodepool': POOL } },
    ...more,
  }) as unknown as KubeObject

const pod = (on: string, gpus: string, of: { lane?: string; generation?: number; ends?: true } = {}) => {
  const { lane, generation, ends } = of
  const own = { 'signalbox.dev/installation': policy.installation, 'signalbox.dev/lane': lane }
  const labels = lane === undefined ? {} : { ...own, 'signalbox.dev/generation': String(generation ?? 1) }
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: 'p',
      namespace: lane === 'service.support-llama' ? serving : training,
      labels,
      ...(ends ? { deletionTimestamp: '2026-11-24T00:00:00Z' } : {}),
    },
    spec: { nodeName: on, containers: [{ name: 'c', resources: { limits: { 'nvidia.com/gpu': gpus } } }] },
  } as unknown as KubeObject
}
const mine = { lane: 'service.support-llama' }

const seen = (nodes: KubeObject[], pods: KubeObject[], by = new Map<string, { lasts?: number }>()) =>
  nodesIn({ nodes, pods }, { pool: POOL, policy, lane: LANE, ledger: 'l1', by })

describe('the nodes of a pool', () => {
  it('have on them what of the lane is there, by generation, and what others have', () => {
    const pods = [
      pod('n1', '2', { ...mine, generation: 3 }),
      pod('n1', '2', { ...mine, generation: 3 }),
      pod('n1', '1'),
    ]
    expect(seen([node('n1'), node('n2')], pods)).toEqual([
      { gpus: 8, others: 1, own: { 3: { pods: 2, gpus: 4 } } },
      { gpus: 8, others: 0 },
    ])
  })

  it('are full where a quantity cannot be read', () => {
    expect(seen([node('n1')], [pod('n1', 'many')])).toEqual([{ gpus: 8, others: FULL }])
    const odd = node('n1', { status: { allocatable: { 'nvidia.com/gpu': 'many' } } })
    expect(seen([odd], [])).toEqual([{ gpus: 0, others: 0 }])
  })

  it('have as many GPUs as they say, and before they say anything as many as their type', () => {
    const seven = node('n1', { status: { allocatable: { 'nvidia.com/gpu': '7' } } })
    expect(seen([seven, node('n2', { status: { allocatable: {} } })], []).map(({ gpus }) => gpus)).toEqual([7, 8])
  })

  it.each([
    ['cordoned', { spec: { unschedulable: true } }],
    ['disrupted by Karpenter', { spec: { taints: [{ key: 'karpenter.sh/disrupted', effect: 'NoSchedule' }] } }],
    ['lost', { status: { conditions: [{ type: 'Ready', status: 'Unknown' }] } }],
  ])('take nothing more once they are %s', (_, more) => {
    expect(seen([node('n1', more)], [])).toEqual([{ gpus: 8, others: 0, closed: true }])
  })

  it('take what comes while they boot', () => {
    const boots = node('n1', { status: { conditions: [{ type: 'Ready', status: 'False' }] } })
    expect(seen([boots], [])).toEqual([{ gpus: 8, others: 0 }])
  })

  it('do not count what of the lane was told to end, and say what of others goes once their Jobs have ended', () => {
    const job = pod('n1', '4', { lane: 'pipeline.support-chats' })
    const pods = [pod('n1', '2', { ...mine, ends: true }), job]
    const by = new Map([['pipeline.support-chats', { lasts: 0 }]])
    expect(seen([node('n1')], pods, by)).toEqual([{ gpus: 8, others: 4, passing: 4 }])
  })
})
