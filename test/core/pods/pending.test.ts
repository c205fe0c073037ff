import type { V1Pod } from '@kubernetes/client-node'
import { describe, expect, it } from 'vitest'
import { type Around, NOTHING_AROUND } from '../../../core/pods/around.ts'
import { isUnscheduled, pendingOf } from '../../../core/pods/pending.ts'
import { troubleOf } from '../../../core/pods/trouble.ts'
import { claimIn, eventIn, podIn, poolIn } from './objects.ts'

const MADE = Date.parse('2026-11-23T12:00:00Z')
const MINUTE = 60_000
const pod = podIn('no-room')
const around = (more: Partial<Around>): Around => ({ ...NOTHING_AROUND, ...more })
const pools = (name: string) => around({ pools: [poolIn(name)] })
const told = (...names: string[]) => around({ events: names.map(eventIn) })
const at = (minutes: number, of: Around, one: V1Pod = pod) => pendingOf(one, of, MADE + minutes * MINUTE)

const JUST_JOINED = [
  { type: 'Registered', status: 'True', lastTransitionTime: '2026-11-23T12:05:00Z' },
  { type: 'Initialized', status: 'Unknown', reason: 'ResourceNotRegistered', message: 'Resource "nvidia.com/gpu" …' },
]

describe('whose it is that a pod has no node', () => {
  it.each<[string, V1Pod, Around, string]>([
    [
      'gate',
      podIn('gated'),
      NOTHING_AROUND,
      'the scheduler leaves it alone until kueue.x-k8s.io/topology is taken away',
    ],
    ['reference', podIn('no-claim'), NOTHING_AROUND, 'persistentvolumeclaim "scratch" not found'],
    [
      'taint',
      pod,
      pools('pool-tainted'),
      'nodes of gpu-train are tainted acme.com/team=vision:NoSchedule, which it does',
    ],
    ['pool', pod, pools('pool-without-class'), 'does not use the NodePool gpu-train: NodeClass not found on cluster'],
    [
      'limit',
      pod,
      pools('pool-full'),
      'gpu-train is at its ceiling (8 of 8 GPUs stand, and it asks for 4): it goes on when',
    ],
    ['limit', pod, told('told-limit'), 'gpu-train is at its ceiling (one more node would exceed it, Karpenter says)'],
    [
      'node',
      pod,
      around({ claims: [claimIn('claim-coming')] }),
      'coming up since 2026-11-23 12:01 UTC (Node not registered',
    ],
    [
      'node',
      pod,
      around({ claims: [{ ...claimIn('claim-without-gpus'), status: { conditions: JUST_JOINED } }] }),
      'a node of gpu-train is coming up since 2026-11-23 12:01 UTC',
    ],
    ['node', pod, told('told-limit', 'told-nominated'), 'Karpenter has a node on its way for it'],
    [
      'capacity',
      pod,
      around({ claims: [claimIn('claim-failing')] }),
      'Karpenter cannot start a node of gpu-train: Unauthorized',
    ],
    ['capacity', pod, told('told-capacity'), 'AWS has none free (InsufficientInstanceCapacity); Karpenter tries again'],
    [
      'quota',
      pod,
      told('told-capacity', 'told-quota'),
      'quota is used up (VcpuLimitExceeded): ask for more in Service',
    ],
    [
      'room',
      pod,
      NOTHING_AROUND,
      '0/2 nodes are available: 1 Insufficient nvidia.com/gpu, 1 node(s) had untolerated taint(s)',
    ],
  ])('%s: %#', (on, one, of, note) => {
    expect(at(6, of, one)).toMatchObject({ on, note: expect.stringContaining(note) })
    // Behind a step's title there is room for it.
    expect(`${troubleOf(one, { around: of, now: MADE + 6 * MINUTE })?.note}`.length).toBeLessThan(
      on === 'room' ? 500 : 250,
    )
  })

  it('nobody’s, where it has a node, or nobody has tried', () => {
    for (const one of [podIn('crash-loop'), { status: { phase: 'Pending' } }]) {
      expect(isUnscheduled(one)).toBe(false)
      expect(pendingOf(one, pools('pool-full'), MADE)).toBeNull()
    }
  })

  it('a node that is on its way is counted by its pool already: that comes first', () => {
    const both = around({ pools: [poolIn('pool-full')], claims: [claimIn('claim-coming')] })
    expect(at(2, both)?.on).toBe('node')
    const there = { ...claimIn('claim-coming'), status: { conditions: [{ type: 'Initialized', status: 'True' }] } }
    expect(at(2, { ...both, claims: [there] })?.on).toBe('limit')
  })

  it('a node that has come and is not ready yet is on its way too; one that is not ready any more is not', () => {
    const node = (labels: object, status: string) => ({
      metadata: { labels: { 'karpenter.sh/nodepool': 'gpu-train', ...labels }, creationTimestamp: new Date(MADE) },
      status: { conditions: [{ type: 'Ready', status }] },
    })
    const of = (labels: object, status: string) =>
      at(2, around({ pools: [poolIn('pool-full')], nodes: [node(labels, status)] }))?.on
    expect(of({}, 'False')).toBe('node')
    expect(of({}, 'True')).toBe('limit')
    expect(of({ 'karpenter.sh/initialized': 'true' }, 'False')).toBe('limit')
    expect(of({}, 'Unknown')).toBe('limit')
  })

  it.each([
    ['claim-without-gpus', 'no device plugin registers nvidia.com/gpu there'],
    ['claim-startup-taint', 'its startup taint acme.com/agent=missing:NoSchedule stays'],
    ['claim-not-ready', 'it is not ready'],
  ])(
    'a node that has joined and stays unready is billed and never taken back, which is said from the quarter of an hour on: %s',
    (name, why) => {
      const of = around({ claims: [claimIn('claim-coming'), claimIn(name)], pools: [poolIn('pool-full')] })
      expect(at(17, of)?.on).toBe('node')
      // Joined at 12:03.
      for (const minutes of [18, 63, 23 * 60]) {
        expect(at(minutes, of)).toEqual({
          on: 'unready',
          note: `node ip-10-0-1-7 of gpu-train joined at 2026-11-23 12:03 UTC and is of no use: ${why}. It is billed, and Karpenter never takes it back: mend that, or kubectl delete nodeclaim gpu-train-x7k2p`,
        })
        const { note, ...more } = troubleOf(pod, { around: of, now: MADE + minutes * MINUTE }) ?? {}
        expect(more).toEqual({ failure: 'not-healthy', endsAt: null })
        expect(`${note}`.length).toBeLessThan(270)
      }
      const deleted = { ...claimIn(name), metadata: { ...claimIn(name).metadata, deletionTimestamp: new Date(MADE) } }
      expect(at(63, around({ claims: [deleted] }))?.on).toBe('room')
      expect(at(63, around({ claims: [claimIn(name), claimIn(name)] }))?.note).toContain('ip-10-0-1-7 (and 1 more) of')
    },
  )

  it('the same of its Node, where nobody may read NodeClaims', () => {
    const metadata = {
      name: 'ip-10-0-1-7',
      labels: { 'karpenter.sh/nodepool': 'gpu-train' },
      creationTimestamp: new Date(MADE),
    }
    const nodes = [{ metadata, status: { conditions: [{ type: 'Ready', status: 'False' }] } }]
    expect(at(2, around({ claims: null, nodes }))?.on).toBe('node')
    expect(at(20, around({ claims: null, nodes }))).toMatchObject({
      on: 'unready',
      note: expect.stringMatching(/joined at .*: it is not ready\. It is billed, .*kubectl delete node ip-10-0-1-7$/),
    })
  })

  it('where nobody may read of nodes on their way, nothing is said of a ceiling that they may have reached', () => {
    const unread = around({ pools: [poolIn('pool-full')], claims: null })
    expect(at(2, unread)?.on).toBe('room')
    expect(at(2, { ...unread, events: [eventIn('told-limit')] })?.on).toBe('limit')
    const closed = { ...poolIn('pool-full'), spec: { limits: { 'nvidia.com/gpu': '0' } }, status: {} }
    expect(at(2, { ...unread, pools: [closed] })?.on).toBe('limit')
  })

  it('of another pool, or of a quarter of an hour before, nothing is told of it', () => {
    const others = (name: string) => ({ ...eventIn('told-capacity'), involvedObject: { kind: 'NodeClaim', name } })
    for (const name of ['gpu-train-b-x7k2p', 'gpu-x7k2p', 'gpu-train-x7k2p-more'])
      expect(at(6, around({ events: [others(name)] }))?.on, name).toBe('room')
    expect(at(19.9, told('told-capacity'))?.on).toBe('capacity')
    expect(at(20, told('told-capacity'))?.on).toBe('room')
    const elsewhere = {
      ...eventIn('told-limit'),
      message: 'all available instance types exceed limits for nodepool (NodePool=other)',
    }
    expect(at(6, around({ events: [elsewhere] }))).toMatchObject({
      on: 'room',
      note: expect.stringContaining('Karpenter starts no node for it: all available instance types'),
    })
    const coming = { ...claimIn('claim-coming') }
    expect(at(6, around({ claims: [{ ...coming, metadata: { ...coming.metadata, labels: {} } }] }))?.on).toBe('room')
  })

  it('where a pool’s quantities cannot be read it is full (law 10), and without a limit never', () => {
    const pool = poolIn('pool-full')
    const of = (limits: Record<string, string>, resources: Record<string, string>) =>
      at(1, around({ pools: [{ ...pool, spec: { ...pool.spec, limits }, status: { resources } }] }))?.on
    expect(of({ 'nvidia.com/gpu': '8' }, { 'nvidia.com/gpu': 'many' })).toBe('limit')
    expect(of({ 'nvidia.com/gpu': '1k' }, { 'nvidia.com/gpu': '8' })).toBe('room')
    expect(of({}, { 'nvidia.com/gpu': '8' })).toBe('room')
  })
})

