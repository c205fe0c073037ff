import { describe, expect, it } from 'vitest'
import type { KubeObject } from '../../core/kube.ts'
import { laneLabels } from '../../core/names.ts'
import { generationIn, withKnown, withOwnService } from '../../flows/known-standing.ts'
import type { Cluster } from '../../flows/ports.ts'
import { identity, lane, serve } from '../core/planning/serve-fixture.ts'

const selects = { ...laneLabels(identity, lane), 'signalbox.dev/generation': '1' }
const deployment = (generation: number, matchLabels: Record<string, string> = selects): KubeObject<'Deployment'> =>
  ({
    ...{ apiVersion: 'apps/v1', kind: 'Deployment' },
    metadata: { name: `${identity.name}-g${generation}`, namespace: 'serving', labels: {} },
    spec: { selector: { matchLabels } },
  }) as unknown as KubeObject<'Deployment'>
const clusterOf = (...objects: KubeObject[]) => {
  const asked: string[] = []
  const get: Cluster['get'] = async ({ name }) => {
    asked.push(name)
    return objects.find(({ metadata }) => metadata.name === name) ?? null
  }
  return { cluster: { get } as unknown as Cluster, asked }
}
const baseline = { generation: 3, stands: 1, desired: serve('7'), replicas: 2 }
const about = { identity, doc: { lane, baseline }, namespace: 'serving' }

describe('what a lane knows to stand', () => {
  it('is asked for by its name where no list has it, whatever has become of its labels', async () => {
    const first = deployment(1)
    const { cluster, asked } = clusterOf(first)
    expect([await withKnown({ cluster }, about, []), asked]).toEqual([[first], [first.metadata.name]])
    expect([await withKnown({ cluster }, about, [first]), asked.length]).toEqual([[first], 1])
  })

  it('is what the document says was judged, was brought up, and is at work', async () => {
    const { cluster, asked } = clusterOf()
    const judged = [{ generation: 4, desired: serve('8'), replicas: 2 }]
    const doc = { lane, baseline: null, judged, brought: [5], run: { generation: 6 } as never }
    expect(await withKnown({ cluster }, { ...about, doc }, [])).toEqual([])
    expect(asked).toEqual([4, 5, 6].map((generation) => `${identity.name}-g${generation}`))
  })

  it('is none that selects something else, and its generation is what its selector says', async () => {
    const { cluster } = clusterOf(deployment(1, { app: 'other' }))
    expect(await withKnown({ cluster }, about, [])).toEqual([])
    expect([generationIn(deployment(7)), generationIn(deployment(7, {}))]).toEqual([1, 0])
  })

  it('has its own Service, where no list has that', async () => {
    const service = { kind: 'Service', metadata: { name: identity.name } } as KubeObject
    const where = { name: identity.name, namespace: 'serving' }
    expect(await withOwnService(clusterOf(service), where, [])).toEqual([service])
    expect(await withOwnService(clusterOf(), where, [])).toEqual([])
    const { cluster, asked } = clusterOf()
    expect([await withOwnService({ cluster }, where, [service]), asked]).toEqual([[service], []])
  })

  it('is asked for beside a list that is not at hand, and counts once', async () => {
    const first = deployment(1)
    const { cluster, asked } = clusterOf(first)
    let listed: (found: KubeObject[]) => void = () => undefined
    const found = withKnown({ cluster }, about, new Promise<KubeObject[]>((resolve) => (listed = resolve)))
    expect(asked).toEqual([first.metadata.name])
    listed([first])
    expect(await found).toEqual([first])
    expect(await withKnown({ cluster }, about, Promise.resolve([]))).toEqual([first])
  })
})
