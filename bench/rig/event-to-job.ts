import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { KubeObject } from '../../core/kube.ts'
import { uploadDataset } from '../../local/scenario.ts'
import { ms, quantiles } from '../figures.ts'
import { post, uploaded } from '../town.ts'
import { openPlace, type Place } from './place.ts'

/** How many at once, and how many events a round. */
const CELLS = [
  { width: 1, events: 40 },
  { width: 8, events: 120 },
  { width: 64, events: 256 },
]
const ROUNDS = 3

/** A closed loop of `width` senders: each sends its next when its last became a Job. Milliseconds of each, and of all. */
const load = async (width: number, names: string[], one: (name: string) => Promise<number>) => {
  const left = [...names].reverse()
  const latencies: number[] = []
  const begun = performance.now()
  const sender = async (): Promise<void> => {
    for (let name = left.pop(); name !== undefined; name = left.pop()) latencies.push(await one(name))
  }
  await Promise.all(Array.from({ length: width }, sender))
  return { latencies, perSecond: (names.length / (performance.now() - begun)) * 1000 }
}

type Job = KubeObject<'Job'>
const PATH = '/apis/batch/v1/namespaces/training/jobs'

/** The same Job under another name, without what the server adds and without the labels that would concern the product. */
const copyOf = ({ apiVersion, kind, metadata, spec }: Job, name: string): object => {
  const { selector: _selector, template, ...rest } = spec ?? {}
  return {
    apiVersion,
    kind,
    metadata: { name, annotations: metadata.annotations },
    spec: { ...rest, template: { spec: template?.spec } },
  }
}

/** A handler that makes of each event the same Job, by a keep-alive POST, and does nothing else. */
const openFloor = async ({ requests }: Place, job: Job) => {
  const handler = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const { name } = JSON.parse(Buffer.concat(chunks).toString()) as { name: string }
    const { status } = await requests.send({ method: 'POST', path: PATH, body: copyOf(job, name) })
    response.writeHead(status).end('{}')
  })
  await new Promise<void>((resolve) => handler.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(handler.address() as AddressInfo).port}`
  return { url, close: () => new Promise<void>((resolve) => void handler.close(() => resolve())) }
}

/**
 * Event accepted → Job exists on a real API server (a watch sees it): the whole product through its HTTP door, beside a
 * handler that only POSTs, interleaved.
 */
export const eventToRealJob = async (): Promise<string[]> => {
  const total = 1 + ROUNDS * CELLS.reduce((sum, { events }) => sum + events, 0)
  const place = await openPlace(total)
  const { house, server, seen } = place
  let next = 0
  const ours = async (name: string): Promise<number> => {
    const begun = performance.now()
    const job = seen(`pipeline/${name}`)
    await post(`${server.url}/events`, uploaded(name))
    return (await job) - begun
  }
  const take = async (count: number): Promise<string[]> => {
    const names = Array.from({ length: count }, () => `d-${next++}`)
    for (const name of names) await uploadDataset(house, { bucket: 'acme-datasets', folder: `${name}/`, rows: ['{}'] })
    return names
  }
  for (const name of await take(1)) await ours(name)
  const [job] = await house.cluster.list('Job')
  const floor = await openFloor(place, job as Job)
  let copies = 0
  const bare = async (): Promise<number> => {
    const name = `floor-${copies++}`
    const begun = performance.now()
    const made = seen(name)
    await post(floor.url, { name })
    return (await made) - begun
  }
  const lines: string[] = []
  for (const { width, events } of CELLS) {
    const cells = { ours: [] as Awaited<ReturnType<typeof load>>[], floor: [] as Awaited<ReturnType<typeof load>>[] }
    for (let round = 0; round < ROUNDS; round++) {
      const names = await take(events)
      cells.floor.push(await load(width, names, bare))
      cells.ours.push(await load(width, names, ours))
    }
    const [a, b] = [summed(cells.ours), summed(cells.floor)]
    lines.push(
      `event → Job on a real API server, ${width} at once: p50 ${ms(a.p50)}, p99 ${ms(a.p99)}, ${a.perSecond.toFixed(0)} Jobs/s; bare POST p50 ${ms(b.p50)}, p99 ${ms(b.p99)}, ${b.perSecond.toFixed(0)} Jobs/s: ${(a.p50 / b.p50).toFixed(1)}× the time, ${((100 * a.perSecond) / b.perSecond).toFixed(0)} % of the rate`,
    )
  }
  await floor.close()
  await place.close()
  return lines
}

const summed = (rounds: Awaited<ReturnType<typeof load>>[]) => ({
  ...quantiles(rounds.flatMap(({ latencies }) => latencies)),
  perSecond: rounds.reduce((sum, { perSecond }) => sum + perSecond, 0) / rounds.length,
})
