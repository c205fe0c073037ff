import type { KubeObject } from '../../core/kube.ts'
import type { Seen } from '../../core/lane/letters.ts'
import { holdingOf, lineSum } from '../../core/lane/room.ts'
import { everyRow, readRow } from '../../flows/rows.ts'
import type { VirtualClock } from '../../local/clock.ts'
import { promote, registerVersion, type Simulation, uploadDataset } from '../../local/scenario.ts'
import { ANA, type Town } from './town.ts'

/** What people do in these journeys, in a line each. */
export const TRAIN = 'pipeline/support-chats'
export const MODEL = 'support-llama'
export const SERVE = `service/${MODEL}`
export const SLOW: Simulation = { metrics: { health: 1, p95_ms: 9000, error_rate: 0 } }
export const [MINUTE, HOUR, DAY] = [60_000, 3_600_000, 86_400_000]

export const clockOf = ({ house }: Town): VirtualClock => house.clock as VirtualClock

export const upload = async (
  { house }: Town,
  day = 'a',
  more: Partial<Parameters<typeof uploadDataset>[1]> = {},
): Promise<void> => {
  await uploadDataset(house, { bucket: 'acme-datasets', folder: `support-chats/${day}/`, rows: [`"${day}"`], ...more })
  await house.scanUploads()
}

/** Uploads, approves, and waits until the step is in this state. */
export const trainedUntil = async (
  town: Town,
  step: string,
  state: 'running' | 'done',
  more: Parameters<typeof upload>[2] = {},
): Promise<void> => {
  await upload(town, 'a', more)
  await town.answered(TRAIN)
  await town.until(`${step} is ${state}`, stepIs(town, TRAIN, step, state))
}

export const stepIs = (town: Town, lane: string, name: string, state: string) => async (): Promise<boolean> =>
  (await town.lane(lane)).run?.steps.some((step) => step.name === name && step.state === state && step.touched) === true

/** Serves a new version, gate and all. */
export const served = async (town: Town, simulation?: Simulation): Promise<string> => {
  const version = await registerVersion(town.house, { model: MODEL, simulation })
  await promote(town.house, MODEL, version)
  await town.answered(SERVE)
  await town.settled(SERVE)
  return version
}

export const say = (
  town: Town,
  kind: 'cancel' | 'retry',
  more: { from?: string; wanted?: boolean; lane?: string; saw?: Seen } = {},
) => town.house.command({ kind, lane: TRAIN, by: ANA, ...more })

export const jobsOf = async ({ house }: Town): Promise<KubeObject<'Job'>[]> =>
  (await house.cluster.list('Job')) as KubeObject<'Job'>[]

/** Names of every Job that was ever made, once for each uid. */
export const everyJob = async ({ house }: Town): Promise<() => string[]> => {
  const seen = new Map<string, string>()
  await house.cluster.watch({}, ({ object }) => {
    if (object.kind === 'Job')
      seen.set(object.metadata.uid ?? '', object.metadata.name.replace(/^.*-(g\d+a\d+-)/, '$1'))
  })
  return () => [...seen.values()].sort()
}

export const versionsOf = async ({ house }: Town): Promise<string[]> => {
  const { body } = await house.registry.rest('GET', 'model-versions/search', { filter: `name='${MODEL}'` })
  return ((body['model_versions'] ?? []) as { source: string }[]).map(({ source }) => source)
}

/** How often the end of each plan was published. */
export const finishedOf = ({ house }: Town): unknown[] =>
  house.bus
    .published(200)
    .filter((event) => event['detail-type'] === 'Plan Finished')
    .map(({ detail }) => (detail as { plan?: unknown }).plan)

/** Moments of a lane, the oldest first. */
export const timeline = async ({ house }: Town, lane = TRAIN) =>
  (await house.ports.ledger.moments(lane, { limit: 500 })).toReversed()

