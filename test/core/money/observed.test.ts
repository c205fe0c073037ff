import { describe, expect, it } from 'vitest'
import type { KubeObject } from '../../../core/kube.ts'
import { OTHERS } from '../../../core/money/instance.ts'
import { observedIn } from '../../../core/money/observed.ts'
import { policyWith } from '../lane/fixture.ts'

const policy = policyWith()
const ledger = 'feedfacecafe'
const at = (minute: number): string => `2026-11-23T12:${String(minute).padStart(2, '0')}:00Z`
const time = (minute: number): number => Date.parse(at(minute))
const labels = {
  'karpenter.sh/nodepool': 'gpu-train',
  'karpenter.sh/capacity-type': 'spot',
  'node.kubernetes.io/instance-type': 'p5.48xlarge',
}
const said = (type: string, minute: number, status = 'True') => ({ type, status, lastTransitionTime: at(minute) })

const claimOf = (more: object, conditions: object[] = [said('Launched', 1)]) =>
  ({
    apiVersion: 'karpenter.sh/v1',
    kind: 'NodeClaim',
    metadata: { name: 'gpu-train-x', uid: 'c', labels, creationTimestamp: at(0) },
    status: { conditions, ...more },
  }) as unknown as KubeObject
const providerID = 'aws:///us-east-1a/i-0123456789abcdef0'
const nodeOf = (id = providerID) =>
  ({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'ip-10-0-0-1', uid: 'n', labels, creationTimestamp: at(3) },
    spec: { providerID: id },
    status: { capacity: { 'nvidia.com/gpu': '8' } },
  }) as unknown as KubeObject
const podOf = (uid: string, more: { labels?: object; namespace?: string; status?: object; spec?: object }) =>
  ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: uid,
      uid,
      namespace: more.namespace ?? 'training',
      labels: more.labels ?? {},
      creationTimestamp: at(4),
    },
    spec: {
      nodeName: 'ip-10-0-0-1',
      containers: [{ name: 'c', resources: { limits: { 'nvidia.com/gpu': '4' } } }],
      ...more.spec,
    },
    status: { phase: 'Running', conditions: [said('PodScheduled', 5)], ...more.status },
  }) as unknown as KubeObject
const ours = {
  'signalbox.dev/installation': policy.installation,
  'signalbox.dev/ledger': ledger,
  'signalbox.dev/lane': 'pipeline.support-chats',
}
const seen = (claims: KubeObject[], nodes: KubeObject[] = [], pods: KubeObject[] = []) =>
  observedIn({ claims, nodes, pods, others: true }, { policy, ledger })

describe('an instance', () => {
  it('is what its NodeClaim says: from its launch until EC2 was told to terminate it', () => {
    const conditions = [said('Launched', 1), said('InstanceTerminating', 40)]
    expect(seen([claimOf({ providerID, nodeName: 'ip-10-0-0-1' }, conditions)], [nodeOf()])).toEqual([
      {
        id: 'i-0123456789abcdef0',
        name: 'ip-10-0-0-1',
        gpus: 8,
        begin: { at: time(1), by: 'launched' },
        end: { at: time(40), by: 'told' },
        pool: 'gpu-train',
        instanceType: 'p5.48xlarge',
        capacityType: 'spot',
        pods: {},
      },
    ])
  })

  it('is none before it was launched, and none that found no capacity', () => {
    expect(seen([claimOf({}, [said('Launched', 1, 'Unknown')])])).toEqual([])
  })

  it('without a NodeClaim is its Node, from when that came; of another provider as that calls it', () => {
    expect(seen([], [nodeOf()])[0]).toMatchObject({
      id: 'i-0123456789abcdef0',
      gpus: 8,
      begin: { at: time(3), by: 'created' },
    })
    expect(seen([], [nodeOf('kwok://node-1')])[0]?.id).toBe('kwok://node-1')
    expect(seen([], [nodeOf('')])[0]?.id).toBe('n')
  })

  it('is counted once while its Node does not say yet which instance it is', () => {
    expect(seen([claimOf({ providerID })], [nodeOf('')]).map(({ id }) => id)).toEqual(['i-0123456789abcdef0'])
  })

  it('has the pods that are bound to it, found by its Node where the claim does not name that yet', () => {
    const [one] = seen([claimOf({ providerID })], [nodeOf()], [podOf('u', { labels: ours })])
    expect(one?.pods).toEqual({ u: { lane: 'pipeline/support-chats', gpus: 4, from: time(5), end: null } })
  })
})

describe('a pod', () => {
  const lanes = (...pods: KubeObject[]) =>
    Object.values(seen([], [nodeOf()], pods)[0]?.pods ?? {}).map(({ lane }) => lane)

  it('is ours only in our namespaces, of our installation and of our ledger', () => {
    expect(
      lanes(
        podOf('a', { labels: ours }),
        podOf('b', { labels: ours, namespace: 'theirs' }),
        podOf('c', { labels: { ...ours, 'signalbox.dev/installation': 'other' } }),
        podOf('d', { labels: { ...ours, 'signalbox.dev/ledger': 'ffffffffffff' } }),
        podOf('e', {}),
      ),
    ).toEqual(['pipeline/support-chats', OTHERS, OTHERS, OTHERS, OTHERS])
  })

  it('has its GPUs until its last container has ended; one that is told to end still has them', () => {
    const statuses = [9, 12].map((minute) => ({ state: { terminated: { exitCode: 0, finishedAt: at(minute) } } }))
    const end = (status: object) => seen([], [nodeOf()], [podOf('u', { status })])[0]?.pods['u']?.end
    expect(end({ phase: 'Succeeded', containerStatuses: statuses })).toEqual({ at: time(12), by: 'told' })
    expect(end({ phase: 'Running', containerStatuses: statuses })).toBeNull()
    expect(end({ phase: 'Failed', conditions: [said('DisruptionTarget', 20)] })).toEqual({ at: time(20), by: 'told' })
    // A kubelet that refuses a pod, for a GPU that is gone, says no time: it never had any.
    expect(end({ phase: 'Failed', conditions: [], startTime: at(7) })).toEqual({ at: time(7), by: 'told' })
  })

  it('without GPUs, or without a node, is of no instance', () => {
    expect(
      lanes(podOf('a', { spec: { containers: [{ name: 'c' }] } }), podOf('b', { spec: { nodeName: '' } })),
    ).toEqual([])
  })
})
