import { setImmediate } from 'node:timers/promises'
import { afterEach, expect, it, vi } from 'vitest'
import type { KubeObject } from '../../core/kube.ts'
import { isAnythingInFlight } from '../../flows/lanes.ts'
import { type Change, type Ports, Unavailable } from '../../flows/ports.ts'
import { watch } from '../../flows/watch.ts'
import { CATALOGUES } from '../../functions/door.ts'
import { promote, registerVersion, uploadDataset } from '../../local/scenario.ts'
import { openTown, type Town } from '../journeys/town.ts'

const LANE = 'pipeline/support-chats'
const SERVE = 'service/support-llama'

let town: Town
afterEach(() => town.close())

/** Nothing is told while it happens, as between two watches, unless `tell` does; wakes of a watch are kept, and may be lost. */
const deaf = () => {
  const woken: string[] = []
  const wakes = { lost: false }
  let tell: (change: Change) => void = () => undefined
  const wrap = (ports: Ports): Ports => ({
    ...ports,
    cluster: new Proxy(ports.cluster, {
      get: (target, name) => {
        const member = Reflect.get(target, name) as (...values: unknown[]) => unknown
        if (name !== 'watch') return member.bind(target)
        return async (_where: unknown, onChange: (change: Change) => void) => {
          tell = onChange
          return { stop: () => undefined }
        }
      },
    }),
    queue: {
      wake: async (group, id) => {
        if (!/^(watch|began)\./.test(id)) return ports.queue.wake(group, id)
        woken.push(group)
        if (wakes.lost) throw new Unavailable('SQS does not answer')
        return ports.queue.wake(group, id)
      },
    },
  })
  return { woken, wakes, wrap, tell: (change: Change) => tell(change) }
}
const begin = async () => {
  const watching = await watch(town.house.ports, { ...CATALOGUES, onError: (error) => expect.fail(String(error)) })
  await town.advance(0)
  return watching
}
const train = async (given: Parameters<typeof openTown>[0]) => {
  town = await openTown(given)
  await uploadDataset(town.house, { bucket: 'acme-datasets', folder: 'support-chats/a/', rows: ['{"q":1}'] })
  await town.house.scanUploads()
  await town.answered(LANE)
  await town.until('its Job runs', async () => (await job())?.status !== undefined)
}
const job = async () => {
  const jobs = (await town.house.cluster.list('Job')) as KubeObject<'Job'>[]
  return jobs.find(({ metadata }) => metadata.name.endsWith('-train'))
}
const completed = async () => JSON.stringify((await job())?.status).includes('Complete')
const state = async () => (await town.run(LANE))?.steps[0]?.state

it('where lanes have written down what stands in the cluster nobody is woken when a watch begins, and nothing is written', async () => {
  const { woken, wrap } = deaf()
  await train({ wrap })
  const runs = async () => JSON.stringify((await job())?.status).includes('"ready":1')
  await town.until('its pod runs', runs)
  await begin()
  expect(woken).toEqual([LANE])
  woken.length = 0
  const commit = vi.spyOn(town.house.ports.ledger, 'commit')
  await begin()
  await begin()
  expect(woken).toEqual([])
  expect(commit).not.toHaveBeenCalled()
})

it('a Job that completes while nobody watches is noticed when the next watch begins', async () => {
  const { wakes, wrap } = deaf()
  await train({ wrap })
  await town.until('the Job completes', completed)
  expect(await state()).toBe('running')
  wakes.lost = true
  await begin()
  expect(await state()).toBe('running')
  wakes.lost = false
  await begin()
  expect(await state()).toBe('done')
})

it('changes that come together are one wake, and the last of them is never lost', async () => {
  const { woken, wrap, tell } = deaf()
  await train({ wrap })
  const watching = await begin()
  woken.length = 0
  await town.until('the Job completes', completed)
  const object = (await job()) as KubeObject
  for (let n = 0; n < 50; n++) tell({ type: 'MODIFIED', object })
  await watching.turn()
  expect(woken).toEqual([LANE])
  await town.advance(0)
  expect(await state()).toBe('done')
})

it('what was just made is no news to who made it, and its first status is', async () => {
  const { woken, wrap, tell } = deaf()
  await train({ wrap })
  const watching = await begin()
  woken.length = 0
  const { status, ...made } = (await job()) as KubeObject<'Job'>
  const metadata = { ...made.metadata, uid: 'another' }
  tell({ type: 'ADDED', object: { ...made, metadata } as KubeObject })
  tell({ type: 'ADDED', object: { ...made, metadata, status: {} } as KubeObject })
  await watching.turn()
  expect(woken).toEqual([])
  tell({ type: 'MODIFIED', object: { ...made, metadata, status } as KubeObject })
  await watching.turn()
  await town.advance(2_000)
  tell({ type: 'DELETED', object: { ...made, metadata, status: {} } as KubeObject })
  await watching.turn()
  expect(woken).toEqual([LANE, LANE])
})

it('what is held back at the end of a watch is woken at its end', async () => {
  const { woken, wrap, tell } = deaf()
  await train({ wrap })
  const watching = await begin()
  const object = (await job()) as KubeObject<'Job'>
  const ready = (n: number): KubeObject => ({ ...object, status: { ...object.status, ready: n } }) as KubeObject
  tell({ type: 'MODIFIED', object: ready(1) })
  await watching.turn()
  woken.length = 0
  tell({ type: 'MODIFIED', object: ready(0) })
  expect(await watching.turn()).toBe(town.house.clock.now() + 2_000)
  expect(woken).toEqual([])
  await watching.stop()
  expect(woken).toEqual([LANE])
})

