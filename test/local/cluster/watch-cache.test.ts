import { afterEach, describe, expect, it } from 'vitest'
import type { KubeObject } from '../../../core/kube.ts'
import { objectsIn } from '../../ports/cluster-objects.ts'
import { MINUTE, openRig, type Rig, taskJob } from './world-fixture.ts'

const serving = objectsIn('serving')
let rig: Rig
afterEach(() => rig.close())

const LAG = 2 * MINUTE
const named = (objects: KubeObject[]): string[] => objects.map(({ metadata }) => metadata.name)
const deploy = (name: string, replicas: number) =>
  rig.cluster.apply(serving.deployment(name, { replicas }), 'signalbox-workload')
const replicasIn = (objects: KubeObject[]): (number | undefined)[] =>
  (objects as KubeObject<'Deployment'>[]).map(({ spec }) => spec?.replicas)

describe('lists of a cache that lags', () => {
  it('show what stood so long ago: nothing new yet, an older state, and what is gone still', async () => {
    rig = openRig({ lag: LAG })
    await deploy('a', 1)
    await deploy('b', 1)
    expect(await rig.cluster.list('Deployment')).toEqual([])
    await rig.minutes(3)
    expect(named(await rig.cluster.list('Deployment'))).toEqual(['a', 'b'])
    await deploy('a', 2)
    await deploy('a', 3)
    const ref = { kind: 'Deployment', namespace: 'serving', name: 'b' } as const
    await rig.cluster.delete(ref, (await rig.cluster.get(ref))?.metadata.uid ?? '')
    expect(replicasIn(await rig.cluster.list('Deployment'))).toEqual([1, 1])
    await rig.minutes(1)
    expect(named(await rig.cluster.list('Deployment', { namespace: 'serving' }))).toEqual(['a', 'b'])
    await rig.minutes(1)
    expect(replicasIn(await rig.cluster.list('Deployment'))).toEqual([3])
  })

  it('choose by the labels that were, and in the namespace', async () => {
    rig = openRig({ lag: LAG })
    const job = taskJob('one')
    await rig.cluster.create(job)
    await rig.minutes(3)
    const labels = { app: 'one' }
    const [listed] = await rig.cluster.list('Job', { labels })
    const change = { metadata: { labels: { app: 'other' } } }
    const ref = { kind: 'Job', namespace: 'training', name: 'one' } as const
    await rig.cluster.patch(ref, listed?.metadata.uid ?? '', change)
    expect(named(await rig.cluster.list('Job', { labels }))).toEqual(['one'])
    expect(await rig.cluster.list('Job', { labels: { app: 'other' } })).toEqual([])
    expect(await rig.cluster.list('Job', { namespace: 'serving' })).toEqual([])
    expect(await rig.cluster.list('Deployment')).toEqual([])
  })

  it('while a GET, a list that asks for what is fresh, and a watch are up to date', async () => {
    rig = openRig({ lag: LAG })
    const seen: string[] = []
    await rig.cluster.watch({}, ({ type, object }) => void seen.push(`${type} ${object.metadata.name}`))
    await deploy('a', 1)
    expect(await rig.cluster.get({ kind: 'Deployment', namespace: 'serving', name: 'a' })).not.toBeNull()
    expect(named(await rig.cluster.list('Deployment', { fresh: true }))).toEqual(['a'])
    expect(seen).toEqual(['ADDED a'])
  })

  it('see what controllers do at the time when they did it', async () => {
    rig = openRig({ lag: LAG })
    await rig.cluster.create(taskJob('one'))
    await rig.minutes(1)
    expect(await rig.cluster.list('Pod')).toEqual([])
    expect(await rig.cluster.list('Pod', { fresh: true })).toHaveLength(1)
    await rig.minutes(1)
    expect(await rig.cluster.list('Pod')).toHaveLength(1)
  })

  it('show everything to a process that begins anew, and are fresh unless they are told to lag', async () => {
    rig = openRig({ lag: LAG })
    await deploy('a', 1)
    rig.reopen()
    expect(named(await rig.cluster.list('Deployment'))).toEqual(['a'])
    await rig.close()
    rig = openRig()
    await deploy('a', 1)
    expect(named(await rig.cluster.list('Deployment'))).toEqual(['a'])
  })
})
