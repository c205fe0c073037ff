import type { KubeObject } from '../core/kube.ts'
import { uploadDataset } from '../local/scenario.ts'
import { startServer } from '../local/server/server.ts'
import { ms, quantiles, timed } from './figures.ts'
import { openBench, post, uploaded } from './town.ts'

const EVENTS = 40

/** From the start of some work to the first Job that it made, in ms. */
const untilJob = async (made: number[], work: () => Promise<unknown>): Promise<number> => {
  const [begun, known] = [performance.now(), made.length]
  await work()
  return (made[known] ?? Number.NaN) - begun
}

/**
 * Event accepted → Job created: in-process and through HTTP, beside a floor that only commits one row and creates the same
 * Job, all interleaved in one run.
 */
export const eventToJob = async (): Promise<string[]> => {
  const { house, close } = await openBench(2 * EVENTS)
  const server = await startServer({ house, port: 0, version: 'bench' })
  const made: number[] = []
  await house.cluster.watch(
    {},
    ({ type, object }) => void (type === 'ADDED' && object.kind === 'Job' && made.push(performance.now())),
  )
  const [inside, through, floor]: number[][] = [[], [], []]
  let job: KubeObject | null = null
  for (let n = 0; n < EVENTS; n++) {
    for (const dataset of [`d-${2 * n}`, `d-${2 * n + 1}`])
      await uploadDataset(house, { bucket: 'acme-datasets', folder: `${dataset}/`, rows: ['{}'] })
    inside?.push(
      await untilJob(made, async () => {
        await house.deliver(uploaded(`d-${2 * n}`))
        await house.advance()
      }),
    )
    through?.push(
      await untilJob(made, async () => {
        await post(`${server.url}/events`, uploaded(`d-${2 * n + 1}`))
        await house.advance()
      }),
    )
    job ??= (await house.cluster.list('Job'))[0] ?? null
    const copy = {
      ...job,
      metadata: { ...job?.metadata, name: `floor-${n}`, uid: undefined, resourceVersion: undefined },
    } as KubeObject
    floor?.push(
      await timed(async () => {
        await house.ports.ledger.commit([
          { put: 'freeze', id: `floor-${n}`, revision: 0, value: { lane: 'x', by: 'x', at: 0, until: 0 } },
        ])
        await house.cluster.create(copy)
      }),
    )
  }
  await server.close()
  await close()
  if (made.length < 3 * EVENTS) throw new Error(`${made.length} Jobs of ${3 * EVENTS}`)
  const base = quantiles(floor ?? [])
  return (
    [
      ['in-process', inside],
      ['through HTTP', through],
      ['floor: one commit, one create', floor],
    ] as const
  ).map(([name, values]) => {
    const { p50, p99 } = quantiles(values ?? [])
    return `event accepted → Job created, ${name}: p50 ${ms(p50)}, p99 ${ms(p99)}, ${(p50 / base.p50).toFixed(1)}× the floor`
  })
}
