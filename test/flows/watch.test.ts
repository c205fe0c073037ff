import { afterEach, expect, it } from 'vitest'
import type { KubeObject } from '../../core/kube.ts'
import { type Ports, Unavailable } from '../../flows/ports.ts'
import { watch } from '../../flows/watch.ts'
import { uploadDataset } from '../../local/scenario.ts'
import { openTown, type Town } from '../journeys/town.ts'

const LANE = 'train/support-chats'

let town: Town
afterEach(() => town.close())

/** Nothing is told while it happens, as between two watches; bells are counted, and do not ring while they are throttled. */
const deaf = () => {
  const rung: string[] = []
  const bells = { throttled: false }
  const wrap = (ports: Ports): Ports => ({
    ...ports,
    cluster: new Proxy(ports.cluster, {
      get: (target, name) => {
        const member = Reflect.get(target, name) as (...values: unknown[]) => unknown
        return name === 'watch' ? async () => ({ stop: () => undefined }) : member.bind(target)
      },
    }),
    workflow: {
      ...ports.workflow,
      ring: async (bell) => {
        rung.push(bell)
        if (bells.throttled) throw new Unavailable('ringing a bell: TooManyRequestsException')
        return ports.workflow.ring(bell)
      },
    },
  })
  return { rung, bells, wrap }
}
const begin = async (onError = (error: unknown): void => expect.fail(String(error))) =>
  (await watch(town.house.ports, { onError })).stop()
const job = async () => {
  const jobs = (await town.house.cluster.list('Job')) as KubeObject<'Job'>[]
  return jobs.find(({ metadata }) => metadata.name.endsWith('-train'))
}

it('a Job that completes while nobody watches is noticed when the next watch begins, and only then is anybody rung', async () => {
  const { rung, bells, wrap } = deaf()
  town = await openTown({ wrap })
  await uploadDataset(town.house, { bucket: 'acme-datasets', folder: 'support-chats/a/', rows: ['{"q":1}'] })
  await town.house.scanUploads()
  await town.answered(LANE)
  await town.until('its Job runs', async () => (await job())?.status !== undefined)
  await begin()
  const before = rung.length
  await begin()
  await begin()
  expect(rung).toHaveLength(before)

  const completed = async () => JSON.stringify((await job())?.status).includes('Complete')
  await town.until('the Job completes', completed)
  const after = rung.length
  bells.throttled = true
  const errors: unknown[] = []
  await begin((error) => errors.push(error))
  expect(errors).toHaveLength(1)
  bells.throttled = false
  await begin()
  expect(rung.length).toBe(after + 2)
})
