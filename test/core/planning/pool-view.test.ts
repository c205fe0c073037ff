import { describe, expect, it } from 'vitest'
import type { KubeObject } from '../../../core/kube.ts'
import { laneLabel } from '../../../core/names.ts'
import { poolView, usedByLane } from '../../../core/planning/pool-view.ts'
import type { HoldRow } from '../../../core/rows.ts'
import { policy, policyWith } from '../lane/fixture.ts'

const POOL = 'gpu-train'
const TYPE = policy.pools[POOL]?.instanceType ?? ''
const TAINT = { key: 'nvidia.com/gpu', value: 'true', effect: 'NoSchedule' }
const LANE = 'pipeline/support-chats'

const pod = (
  spec: object,
  { gpus = '4', namespace = 'training', labels = {} }: { gpus?: string; namespace?: string; labels?: object } = {},
) =>
  ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', namespace, labels },
    spec: { containers: [{ name: 'c', resources: { limits: { 'nvidia.com/gpu': gpus } } }], ...spec },
  }) as unknown as KubeObject
const ours = { 'signalbox.dev/installation': policy.installation, 'signalbox.dev/lane': 'pipeline.support-chats' }
const lets = { tolerations: [{ key: TAINT.key, operator: 'Exists' }] }
const here = { nodeSelector: { 'karpenter.sh/nodepool': POOL }, ...lets }
const node = (name: string, pool: string) =>
  ({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: pool === '' ? {} : { 'karpenter.sh/nodepool': pool } },
  }) as KubeObject
const several = policyWith((config) => {
  const { instanceType: _, ...pool } = config.pools[POOL]!
  config.pools[POOL] = { ...pool, instanceTypes: ['p5.48xlarge', 'p5en.48xlarge'] }
})
const nodePool = (gpus: string) =>
  ({
    apiVersion: 'karpenter.sh/v1',
    kind: 'NodePool',
    metadata: { name: POOL },
    spec: { limits: { 'nvidia.com/gpu': gpus }, template: { spec: { taints: [TAINT] } } },
  }) as KubeObject
const seen = (
  pods: KubeObject[],
  {
    holds = [],
    lane = LANE,
    limit = '16',
    of = policy,
    ahead = false,
    now,
  }: { holds?: HoldRow[]; lane?: string; limit?: string; of?: typeof policy; ahead?: boolean; now?: number } = {},
) => {
  const all = { pods, nodes: [node('n1', POOL), node('n2', 'other'), node('n3', '')], nodePools: [nodePool(limit)] }
  const held = { total: 0, own: 0 }
  for (const hold of holds) {
    held.total += hold.amount
    if (hold.lane === lane) held.own += hold.amount
  }
  const by = new Map(holds.map((hold) => [laneLabel(hold.lane), hold]))
  const used = usedByLane(all, POOL, { policy: of, ledger: 'l1' })
  return poolView(all, {
    pool: POOL,
    policy: of,
    lane,
    ledger: 'l1',
    used,
    by,
    held,
    ahead,
    ...(now === undefined ? {} : { now }),
  })
}
const requires = (key: string, operator: string, values: string[]) => ({
  ...lets,
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchExpressions: [{ key, operator, values }] }],
      },
    },
  },
})

