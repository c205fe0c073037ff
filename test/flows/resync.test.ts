import { afterEach, describe, expect, it, vi } from 'vitest'
import type { KubeObject } from '../../core/kube.ts'
import { emptyDocument, type LaneDocument, type Mark, type Run } from '../../core/lane/document.ts'
import { lineSum } from '../../core/lane/room.ts'
import { label } from '../../core/names.ts'
import { reactions } from '../../core/reactions/catalogue.ts'
import { lineId } from '../../core/rows.ts'
import { everyLane } from '../../flows/lanes.ts'
import { type Ports, Unavailable } from '../../flows/ports.ts'
import { resync as resyncWith } from '../../flows/resync.ts'
import { readRow } from '../../flows/rows.ts'
import { AT_ONCE } from '../../flows/waking.ts'
import type { SimulatedCluster } from '../../local/cluster/simulated-cluster.ts'
import { uploadDataset } from '../../local/scenario.ts'
import config from '../example.ts'
import { MINUTE, MODEL, SERVE, served } from '../journeys/scenes.ts'
import { openTown, type Town } from '../journeys/town.ts'
import { taskJob } from '../local/cluster/world-fixture.ts'
import { piped } from '../variants.ts'

const [LANE, POOL] = ['pipeline/support-chats', 'pool/gpu-train']
let town: Town
afterEach(() => town.close())

const resync = () => resyncWith(town.house.ports, reactions)
/** Everybody who was woken has looked. */
const looked = () => town.advance(0)

const upload = () =>
  uploadDataset(town.house, { bucket: 'acme-datasets', folder: 'support-chats/z/', rows: ['{"q":1}', '{"q":2}'] })

/** Somebody else's, of half a node that serves. */
const foreignPod = (n: number): KubeObject => {
  const limits = { 'nvidia.com/gpu': '4' }
  const containers = [{ name: 'other', image: 'other', resources: { limits, requests: limits } }]
  const tolerations = [{ key: 'nvidia.com/gpu', operator: 'Exists' }]
  const spec = { nodeSelector: { 'karpenter.sh/nodepool': 'gpu-serve' }, tolerations, containers }
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name: `other-${n}`, namespace: 'training' }, spec } as KubeObject
}

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
  expect(await resync()).toMatchObject({ letters: 1 })
  await looked()
  expect(await town.lane(LANE)).toMatchObject({ state: 'wanted', generation: 1 })
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
  await resync()
  expect([pages.length, pages.at(-1)]).toEqual([100, 'support-chats/0098'])
  await resync()
  expect([pages.length, pages.at(-1)]).toEqual([151, 'support-chats/0149'])
  await resync()
  expect(pages[151]).toBeNull()
})

it('many prefixes that never end share the pages of one time, and each of them goes on', async () => {
  const head = { size: 1, versionId: null, lastModified: 1, etag: 'e', sha256: null }
  const asked: string[] = []
  const names = Array.from({ length: 40 }, (_, n) => `p${n}`)
  town = await openTown({
    config: { ...config, pipelines: Object.fromEntries(names.map((name) => [name, piped({ prefix: `${name}/` })])) },
    wrap: (ports) => ({
      ...ports,
      objects: {
        ...ports.objects,
        list: async (_bucket, prefix, after) => {
          asked.push(prefix)
          return [{ key: `${after ?? prefix}x`, head }]
        },
      },
    }),
  })
  await resync()
  expect(asked.length).toBeLessThanOrEqual(500)
  expect(new Set(asked).size).toBe(40)
})

it.each(['act', 'shadow'] as const)('asks about objects once, not whenever it looks (%s)', async (mode) => {
  const { asked, wrap } = counting()
  town = await openTown({ config: { ...config, pipelines: { 'support-chats': piped({ mode }) } }, wrap })
  await upload()
  await resync()
  await looked()
  const once = asked.filter((key) => key.includes('part-')).length
  expect(once).toBe(2)
  await town.advance(3_600_000)
  expect(await resync()).toMatchObject({ letters: 0 })
  expect(asked.filter((key) => key.includes('part-'))).toHaveLength(once)
})