/** Replicas of each generation that has any. */
export const replicasOf = async ({ house }: Town): Promise<Record<string, number>> => {
  const deployments = (await house.cluster.list('Deployment')) as KubeObject<'Deployment'>[]
  return Object.fromEntries(
    deployments
      .filter(({ spec }) => (spec?.replicas ?? 0) > 0)
      .map(({ metadata, spec }) => [String(metadata.labels?.['signalbox.dev/generation']), spec?.replicas ?? 0]),
  )
}

const ROOMS = ['pool/gpu-train', 'pool/gpu-serve', 'budget/ml-monthly']

/** What does not hold together in the ledger: a hold without its run, a sum that is not its holds', a line with nobody in it. */
export const looseEnds = async (
  town: Pick<Town, 'house' | 'lane' | 'held'>,
  rooms: readonly string[] = ROOMS,
): Promise<string[]> => {
  const { ledger } = town.house.ports
  const loose: string[] = []
  for (const room of rooms) {
    const { lanes, sum } = await town.held(room)
    const all = Object.values(lanes).reduce((a, b) => a + b, 0)
    if (all !== sum) loose.push(`${room}: its holds are ${all} and its sum is ${sum}`)
    for (const [lane, amount] of Object.entries(lanes)) {
      const own = holdingOf(await town.lane(lane))[room]
      if (own !== amount) loose.push(`${room}: ${lane} holds ${amount}, and its document says ${own}`)
    }
    const line = await everyRow(ledger, 'line', `${room}#`)
    for (const { value } of line)
      if ((await town.lane(value.lane)).run?.line?.place !== value.place)
        loose.push(`${room}: ${value.lane} stands in its line`)
    const count = (await readRow(ledger, 'sum', lineSum(room)))?.value.n ?? 0
    if (count !== line.length) loose.push(`${room}: ${line.length} stand in its line, and ${count} are counted`)
  }
  for (const lane of await ledger.lanes()) {
    const { run, due, outcome, desired } = await town.lane(lane)
    if (run !== null && due === null) loose.push(`${lane}: its run is not due`)
    if (run === null && outcome === null && desired !== null && due === null)
      loose.push(`${lane}: wanted, and never due`)
  }
  return loose
}

/** Somebody's pod takes a whole node of the pool that is trained in. */
export const fillPool = async ({ house }: Town, gpus = '8'): Promise<void> => {
  const limits = { 'nvidia.com/gpu': gpus }
  const containers = [{ name: 'other', image: 'other', resources: { limits, requests: limits } }]
  const tolerations = [{ key: 'nvidia.com/gpu', operator: 'Exists' }]
  const spec = { nodeSelector: { 'karpenter.sh/nodepool': 'gpu-train' }, tolerations, containers }
  const metadata = { name: 'other', namespace: 'training' }
  await house.cluster.create({ apiVersion: 'v1', kind: 'Pod', metadata, spec } as KubeObject)
}

/** What has filled it is gone again. */
export const emptyPool = async ({ house: { cluster } }: Town): Promise<void> => {
  const [other] = (await cluster.list('Pod')).filter(({ metadata }) => metadata.name === 'other')
  await cluster.delete({ kind: 'Pod', namespace: 'training', name: 'other' }, other?.metadata.uid ?? '')
}

/** Jobs that are deleted stay, held by somebody's finalizer, until what is answered is called. */
export const holdDeletions = ({ house: { cluster } }: Town, finalizer: string): (() => void) => {
  const { get, delete: remove } = cluster
  const asked = new Map<string, () => Promise<unknown>>()
  cluster.delete = async (ref, uid) => {
    if (ref.kind !== 'Job') return remove.call(cluster, ref, uid)
    asked.set(ref.name, () => remove.call(cluster, ref, uid))
    return 'deleted'
  }
  cluster.get = async (ref) => {
    const found = await get.call(cluster, ref)
    if (found === null || !asked.has(ref.name)) return found
    const metadata = { ...found.metadata, deletionTimestamp: '2026-11-23T12:00:00Z', finalizers: [finalizer] }
    return { ...found, metadata } as unknown as KubeObject
  }
  return () => {
    Object.assign(cluster, { get, delete: remove })
    for (const go of asked.values()) void go()
  }
}
