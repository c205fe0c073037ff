import { afterEach, expect, it } from 'vitest'
import type { KubeObject } from '../../core/kube.ts'
import { promote, registerVersion } from '../../local/scenario.ts'
import { HOUR, MODEL, SERVE, served } from './scenes.ts'
import { openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())

/** No node takes the pod of the second gate; who deletes it sees it gone at once, as of one that no kubelet has. */
const noNodeForGates = ({ house: { cluster } }: Town): void => {
  const list = cluster.list.bind(cluster)
  const unscheduled = (pod: KubeObject<'Pod'>): KubeObject<'Pod'>[] => {
    if (!/-g2a\d+-gate-/.test(pod.metadata.name ?? '')) return [pod]
    if (pod.metadata.deletionTimestamp !== undefined) return []
    const { nodeName: _, ...spec } = structuredClone(pod.spec ?? { containers: [] })
    const message = '0/5 nodes are available: 5 Insufficient cpu.'
    const conditions = [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message }]
    return [{ ...pod, spec, status: { phase: 'Pending', conditions } } as KubeObject<'Pod'>]
  }
  Object.assign(cluster, {
    list: async (...asked: Parameters<typeof list>) => {
      const found = await list(...asked)
      return asked[0] === 'Pod' ? (found as KubeObject<'Pod'>[]).flatMap(unscheduled) : found
    },
  })
}

it('a gate that no node takes until its deadline says what has kept it, though its pod is gone by then', async () => {
  town = await openTown()
  await served(town)
  await promote(
    town.house,
    MODEL,
    await registerVersion(town.house, { model: MODEL, simulation: { tasks: { 'gate-check': { minutes: 400 } } } }),
  )
  noNodeForGates(town)
  await town.answered(SERVE)

  await town.advance(2 * HOUR)
  expect((await town.lane(SERVE)).outcome).toMatchObject({
    kind: 'failed',
    reason: 'deadline-exceeded',
    detail: expect.stringContaining('and never started: waiting for a node: 0/5 nodes are available: 5 Insufficient'),
  })
})