it('one source that cannot be looked at keeps no other from being healed, and is told', async () => {
  town = await openTown({
    config: { ...config, pipelines: { ahead: piped({ prefix: 'ahead/' }), 'support-chats': piped() } },
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
  await expect(resync()).rejects.toThrow('1 could not be asked, the first: Unavailable: listing')
  await looked()
  expect(await town.lane(LANE)).toMatchObject({ state: 'wanted' })
})

it('every lane is looked at, also of more than a page', async () => {
  town = await openTown()
  for (let n = 0; n < 1001; n++) {
    const lane = `service/m-${String(n).padStart(4, '0')}`
    await town.house.ports.ledger.commit([
      { put: 'lane', id: lane, revision: 0, value: emptyDocument(town.policy, lane) },
    ])
  }
  expect((await everyLane(town.house.ports.ledger)).map(({ lane }) => lane).at(-1)).toBe('service/m-1000')
})

/** A Job with our labels that no lane wrote down. */
const strayJob = (namespace: string): KubeObject<'Job'> => {
  const labels = { [label('installation')]: 'signalbox', [label('plan')]: 'nobody-g1a1' }
  return { ...taskJob('stray'), metadata: { name: 'stray', namespace, labels } }
}

it('a Job that no lane wrote down is left alone, whatever its labels say; none is looked for by them or in other namespaces', async () => {
  town = await openTown()
  const { cluster } = town.house.ports
  for (const namespace of ['training', 'serving']) await cluster.create(strayJob(namespace))
  const asked = vi.spyOn(cluster, 'list')
  await resync()
  await town.advance(3_600_000)
  const asking = asked.mock.calls.filter(([kind]) => kind === 'Job').map(([, where]) => where)
  expect(new Set(asking.map((where) => where?.namespace))).toEqual(new Set(['training', 'serving']))
  expect(asking.every((where) => where?.labels === undefined)).toBe(true)
  expect((await cluster.list('Job')).map(({ metadata }) => metadata.namespace).sort()).toEqual(['serving', 'training'])
})

describe('compared with what the cluster runs', () => {
  const trained = async () => {
    town = await openTown()
    await upload()
    await resync()
    await town.answered(LANE)
    await town.until('its Job runs', async () => (await town.house.cluster.list('Job')).length === 1)
  }
  /** What the ledger was asked to write meanwhile. */
  const written = async (work: () => Promise<unknown>): Promise<unknown[]> => {
    const commit = vi.spyOn(town.house.ports.ledger, 'commit')
    await work()
    const { calls } = commit.mock
    commit.mockRestore()
    return calls
  }

  it('where all agree nothing is written and nobody is woken', async () => {
    await trained()
    expect(await written(async () => expect(await resync()).toMatchObject({ letters: 0, woken: 0 }))).toEqual([])
    await town.settled(LANE)
    await looked()
    expect(await written(async () => expect(await resync()).toMatchObject({ letters: 0, woken: 0 }))).toEqual([])
  })

  it.each(['refused where others fill the pool', 'retired, with a ReplicaSet that nobody owns'])(
    'nor of a service that is %s: its own pods are no others’',
    async (which) => {
      const { [MODEL]: service, ...services } = config.services ?? {}
      town = await openTown()
      await served(town)
      if (which.startsWith('refused')) {
        // Those of a class below that of servers take nothing from these while they wait.
        await town.house.cluster.create({
          ...{ apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name: 'above' } },
          value: 1_000_000,
        } as KubeObject)
        for (const n of [1, 2]) {
          const { spec, ...pod } = foreignPod(n) as KubeObject<'Pod'>
          await town.house.cluster.create({ ...pod, spec: { ...spec, priorityClassName: 'above' } } as KubeObject)
        }
        town.setPolicy({ ...config, services: { ...services, [MODEL]: { ...service, replicas: 3 } as never } })
      } else {
        const [one] = await town.house.cluster.list('Deployment', { namespace: 'serving' })
        const { name = '' } = one?.metadata ?? {}
        await (town.house.cluster as SimulatedCluster).orphan({ kind: 'Deployment', namespace: 'serving', name })
        town.setPolicy({ ...config, services })
      }
      await town.until('refused', async () => (await town.lane(SERVE)).state === 'refused', 1)
      // What came of its refusal is folded by then.
      await town.advance(20 * MINUTE)
      expect(await written(async () => expect(await resync()).toMatchObject({ letters: 0, woken: 0 }))).toEqual([])
      await looked()
      expect((await town.lane(SERVE)).state).toBe('refused')
    },
  )

  it('a Job that has ended, or gone, wakes its lane though nobody saw it end', async () => {
    await trained()
    const [job] = await town.house.cluster.list('Job')
    const get = vi.spyOn(town.house.ports.cluster, 'get').mockResolvedValue(null)
    expect(await resync()).toMatchObject({ woken: 1 })
    const complete = { ...job, status: { conditions: [{ type: 'Complete', status: 'True' }] } } as unknown as KubeObject
    get.mockResolvedValue(complete)
    expect(await resync()).toMatchObject({ woken: 1 })
    get.mockRestore()
    expect(await resync()).toMatchObject({ woken: 0 })
  })

  /** Lanes beside it, whose runs wait for what `change` makes of its step, looked at longer ago. */
  const beside = async (count: number, change: (mark: Mark) => Mark) => {
    const { ledger } = town.house.ports
    const doc = (await readRow(ledger, 'lane', LANE))?.value as LaneDocument
    const run = doc.run as Run
    const steps = run.steps.map((mark) => (mark.state === 'running' ? change(mark) : mark))
    for (let n = 0; n < count; n++) {
      const lane = `pipeline/beside-${n}`
      const value = {
        ...doc,
        lane,
        name: `b-${n}`,
        run: { ...run, steps, hold: null },
        writtenAt: 1,
        due: null,
        rest: null,
      }
      await ledger.commit([{ put: 'lane', id: lane, revision: 0, value }])
    }
  }
  /** Whom it wakes, in order, through a queue that answers so; and what it counts. */
  const wakes = async (send: () => Promise<void> = async () => undefined) => {
    const woken: string[] = []
    const wake = async (group: string): Promise<void> => {
      woken.push(group)
      await send()
    }
    const all = await resyncWith({ ...town.house.ports, queue: { wake } }, reactions)
    return { woken, all }
  }
  const gone = (mark: Mark): Mark => ({ ...mark, made: mark.made && { ...mark.made, uid: 'another' } })

  it('of whom only its lane can tell whether it moved is woken last, and not counted: it takes nobody a wake whose Job has ended', async () => {
    await trained()
    await beside(AT_ONCE + 5, (mark) => ({ ...mark, kind: 'roll-out-model', made: null }))
    const get = vi.spyOn(town.house.ports.cluster, 'get').mockResolvedValue(null)
    const { woken, all } = await wakes()
    get.mockRestore()
    expect([woken[0], woken.length, all.woken]).toEqual([LANE, AT_ONCE, 1])
  })

  it('no more are counted than were woken', async () => {
    await trained()
    await beside(AT_ONCE + 5, gone)
    expect((await wakes()).all).toMatchObject({ woken: AT_ONCE })
    expect((await wakes(() => Promise.reject(new Unavailable('SQS')))).all).toMatchObject({ woken: 0 })
  })

  it('a pool with a line that is not due is woken, however many lanes have moved', async () => {
    await trained()
    await beside(AT_ONCE + 5, gone)
    const { ledger } = town.house.ports
    const value = { lane: LANE, place: '9', since: 1, rooms: [POOL], needs: { [POOL]: 8 }, until: null }
    const run = { ...((await readRow(ledger, 'lane', LANE))?.value.run as Run), line: value }
    const waits = {
      ...((await readRow(ledger, 'lane', LANE))?.value as LaneDocument),
      lane: 'pipeline/waits',
      run,
      due: null,
    }
    await ledger.commit([
      { put: 'lane', id: waits.lane, revision: 0, value: waits },
      { put: 'line', id: lineId(POOL, '9'), revision: 0, value: { ...value, lane: waits.lane } },
      { add: lineSum(POOL), by: 1, atMost: null, atLeast: null },
    ])
    expect((await wakes()).woken[0]).toBe(POOL)
  })
})