describe('what a pod without a node comes to', () => {
  const ends = (of: Around, one: V1Pod = pod) => {
    const { failure, endsAt } = troubleOf(one, { around: of, now: MADE }) ?? {}
    return [failure, endsAt]
  }

  it('waits for what may come by itself, or by a person elsewhere', () => {
    for (const there of [NOTHING_AROUND, pools('pool-full'), pools('pool-without-class'), told('told-quota')])
      expect(ends(there)).toEqual(['not-healthy', null])
    expect(ends(NOTHING_AROUND, podIn('gated'))).toEqual(['not-healthy', null])
  })

  it('fails five minutes after what never lets it start was written: a taint of every node, a volume that is not there', () => {
    expect(ends(NOTHING_AROUND, podIn('no-claim'))).toEqual(['configuration', MADE + 5 * MINUTE])
    expect(ends(pools('pool-tainted'))).toEqual(['configuration', MADE + 5 * MINUTE])
    const pool = poolIn('pool-tainted')
    const managedFields = [{ manager: 'kubectl-edit', operation: 'Update', time: new Date(MADE + 60 * MINUTE) }]
    const later = { ...pool, metadata: { ...pool.metadata, managedFields } }
    expect(ends(around({ pools: [later] }))).toEqual(['configuration', MADE + 65 * MINUTE])
  })

  it('nothing that anybody may write ends it, whatever it says', () => {
    const forged = {
      ...eventIn('told-limit'),
      message: 'did not tolerate taint (taint=x:NoSchedule); secret "x" not found',
    }
    for (const reason of ['FailedScheduling', 'FailedMount', 'InsufficientCapacityError'])
      expect(ends(around({ events: [{ ...forged, reason }] }))).toEqual(['not-healthy', null])
  })
})
