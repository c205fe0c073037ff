import { afterEach, describe, expect, it } from 'vitest'
import { type KubeObject, refOf } from '../../core/kube.ts'
import type { SimulatedCluster } from '../../local/cluster/simulated-cluster.ts'
import { promote, registerVersion } from '../../local/scenario.ts'
import example from '../example.ts'
import { HOUR, looseEnds, MINUTE, MODEL, replicasOf, SERVE, served, timeline } from './scenes.ts'
import { openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())
const cluster = () => town.house.cluster as SimulatedCluster

/** v1 serves with two replicas in a pool that has room for just these; of v2 it may be wanted, which is denied. */
const open = async (parks: boolean): Promise<void> => {
  const pools = { ...example.pools, 'gpu-serve': { ...example.pools['gpu-serve'], maxGpus: 8 } }
  const service = { ...example.services?.[MODEL], replicas: 2, maxUnavailable: 1 }
  town = await openTown({ config: { ...example, pools, services: { [MODEL]: service } } as typeof example })
  await served(town)
  if (!parks) return
  await promote(town.house, MODEL, await registerVersion(town.house, { model: MODEL }))
  await asks()
  await town.answered(SERVE, 'deny')
  await town.settled(SERVE)
}
const asks = () => town.until('it asks', async () => (await town.question(SERVE)) !== null)
const first = async () => ((await cluster().list('Deployment')) as KubeObject<'Deployment'>[])[0] as KubeObject
const remove = async (): Promise<void> => {
  const found = await first()
  await cluster().delete(refOf(found), found.metadata.uid ?? '')
}
const scale = async (): Promise<unknown> =>
  cluster().edit(refOf(await first()), 'kubectl-scale', (one) => ({ ...one, spec: { ...(one as KubeObject<'Deployment'>).spec, replicas: 0 } }) as KubeObject) // biome-ignore format: a line
/** Somebody else's pod takes the GPUs of one replica. */
const theirs = () =>
  cluster().create({
    ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'theirs', namespace: 'training' } },
    spec: {
      nodeSelector: { 'karpenter.sh/nodepool': 'gpu-serve' },
      tolerations: [{ key: 'nvidia.com/gpu', operator: 'Exists', effect: 'NoSchedule' }],
      containers: [{ name: 'main', image: 'x', resources: { limits: { 'nvidia.com/gpu': '4' } } }],
    },
  } as unknown as KubeObject)
const away = async (): Promise<void> => {
  const found = (await cluster().list('Pod')).find(({ metadata }) => metadata.name === 'theirs') as KubeObject
  await cluster().delete(refOf(found), found.metadata.uid ?? '')
}
const stand = async (count: number): Promise<void> =>
  town.until(`${count} stand`, async () => Object.values(await replicasOf(town)).includes(count))
const texts = async (): Promise<string[]> => (await timeline(town, SERVE)).map(({ text }) => text)
const titles = async (): Promise<string[]> => (await town.house.cards()).map(({ card }) => card.title)
/** How often people were asked since so many words were said. */
const askedSince = async (from: number): Promise<number> =>
  (await texts()).slice(from).filter((text) => text.startsWith('asked ')).length

describe('what was judged is gone, and the room for it becomes other while people are asked', () => {
  it.each([
    ['deleted', remove],
    ['scaled to none', scale],
  ] as const)(
    '%s: they are asked about one of two, and there is room for both by their yes: the one begins',
    async (...row) => {
      await open(true)
      await row[1]()
      await theirs()
      await asks()
      const from = (await texts()).length
      await town.advance(8 * MINUTE)
      await away()
      await town.advance(2 * MINUTE)
      await town.answered(SERVE)
      await stand(1)
      expect(await askedSince(from)).toBe(0)
      // The other is asked about after it.
      await asks()
      await town.answered(SERVE)
      await stand(2)
      await town.advance(HOUR)
      expect([await askedSince(from), await looseEnds(town)]).toEqual([1, []])
    },
  )

  it.each([
    ['deleted, while another version is parked', true, remove],
    ['scaled to none, while another version is parked', true, scale],
    ['deleted', false, remove],
    ['scaled to none', false, scale],
  ] as const)(
    '%s: they are asked about two, and one has room by their yes: that begins, and nobody is told that all is well',
    async (...row) => {
      await open(row[1])
      await row[2]()
      await asks()
      const from = (await texts()).length
      await town.advance(8 * MINUTE)
      await theirs()
      await town.advance(2 * MINUTE)
      await town.answered(SERVE)
      await town.advance(HOUR)
      expect([Object.values(await replicasOf(town)), await askedSince(from)]).toEqual([[1], 0])
      const told = (await titles()).filter((title) => title.includes('1 of 2'))
      expect(told).toEqual(
        expect.arrayContaining([
          expect.stringMatching(
            /^requests are answered again, after \d+ min, by 1 of 2 replicas: 1 of what was judged is missing$/,
          ),
          expect.stringMatching(/; 1 of 2 has room now: what else is wanted of it follows once that has$/),
        ]),
      )
      expect((await titles()).filter((title) => title.startsWith('all that serves'))).toEqual([])
      await away()
      await asks()
      await town.answered(SERVE)
      await stand(2)
      await town.advance(HOUR)
      expect([await town.question(SERVE), await looseEnds(town)]).toEqual([null, []])
    },
  )
})
