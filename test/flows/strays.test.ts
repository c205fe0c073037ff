import { expect, it } from 'vitest'
import type { KubeObject } from '../../core/kube.ts'
import type { GenerationView } from '../../core/world.ts'
import type { Cluster } from '../../flows/ports.ts'
import { straysOf } from '../../flows/strays.ts'

const owner = (name: string, uid = name) => ({ apiVersion: 'apps/v1', kind: 'ReplicaSet', name, uid, controller: true })
const pod = (name: string, set: string, metadata: object = {}, phase = 'Running'): KubeObject<'Pod'> =>
  ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: 'serving',
      labels: { 'signalbox.dev/generation': '2' },
      ownerReferences: [owner(set)],
      ...metadata,
    },
    status: { phase },
  }) as KubeObject<'Pod'>
const sets: Record<string, object> = {
  'm-g2-left': { uid: 'm-g2-left' },
  // The garbage collector has not reached it: its Deployment is gone, and it goes too.
  'm-g3-going': {
    uid: 'm-g3-going',
    ownerReferences: [{ apiVersion: 'apps/v1', kind: 'Deployment', name: 'm-g3', uid: 'd', controller: true }],
  },
  'm-g4-again': { uid: 'another' },
}

it('strays are ReplicaSets without an owner, as they are by name, whose Deployment is not there', async () => {
  const asked: string[] = []
  const cluster = {
    get: async ({ name }: { name: string }) => {
      asked.push(name)
      return sets[name] === undefined ? null : { metadata: { name, ...sets[name] } }
    },
  } as unknown as Cluster
  const pods = [
    pod('a', 'm-g2-left'),
    pod('b', 'm-g2-left'),
    pod('stopping', 'm-g2-left', { deletionTimestamp: '2026-11-23T12:00:00Z' }),
    pod('over', 'm-g2-left', {}, 'Failed'),
    pod('c', 'm-g3-going'),
    pod('d', 'm-g4-again'),
    pod('e', 'm-g5-gone'),
    pod('stands', 'm-g1-x'),
  ]
  const found = await straysOf(cluster, pods, [{ ref: { name: 'm-g1' } } as GenerationView])
  expect(found.map(({ ref, generation, pods: mine }) => [ref.name, generation, mine.length])).toEqual([
    ['m-g2-left', 2, 2],
  ])
  expect(asked).toEqual(['m-g2-left', 'm-g3-going', 'm-g4-again', 'm-g5-gone'])
})
