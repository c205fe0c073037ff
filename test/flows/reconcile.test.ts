import { afterEach, expect, it, vi } from 'vitest'
import type { KubeObject } from '../../core/kube.ts'
import { emptyLane } from '../../core/lane.ts'
import { label } from '../../core/names.ts'
import { everyLane } from '../../flows/lanes.ts'
import { type Ports, Unavailable } from '../../flows/ports.ts'
import { reconcile } from '../../flows/reconcile.ts'
import { uploadDataset } from '../../local/scenario.ts'
import config from '../../signalbox.config.ts'
import { openTown, type Town } from '../journeys/town.ts'
import { taskJob } from '../local/cluster/world-fixture.ts'

let town: Town
afterEach(() => town.close())

const upload = () =>
  uploadDataset(town.house, { bucket: 'acme-datasets', folder: 'support-chats/z/', rows: ['{"q":1}', '{"q":2}'] })

/** Counts the heads that are asked for. */
const counting = () => {
  const asked: string[] = []
  const wrap = (ports: Ports): Ports => ({
    ...ports,
    objects: {
      ...ports.objects,
      head: (bucket, key) => {
        asked.push(key)
        return ports.objects.head(bucket, key)
      },
    },
  })
  return { asked, wrap }
}

it('finds the upload whose event was lost, however many keys lie before its manifest', async () => {
  town = await openTown()
  for (let n = 0; n < 1100; n++)
    await town.house.objects.write('acme-datasets', `support-chats/a/${String(n).padStart(4, '0')}`, Buffer.from('x'))
  await upload()
  expect(await reconcile(town.house.ports)).toMatchObject({ intended: 1 })
  expect(await town.lane('train/support-chats')).toMatchObject({ state: 'wanted', generation: 1 })
})

it('a prefix of more keys than one time lists is gone on with the next time, and keeps nobody waiting', async () => {
  const pages: (string | null | undefined)[] = []
  const head = { size: 1, versionId: null, lastModified: 1, etag: 'e', sha256: null }
  town = await openTown({
    wrap: (ports) => ({
      ...ports,
      objects: {
        ...ports.objects,
        list: async (_bucket, prefix, after) => {
          pages.push(after)
          const n = after === null || after === undefined ? 0 : Number(after.slice(prefix.length)) + 1
          return n < 150
            ? [{ key: `${prefix}${String(n).padStart(4, '0')}`, head }]
            : ports.objects.list(_bucket, prefix)
        },
      },
    }),
  })
  await reconcile(town.house.ports)
  expect([pages.length, pages.at(-1)]).toEqual([100, 'support-chats/0098'])
  await reconcile(town.house.ports)
  expect([pages.length, pages.at(-1)]).toEqual([151, 'support-chats/0149'])
  await reconcile(town.house.ports)
  expect(pages[151]).toBeNull()
})

it.each(['act', 'shadow'] as const)('asks about objects once, not whenever it looks (%s)', async (mode) => {
  const { asked, wrap } = counting()
  const [[name, dataset] = []] = Object.entries(config.datasets ?? {})
  town = await openTown({ config: { ...config, datasets: { [name ?? '']: { ...dataset, mode } } }, wrap })
  await upload()
  await reconcile(town.house.ports)
  const once = asked.filter((key) => key.includes('part-')).length
  expect(once).toBe(2)
  await reconcile(town.house.ports)
  await reconcile(town.house.ports)
  expect(asked.filter((key) => key.includes('part-'))).toHaveLength(once)
})

it('one source that cannot be looked at keeps no other from being healed, and is told', async () => {
  const [[name, dataset] = []] = Object.entries(config.datasets ?? {})
  town = await openTown({
    config: { ...config, datasets: { ahead: { ...dataset, prefix: 'ahead/' }, [name ?? '']: dataset } },
    wrap: (ports) => ({
      ...ports,
      objects: {
        ...ports.objects,
        list: async (bucket, prefix, after) => {
          if (prefix === 'ahead/') throw new Unavailable('listing ahead/: 503')
          return ports.objects.list(bucket, prefix, after)
        },
      },
    }),
  })
  await upload()
  await expect(reconcile(town.house.ports)).rejects.toThrow('1 could not be looked at, the first: Unavailable: listing')
  expect(await town.lane('train/support-chats')).toMatchObject({ state: 'wanted' })
})

it('every lane is looked at, also of more than a page', async () => {
  town = await openTown()
  for (let n = 0; n < 1001; n++) {
    const lane = `serve/m-${String(n).padStart(4, '0')}`
    await town.house.ports.ledger.commit([{ put: 'lane', id: lane, revision: 0, value: emptyLane(lane) }])
  }
  expect((await everyLane(town.house.ports.ledger)).map(({ lane }) => lane).at(-1)).toBe('serve/m-1000')
})

/** A Job of our installation whose run nobody knows. */
const strayJob = (namespace: string): KubeObject<'Job'> => {
  const labels = { [label('installation')]: 'signalbox', [label('plan')]: 'nobody-g1a1' }
  return { ...taskJob('stray'), metadata: { name: 'stray', namespace, labels } }
}

it('deletes Jobs that no run knows in both namespaces of the policy', async () => {
  town = await openTown()
  const { cluster } = town.house.ports
  for (const namespace of ['training', 'serving']) await cluster.create(strayJob(namespace))
  expect(await reconcile(town.house.ports)).toMatchObject({ deleted: 2 })
  expect(await cluster.list('Job')).toEqual([])
})

it('asks for Jobs nowhere else: another product’s of the same name, in another namespace, stay', async () => {
  town = await openTown({ config: { ...config, namespaces: { training: 'training', serving: 'training' } } })
  const { cluster } = town.house.ports
  for (const namespace of ['training', 'serving']) await cluster.create(strayJob(namespace))
  const asked = vi.spyOn(cluster, 'list')
  expect(await reconcile(town.house.ports)).toMatchObject({ deleted: 1 })
  const places = asked.mock.calls.filter(([kind]) => kind === 'Job').map(([, where]) => where?.namespace)
  expect(places).toEqual(['training'])
  expect((await cluster.list('Job')).map(({ metadata }) => metadata.namespace)).toEqual(['serving'])
})