it.each(['turn', 'stop'] as const)(
  'a wake that is under way is waited for: no %s comes before it is sent',
  async (name) => {
    const { wrap, tell } = deaf()
    await train({ wrap })
    let [isSlow, send] = [false, (): void => undefined]
    const wake = async (): Promise<void> => {
      if (isSlow)
        await new Promise<void>((resolve) => {
          send = resolve
        })
    }
    const ports = { ...town.house.ports, queue: { wake } }
    const watching = await watch(ports, { ...CATALOGUES, onError: (error) => expect.fail(String(error)) })
    isSlow = true
    const object = (await job()) as KubeObject<'Job'>
    tell({ type: 'MODIFIED', object: { ...object, status: { ...object.status, ready: 7 } } as KubeObject })
    await setImmediate()
    let over = false
    const ending = watching[name]().then(() => {
      over = true
    })
    await setImmediate()
    expect(over).toBe(false)
    send()
    await ending
  },
)

it('a change of fields that nobody reads wakes nobody', async () => {
  const { woken, wrap, tell } = deaf()
  await train({ wrap })
  const watching = await begin()
  woken.length = 0
  const object = (await job()) as KubeObject<'Job'>
  for (const resourceVersion of ['1', '2'])
    tell({ type: 'MODIFIED', object: { ...object, metadata: { ...object.metadata, resourceVersion } } as KubeObject })
  await watching.turn()
  expect(woken).toEqual([])
})

/** A pod of ours, as the cluster tells of it. */
const podOf = (object: KubeObject, over: { namespace?: string; uid?: string; owner?: string } = {}): KubeObject => {
  const { namespace = object.metadata.namespace, uid = 'p', owner = object.metadata.uid ?? '' } = over
  const ownerReferences = [
    { apiVersion: 'batch/v1', kind: 'Job', name: object.metadata.name, uid: owner, controller: true },
  ]
  const metadata = { name: 'x', namespace, uid, resourceVersion: '1', ownerReferences, labels: object.metadata.labels }
  return { apiVersion: 'v1', kind: 'Pod', metadata } as KubeObject
}

it('a lane is woken by what it made alone, whatever labels say', async () => {
  const { woken, wrap, tell } = deaf()
  await train({ wrap })
  const watching = await begin()
  woken.length = 0
  const object = (await job()) as KubeObject
  const { labels, namespace } = object.metadata
  const spoofed = { name: 'x', namespace, uid: 'u', labels }
  tell({ type: 'MODIFIED', object: { kind: 'Job', metadata: spoofed } as KubeObject })
  tell({ type: 'MODIFIED', object: { kind: 'Pod', metadata: { ...spoofed, uid: 'v' } } as KubeObject })
  // Named after a lane that nobody has.
  const stranger = { ...spoofed, name: 'pipeline-other-01234567-g1a1-train', uid: 'w' }
  tell({ type: 'MODIFIED', object: { kind: 'Job', metadata: stranger } as KubeObject })
  tell({ type: 'MODIFIED', object: podOf(object, { namespace: 'elsewhere', owner: 'another' }) })
  await watching.turn()
  expect(woken).toEqual([])
  await town.advance(2_000)
  tell({ type: 'MODIFIED', object: podOf(object, { uid: 'q' }) })
  await watching.turn()
  expect(woken).toEqual([LANE])
})

it('what somebody else named like ours beside it loses no change of ours', async () => {
  const { woken, wrap, tell } = deaf()
  await train({ wrap })
  const watching = await begin()
  woken.length = 0
  const object = (await job()) as KubeObject
  tell({ type: 'MODIFIED', object: podOf(object, { uid: 'q' }) })
  tell({ type: 'MODIFIED', object: podOf(object, { uid: 'r', owner: 'another', namespace: 'elsewhere' }) })
  await watching.turn()
  expect(woken).toEqual([LANE])
})

it('replicas that flap wake nobody while the run waits for a person', async () => {
  const { woken, wrap, tell } = deaf()
  town = await openTown({ wrap })
  await promote(town.house, 'support-llama', await registerVersion(town.house, { model: 'support-llama' }))
  await town.until('it asks', async () => (await town.question(SERVE)) !== null)
  const watching = await begin()
  const { name } = await town.lane(SERVE)
  const deployment = (ready: number): KubeObject =>
    ({
      kind: 'Deployment',
      metadata: { name: `${name}-g1`, namespace: 'serving', uid: 'd' },
      status: { readyReplicas: ready },
    }) as KubeObject
  for (let n = 0; n < 20; n++) {
    tell({ type: 'MODIFIED', object: deployment(n % 2) })
    await town.advance(1_000)
    await watching.turn()
  }
  expect(woken).toEqual([])
})

it('only our namespaces are watched', async () => {
  const asked: unknown[] = []
  town = await openTown({
    wrap: (ports) => {
      const seen = new Proxy(ports.cluster, {
        get: (target, name) => {
          const member = Reflect.get(target, name) as (...values: unknown[]) => unknown
          return (...values: unknown[]) => {
            if (name === 'watch') asked.push(values[0])
            return member.apply(target, values)
          }
        },
      })
      return { ...ports, cluster: seen }
    },
  })
  expect(asked).toEqual([{ namespaces: ['training', 'serving'] }])
})

it('anything is in flight while a lane has a run, and not before or after', async () => {
  town = await openTown()
  const { ports } = town.house
  expect(await isAnythingInFlight(ports.ledger)).toBe(false)
  await promote(town.house, 'support-llama', await registerVersion(town.house, { model: 'support-llama' }))
  await town.until('it asks', async () => (await town.question(SERVE)) !== null)
  expect(await isAnythingInFlight(ports.ledger)).toBe(true)
  await town.answered(SERVE, 'deny')
  await town.settled(SERVE)
  expect(await isAnythingInFlight(ports.ledger)).toBe(false)
})
