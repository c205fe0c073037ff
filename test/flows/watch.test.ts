import { afterEach, expect, it, vi } from 'vitest'
import type { KubeObject } from '../../core/kube.ts'
import { type Change, type Ports, Unavailable } from '../../flows/ports.ts'
import { isAnythingInFlight, watch } from '../../flows/watch.ts'
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
const wakings: Promise<void>[] = []
const begin = async () => {
  const onError = (error: unknown): void => expect.fail(String(error))
  const watching = await watch(town.house.ports, { onError, track: (waking) => wakings.push(waking) })
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

it('whoever has a run is woken when a watch begins, and nobody else; where nothing has changed, nothing is written', async () => {
  const { woken, wrap } = deaf()
  await train({ wrap })
  await town.house.ports.ledger.commit([
    { put: 'lane', id: SERVE, revision: 0, value: { ...(await town.lane(SERVE)), run: null } },
  ])
  const runs = async () => JSON.stringify((await job())?.status).includes('"ready":1')
  await town.until('its pod runs', runs)
  await begin()
  await town.advance(60_000)
  woken.length = 0
  const commit = vi.spyOn(town.house.ports.ledger, 'commit')
  await begin()
  await begin()
  expect(woken).toEqual([LANE, LANE])
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
  await begin()
  await town.until('the Job completes', completed)
  woken.length = 0
  const object = (await job()) as KubeObject
  for (let n = 0; n < 50; n++) tell({ type: 'MODIFIED', object })
  await Promise.all(wakings)
  expect(woken).toEqual([LANE])
  await town.advance(0)
  expect(await state()).toBe('done')
  tell({ type: 'DELETED', object })
  await Promise.all(wakings)
  expect(woken).toEqual([LANE, LANE])
})

it('what was just made is no news to who made it, and its first status is', async () => {
  const { woken, wrap, tell } = deaf()
  await train({ wrap })
  await begin()
  woken.length = 0
  const { status, ...made } = (await job()) as KubeObject<'Job'>
  tell({ type: 'ADDED', object: made as KubeObject })
  tell({ type: 'ADDED', object: { ...made, status: {} } as KubeObject })
  await Promise.all(wakings)
  expect(woken).toEqual([])
  tell({ type: 'ADDED', object: { ...made, status } as KubeObject })
  await Promise.all(wakings)
  tell({ type: 'DELETED', object: { ...made, status: {} } as KubeObject })
  await Promise.all(wakings)
  expect(woken).toEqual([LANE, LANE])
})

it('what carries no lane of ours wakes nobody', async () => {
  const { woken, wrap, tell } = deaf()
  town = await openTown({ wrap })
  await begin()
  tell({
    type: 'ADDED',
    object: { kind: 'Job', metadata: { name: 'x', namespace: 'training', uid: 'u' } } as KubeObject,
  })
  await Promise.all(wakings)
  expect(woken).toEqual([])
})

it('anything is in flight while a lane has a run, and not before or after', async () => {
  town = await openTown()
  const { ports } = town.house
  expect(await isAnythingInFlight(ports)).toBe(false)
  await promote(town.house, 'support-llama', await registerVersion(town.house, { model: 'support-llama' }))
  await town.until('it asks', async () => (await town.question(SERVE)) !== null)
  expect(await isAnythingInFlight(ports)).toBe(true)
  await town.answered(SERVE, 'deny')
  await town.settled(SERVE)
  expect(await isAnythingInFlight(ports)).toBe(false)
})
