import { setTimeout as pause } from 'node:timers/promises'
import { label, laneLabel } from '../../core/names.ts'
import { objectPath } from '../../effects/cluster/paths.ts'
import type { LocalHouse } from '../../local/house.ts'
import { uploadDataset } from '../../local/scenario.ts'
import { ms, quantiles } from '../figures.ts'
import { post, uploaded } from '../town.ts'
import { openPlace } from './place.ts'

/** Plans that are carried out one by one while so many Jobs are in flight. */
const MEASURED = 20
const FLIGHTS = [10, 1000]

/**
 * With so many Jobs in flight: requests that one plan costs from its event to its evaluation's Job, and how soon the
 * workflow goes on after a Job's condition changed. The cluster is only an API server, so conditions are written by hand.
 */
export const inFlight = async (): Promise<string[]> => {
  const lines: string[] = []
  for (const flight of FLIGHTS) lines.push(...(await withJobs(flight)))
  return lines
}

const withJobs = async (flight: number): Promise<string[]> => {
  const place = await openPlace(flight + MEASURED)
  const { house, server, seen, requests } = place
  const begin = async (name: string): Promise<void> => {
    await uploadDataset(house, { bucket: 'acme-datasets', folder: `${name}/`, rows: ['{}'] })
    const job = seen(laneOf(name))
    await post(`${server.url}/events`, uploaded(name))
    await job
  }
  const names = Array.from({ length: flight }, (_, index) => `d-${index}`)
  while (names.length > 0) await Promise.all(names.splice(0, 32).map(begin))
  await settle(place)
  const complete = async (name: string): Promise<number> => {
    const job = (await house.cluster.list('Job', { labels: { [label('lane')]: laneLabel(laneOf(name)) } }))[0]
    if (job === undefined) throw new Error(`no Job of ${name}`)
    const next = seen(laneOf(name), 2)
    await writeResult(house, job.metadata.name)
    const { status, body } = await requests.send({
      method: 'PATCH',
      path: `${objectPath({ kind: 'Job', namespace: 'training', name: job.metadata.name })}/status`,
      type: 'application/merge-patch+json',
      body: { status: completeStatus() },
    })
    const begun = performance.now()
    if (status !== 200) throw new Error(JSON.stringify(body))
    return (await next) - begun
  }
  const waits: number[] = []
  const before = place.counted().requests
  for (let n = 0; n < MEASURED; n++) {
    const name = `d-${flight + n}`
    await begin(name)
    await pause(50)
    waits.push(await complete(name))
  }
  await settle(place)
  // Of these, one list and one patch are the measurement's own.
  const perPlan = (place.counted().requests - before) / MEASURED - 2
  const { p50, p99 } = quantiles(waits)
  const idle = place.counted().requests
  await pause(5000)
  const polls = place.counted().requests - idle
  await place.close()
  return [
    `${flight} Jobs in flight: ${perPlan.toFixed(1)} API requests a plan from its event to its second Job; Job complete → next Job p50 ${ms(p50)}, p99 ${ms(p99)}; ${polls} requests in 5 idle seconds`,
  ]
}

/** What the training's container would have left. */
const writeResult = async (house: LocalHouse, job: string): Promise<void> => {
  const { results } = await house.ports.policies.load()
  const at = `${results.prefix}${job}-bench/`
  const result = { object: job, metrics: {}, artifacts: { model: `s3://${results.bucket}/${at}model/` } }
  await house.objects.write(results.bucket, `${at}model/weights`, Buffer.from(job))
  await house.objects.write(results.bucket, `${at}result.json`, Buffer.from(JSON.stringify(result)))
}

/** Until the product asks nothing more. */
const settle = async ({ counted }: Awaited<ReturnType<typeof openPlace>>): Promise<void> => {
  for (let last = -1; last !== counted().requests; await pause(300)) last = counted().requests
}

const laneOf = (name: string): string => `pipeline/${name}`

/** As the Job controller of 1.36 writes it; the server refuses a `Complete` without what leads to it. */
const completeStatus = (): object => {
  const at = new Date().toISOString().replace(/\.\d+Z/, 'Z')
  const condition = (type: string) => ({ type, status: 'True', lastProbeTime: at, lastTransitionTime: at })
  return {
    startTime: at,
    completionTime: at,
    succeeded: 1,
    conditions: [condition('SuccessCriteriaMet'), condition('Complete')],
  }
}
