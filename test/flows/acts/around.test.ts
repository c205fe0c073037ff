import type { V1Pod } from '@kubernetes/client-node'
import { describe, expect, it } from 'vitest'
import type { KubeObject } from '../../../core/kube.ts'
import { aroundOf, keptNote } from '../../../flows/acts/around.ts'
import { NotAllowed, Unavailable, type WorkPorts } from '../../../flows/ports.ts'
import { nodeIn, podIn } from '../../core/pods/objects.ts'

const DUE = Date.parse('2026-11-23T13:00:30Z')
const MINUTE = 60_000
const dead = podIn('leaving-on-dead-node')

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
      const around = await aroundOf(ports, pods, now)
      return [asked.map(([kind]) => kind), around.nodes.length]
    }
    expect(await of([dead], DUE + MINUTE)).toEqual([[], 0])
    expect(await of([podIn('restarted-and-ready'), dead], DUE + 5 * MINUTE)).toEqual([['Node'], 1])
  })

  it('is worth no failure where it cannot be read; a bug of ours is', async () => {
    for (const error of [new Unavailable('away'), new NotAllowed('nodes is forbidden')])
      expect((await aroundOf(clusterOf(error).ports, [dead], DUE + 5 * MINUTE)).nodes).toEqual([])
    await expect(aroundOf(clusterOf(new Error('ours')).ports, [dead], DUE + 5 * MINUTE)).rejects.toThrow('ours')
  })

  it('says what keeps pods from ending', async () => {
    const { ports } = clusterOf({ Node: [nodeIn('node-unanswering')] })
    expect(await keptNote(ports, [podIn('drained'), dead], DUE + 5 * MINUTE)).toContain('its node does not answer')
    expect(await keptNote(ports, [dead], DUE)).toBeNull()
  })
})