describe('a pod counts where it sits', () => {
  it.each<[string, object, boolean]>([
    ['on its node, whatever it says', { ...here, nodeName: 'n2' }, false],
    ['on a node of the pool', { nodeName: 'n1' }, true],
    ['by its selector before it has a node', here, true],
    [
      'not on a node of no pool, whatever it tolerates',
      { nodeName: 'n3', tolerations: [{ operator: 'Exists' }] },
      false,
    ],
    [
      'not on one of the same type',
      { nodeName: 'n3', nodeSelector: { 'node.kubernetes.io/instance-type': TYPE } },
      false,
    ],
    ['on a node that has lost the label of its pool', { ...here, nodeName: 'n3' }, true],
    ['on a node that nobody has seen yet, by its selector', { ...here, nodeName: 'n9' }, true],
    ['not by a selector of another pool', { nodeSelector: { 'karpenter.sh/nodepool': 'other' } }, false],
    ['by the instance type', { ...lets, nodeSelector: { 'node.kubernetes.io/instance-type': TYPE } }, true],
    ['by an affinity to the pool', requires('karpenter.sh/nodepool', 'In', [POOL, 'x']), true],
    ['not by an affinity away from it', requires('karpenter.sh/nodepool', 'NotIn', [POOL]), false],
    ['by an affinity to the instance type', requires('node.kubernetes.io/instance-type', 'In', [TYPE]), true],
    ['by a toleration, where nothing else says where', { tolerations: [{ key: TAINT.key, operator: 'Exists' }] }, true],
    ['by a toleration of everything', { tolerations: [{ operator: 'Exists' }] }, true],
    ['not where it tolerates nothing', {}, false],
    ['nor by its selector, where it tolerates nothing', { ...here, tolerations: [] }, false],
    ['not where it tolerates another value', { tolerations: [{ key: TAINT.key, value: 'no' }] }, false],
  ])('%s', (_, spec, counts) => {
    expect(seen([pod(spec, { namespace: 'elsewhere' })])).toMatchObject({
      used: counts ? 4 : 0,
      beyondHolds: counts ? 4 : 0,
      usedByLane: 0,
    })
  })
})

describe('a pod that waits for a GPU', () => {
  const SERVER = { ...here, priorityClassName: 'signalbox-signalbox-serving' }
  const labels = { 'signalbox.dev/installation': 'signalbox', 'signalbox.dev/lane': 'service.other' }
  const ours = { namespace: policy.namespaces.serving, labels }

  it('of others is before a Job of ours, and behind a server, unless it is of a class above', () => {
    const theirs = (priority?: number) => pod({ ...here, ...(priority === undefined ? {} : { priority }) })
    expect(seen([theirs()])).not.toHaveProperty('behind')
    expect(seen([theirs()], { ahead: true })).toMatchObject({ used: 4, behind: 4 })
    expect(seen([theirs(100_000)], { ahead: true })).not.toHaveProperty('behind')
    expect(seen([pod({ ...here, nodeName: 'n1' })], { ahead: true })).not.toHaveProperty('behind')
    expect(seen([pod({ nodeSelector: { 'karpenter.sh/nodepool': 'other' } })], { ahead: true })).not.toHaveProperty(
      'behind',
    )
  })

  it('and is a server of ours takes nothing beyond what its lane holds; one that runs does', () => {
    expect(seen([pod(SERVER, ours)])).toMatchObject({ used: 0, beyondHolds: 0 })
    expect(seen([pod({ ...SERVER, nodeName: 'n1' }, ours)])).toMatchObject({ used: 4, beyondHolds: 4 })
    // What says so elsewhere is anybody's.
    expect(seen([pod(SERVER, { namespace: 'elsewhere', labels })]).used).toBe(4)
  })
})

describe('a pod that waits for a node of a pool of several types', () => {
  const TYPE_LABEL = 'node.kubernetes.io/instance-type'

  it.each<[string, object, boolean]>([
    ['counts by each of them', { ...lets, nodeSelector: { [TYPE_LABEL]: 'p5en.48xlarge' } }, true],
    ['not by another', { nodeSelector: { [TYPE_LABEL]: 'p4d.24xlarge' } }, false],
    ['by an affinity to one', requires(TYPE_LABEL, 'In', ['p4d.24xlarge', 'p5en.48xlarge']), true],
    ['by an affinity away from one, since there is the other', requires(TYPE_LABEL, 'NotIn', ['p5.48xlarge']), true],
    ['not by one away from all', requires(TYPE_LABEL, 'NotIn', ['p5.48xlarge', 'p5en.48xlarge']), false],
  ])('%s', (_, spec, counts) => {
    expect(seen([pod(spec, { namespace: 'elsewhere' })], { of: several }).used).toBe(counts ? 4 : 0)
  })
})

