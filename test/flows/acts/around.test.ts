import type { V1Pod } from '@kubernetes/client-node'
import { describe, expect, it } from 'vitest'
import type { KubeObject } from '../../../core/kube.ts'
import { NOTHING_AROUND } from '../../../core/pods/around.ts'
import { aroundOf, keptNote } from '../../../flows/acts/around.ts'
import { NotAllowed, Unavailable, type WorkPorts } from '../../../flows/ports.ts'
import { eventIn, nodeIn, podIn, poolIn } from '../../core/pods/objects.ts'

const DUE = Date.parse('2026-11-23T13:00:30Z')
const MINUTE = 60_000
const dead = podIn('leaving-on-dead-node')
const at5 = { pods: [dead], now: DUE + 5 * MINUTE }

/** A cluster that lists these objects, or fails; and what was asked of it. */
const clusterOf = (there: Record<string, unknown[]> | Error) => {
  const asked: [string, object | undefined][] = []
  const list = async (kind: string, where?: object): Promise<KubeObject[]> => {
    asked.push([kind, where])
    if (there instanceof Error) throw there
    return (there[kind] ?? []) as KubeObject[]
  }
  return { asked, ports: { cluster: { list } } as unknown as WorkPorts }
}

describe('what stands around pods', () => {
  it('is asked for only where it tells more: of a node once its pod is overdue', async () => {
    const nodes = { Node: [nodeIn('node-unanswering')] }
    const of = async (pods: V1Pod[], now: number) => {
      const { asked, ports } = clusterOf(nodes)
      const around = await aroundOf(ports, { pods, now })
      return [asked.map(([kind]) => kind), around.nodes.length]
    }
    expect(await of([dead], DUE + MINUTE)).toEqual([[], 0])
    expect(await of([podIn('restarted-and-ready'), dead], DUE + 5 * MINUTE)).toEqual([['Node'], 1])
  })

  it('of a pod without a node is its pool, nodes on their way, and what is told of it: of three, once they have waited', async () => {
    const made = Date.parse('2026-11-23T12:00:00Z')
    const pods = ['no-room', 'no-claim', 'gated', 'no-room'].map(podIn)
    const { asked, ports } = clusterOf({ NodePool: [poolIn('pool-full')], Event: [eventIn('told-limit')] })
    expect(await aroundOf(ports, { pods, now: made + MINUTE / 3 })).toEqual(NOTHING_AROUND)
    expect(asked).toEqual([])
    const around = await aroundOf(ports, { pods, now: made + MINUTE / 2 })
    expect([around.pools.length, around.events.length]).toEqual([1, 4])
    const ofPod = { namespace: 'training', fields: { 'involvedObject.uid': 'u-pod' } }
    const launches = { 'involvedObject.kind': 'NodeClaim', reason: 'InsufficientCapacityError' }
    expect(asked).toEqual([
      ['Node', undefined],
      ['NodePool', undefined],
      ['NodeClaim', undefined],
      ['Event', { namespace: 'default', fields: launches }],
      ...Array.from({ length: 3 }, () => ['Event', ofPod]),
    ])
  })

  it('of a pod that is not begun is what is told of it; of a Job without one, of the Job', async () => {
    const made = Date.parse('2026-11-23T12:00:00Z')
    const of = async (given: Omit<Parameters<typeof aroundOf>[1], 'now'>) => {
      const { asked, ports } = clusterOf({})
      await aroundOf(ports, { ...given, now: made + MINUTE })
      return asked.map(([kind, where]) => [kind, (where as { fields?: Record<string, string> })?.fields])
    }
    expect(await of({ pods: [podIn('not-begun')] })).toEqual([['Event', { 'involvedObject.uid': 'u-pod' }]])
    const job = (spec: object) => ({
      metadata: { uid: 'u-job', namespace: 'training', creationTimestamp: new Date(made) },
      spec: { template: {}, ...spec },
    })
    expect(await of({ pods: [podIn('drained')], job: job({}) })).toEqual([['Event', { 'involvedObject.uid': 'u-job' }]])
    expect(await of({ pods: [], job: job({ suspend: true }) })).toEqual([])
    expect(await of({ pods: [podIn('restarted-and-ready')], job: job({}) })).toEqual([])
  })

  it('is worth no failure where it cannot be read; a bug of ours is', async () => {
    for (const error of [new Unavailable('away'), new NotAllowed('nodes is forbidden')])
      for (const given of [at5, { pods: [podIn('no-room')], now: DUE }])
        expect(await aroundOf(clusterOf(error).ports, given)).toMatchObject({ nodes: [], pools: [], events: [] })
    const unread = await aroundOf(clusterOf(new NotAllowed('no')).ports, { pods: [podIn('no-room')], now: DUE })
    expect(unread.claims).toBeNull()
    await expect(aroundOf(clusterOf(new Error('ours')).ports, at5)).rejects.toThrow('ours')
  })

  it('says what keeps pods from ending', async () => {
    const { ports } = clusterOf({ Node: [nodeIn('node-unanswering')] })
    expect(await keptNote(ports, [podIn('drained'), dead], DUE + 5 * MINUTE)).toContain('its node does not answer')
    expect(await keptNote(ports, [dead], DUE)).toBeNull()
  })
})
