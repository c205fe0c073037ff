import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bootstrapManifests } from '../../../core/bootstrap/manifests.ts'
import type { KubeObject } from '../../../core/kube.ts'
import { countingOf, PRICED } from '../../../core/money/nodes.ts'
import { nodesIn } from '../../../core/planning/node-view.ts'
import { gpusOfPod } from '../../../core/planning/pod-gpus.ts'
import { mayTake, placesOf } from '../../../core/planning/sits-in.ts'
import { sliceOf } from '../../../core/policy/sharing.ts'
import { parsePolicy } from '../../../core/policy.ts'
import { numberIn } from '../../../core/quantity.ts'
import { servingRoom, stageRoom } from '../../../core/workloads/pod-room.ts'
import { sharing } from '../../sharing.ts'

const policy = parsePolicy(sharing())
const SLICE = 'nvidia.com/gpu.shared'
const pod = (resource: string, amount: number | string, rest: object = {}): KubeObject<'Pod'> => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', namespace: 'theirs' },
  spec: {
    containers: [{ name: 'c', resources: { limits: { [resource]: String(amount) } } }],
    tolerations: [{ key: 'nvidia.com/gpu', operator: 'Exists' }],
    ...rest,
  },
})
const node = (name: string, pool: string, allocatable: Record<string, string>): KubeObject<'Node'> => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name, labels: { 'karpenter.sh/nodepool': pool } },
  status: { allocatable },
})
const nodePools = bootstrapManifests(policy, []).filter(
  ({ kind }) => kind === 'NodePool',
) as unknown as KubeObject<'NodePool'>[]

describe('pods and slices', () => {
  it('a slice is one, of whatever kind it is, and a whole GPU is one', () => {
    for (const resource of ['nvidia.com/gpu', SLICE, 'nvidia.com/mig-1g.10gb', 'nvidia.com/mig-3g.40gb'])
      expect(gpusOfPod(pod(resource, 2))).toBe(2)
    expect(gpusOfPod(pod('vpc.amazonaws.com/efa', 2))).toBe(0)
  })

  it('what waits for a whole GPU takes no slice, nor the other way; what is on a node is there', () => {
    const places = (pool: string) =>
      placesOf({ nodes: [node('n', 'turns', { [SLICE]: '16' })], nodePools }, pool, policy)
    expect(mayTake(pod(SLICE, 1), places('turns'))).toBe(true)
    expect(mayTake(pod(SLICE, 1), places('gpu-serve'))).toBe(false)
    expect(mayTake(pod('nvidia.com/gpu', 1), places('turns'))).toBe(false)
    expect(mayTake(pod('nvidia.com/gpu', 1), places('gpu-serve'))).toBe(true)
    expect(mayTake(pod('nvidia.com/mig-1g.10gb', 1), places('parts'))).toBe(true)
    expect(mayTake(pod('nvidia.com/gpu', 1, { nodeName: 'n' }), places('turns'))).toBe(true)
    expect(mayTake(pod(SLICE, 17), places('turns'))).toBe(false)
    expect(mayTake(pod(SLICE, 'odd'), places('turns'))).toBe(true)
  })

  it('a node has the slices that it says, all of them before it says anything, and none of what offers whole GPUs', () => {
    const looking = { pool: 'turns', policy, lane: 'service/a', ledger: 'x', by: new Map() }
    const seen = (allocatable: Record<string, string>) =>
      nodesIn({ pods: [pod(SLICE, 1, { nodeName: 'n' })], nodes: [node('n', 'turns', allocatable)] }, looking)
    expect(seen({ [SLICE]: '16', 'nvidia.com/gpu': '0' })).toEqual([{ gpus: 16, others: 1 }])
    expect(seen({ [SLICE]: '8' })).toEqual([{ gpus: 8, others: 1 }])
    expect(seen({})).toEqual([{ gpus: 16, others: 1 }])
    expect(seen({ [SLICE]: 'odd' })).toEqual([{ gpus: 0, others: 1 }])
  })
})

const pools = fc
  .oneof(
    fc
      .integer({ min: 2, max: 32 })
      .map((replicas) => sharing({}, { turns: { sharing: { by: 'time-slicing', replicas } } })),
    fc
      .constantFrom('1g.10gb', '1g.20gb', '2g.20gb', '3g.40gb')
      .map((profile) =>
        sharing({}, { turns: { instanceType: 'p5.48xlarge', gpusPerNode: 8, sharing: { by: 'mig', profile } } }),
      ),
  )
  .map((config) => parsePolicy(config).pools['turns']!)

describe('prices and packing', () => {
  it('as many pods as a node has slices are paid as one node, and one more as two', () =>
    fc.assert(
      fc.property(pools, (pool) => {
        const { together } = countingOf({ priced: PRICED })
        const pods = (count: number): number[] => Array.from({ length: count }, () => 1)
        expect(together(pods(1), pool)).toBe(1)
        expect(together(pods(pool.gpusPerNode), pool)).toBe(1)
        expect(together(pods(pool.gpusPerNode + 1), pool)).toBe(2)
      }),
    ))

  it('as many ask for no more of a node than pods with its GPUs whole would', () =>
    fc.assert(
      fc.property(pools, (pool) => {
        const slice = sliceOf(pool)!
        const rooms = (shared: boolean) => [
          servingRoom({ gpusPerReplica: 1, container: 'vllm', ...(shared && { slice }) }, 10),
          stageRoom({ gpus: 1, isLent: false, container: 'train', ...(shared && { slice }) }),
        ]
        for (const [index, { resources }] of rooms(true).entries()) {
          const whole = rooms(false)[index]!.resources.requests!
          for (const key of ['cpu', 'memory'])
            expect(numberIn(resources.requests![key])! * slice.perGpu).toBeLessThanOrEqual(numberIn(whole[key])!)
          // In whole GiB.
          expect(numberIn(resources.requests!['ephemeral-storage'])!).toBeLessThanOrEqual(
            Math.ceil(10 / slice.perGpu) * 2 ** 30,
          )
          expect(resources.limits).toEqual({ [slice.resource]: '1' })
          expect(resources.requests).toMatchObject({ [slice.resource]: '1' })
        }
      }),
    ))
})