describe('a pod is of a lane', () => {
  it('in our namespaces and of our installation; anything else with that label is of others', () => {
    expect(seen([pod(here, { labels: ours })])).toMatchObject({ usedByLane: 4, heldByOthers: 0 })
    for (const [namespace, labels] of [
      ['elsewhere', ours],
      ['training', { ...ours, 'signalbox.dev/installation': 'another' }],
    ] as const)
      expect(seen([pod(here, { namespace, labels })])).toMatchObject({ usedByLane: 0, heldByOthers: 4, beyondHolds: 4 })
  })

  it('and counts as held or as used, whichever is more, and never as both', () => {
    const other = { ...ours, 'signalbox.dev/lane': 'service.other' }
    const holds = [{ lane: 'service/other', amount: 6 }]
    expect(seen([pod(here, { labels: other })], { holds })).toMatchObject({ used: 4, heldByOthers: 6, beyondHolds: 0 })
    expect(seen([pod(here, { labels: other, gpus: '8' })], { holds })).toMatchObject({
      heldByOthers: 8,
      beyondHolds: 2,
    })
    expect(seen([], { holds: [{ lane: LANE, amount: 6 }] }).heldByOthers).toBe(0)
  })

  it('and gives back what it holds for a while: not what stays of it, nor what is used beyond, nor what the lane has itself', () => {
    const rolls = { lane: 'service/other', amount: 12, lasts: 8 }
    const trains = { lane: 'pipeline/other', amount: 4, lasts: 0 }
    const rests = { lane: 'service/third', amount: 4 }
    expect(seen([], { holds: [rolls, trains, rests] })).toMatchObject({ heldByOthers: 20, passing: 8 })
    const beyond = pod(here, { labels: { ...ours, 'signalbox.dev/lane': 'service.other' }, gpus: '16' })
    expect(seen([beyond], { holds: [rolls] })).toMatchObject({ heldByOthers: 16, passing: 4 })
    expect(seen([], { holds: [rests, { ...trains, lane: LANE }] })).not.toHaveProperty('passing')
  })
})

describe('nodes', () => {
  const on = (nodeName: string, labels: Record<string, string> = {}, namespace = policy.namespaces.serving) =>
    pod({ nodeName }, { namespace, labels })
  const own = (generation: number) => ({ ...ours, 'signalbox.dev/generation': String(generation) })

  it('that go on without the lane are known with what is left there, and those that it is alone on by generation', () => {
    expect(seen([on('n1', own(3)), on('n1', own(3))])).toMatchObject({ alone: { 3: 1 } })
    expect(seen([on('n1', own(3)), on('n1')])).toMatchObject({ alone: {}, besides: [4] })
    // The oldest, which was judged, leaves last.
    expect(seen([on('n1', own(4)), on('n1', own(3))])).toMatchObject({ alone: { 3: 1 } })
    expect(seen([on('n1', own(3), 'elsewhere')])).toMatchObject({ besides: [4] })
    for (const pods of [[], [on('n2', own(3))], [on('n3')]])
      for (const known of ['alone', 'besides']) expect(seen(pods)).not.toHaveProperty(known)
  })
})

describe('quantities', () => {
  it('that cannot be read are the whole pool', () => {
    expect(seen([pod(here, { gpus: 'many' })]).heldByOthers).toBeGreaterThanOrEqual(policy.pools[POOL]?.maxGpus ?? 0)
  })
})

it('a ceiling is of whole nodes: Karpenter starts no other', () => {
  const { gpusPerNode = 1 } = policy.pools[POOL] ?? {}
  expect(seen([], { limit: String(gpusPerNode + 4) }).ceiling).toBe(gpusPerNode)
})

it('tells of the lane’s own pods what their nodes have not ended long after they had to', () => {
  const due = Date.parse('2026-11-23T13:00:00Z')
  const leaving = pod(here, { labels: ours })
  const own = {
    ...leaving,
    metadata: { ...leaving.metadata, deletionTimestamp: new Date(due) },
  } as unknown as KubeObject
  const at = (minutes: number, pods: KubeObject[]) => seen(pods, { now: due + minutes * 60_000 }).stuck
  expect([at(4, [own]), at(5, [own, own])]).toEqual([undefined, 8])
  const other = { ...own, metadata: { ...own.metadata, labels: {} } } as KubeObject
  expect(at(5, [other, leaving])).toBeUndefined()
})
