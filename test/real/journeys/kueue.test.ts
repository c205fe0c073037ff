import { randomBytes } from 'node:crypto'
import { expect, it } from 'vitest'
import { type KubeObject, QUEUE_LABEL } from '../../../core/kube.ts'
import { SUSPENDED_BY } from '../../../core/pods/suspended.ts'
import { type Config, parsePolicy } from '../../../core/policy.ts'
import { meterDoor } from '../../../local/doors.ts'
import { uploadDataset } from '../../../local/scenario.ts'
import { BEN } from '../../journeys/town.ts'
import { installWorkloads, makeWorkload, workloadsIn } from '../kueue.ts'
import { openRealTown, ownConfig, type RealTown } from '../real-town.ts'

const LANE = 'pipeline/support-chats'

/** A policy whose training pool Kueue owns. */
const queuedPolicy = (change: (config: Config) => void = () => undefined) => {
  const config = ownConfig(`kueue-${randomBytes(4).toString('hex')}`) as unknown as Config
  change(config)
  for (const [name, pool] of Object.entries(config.pools)) if (name.endsWith('gpu-train')) pool.queue = 'gpu'
  return parsePolicy(config)
}
const jobOf = async ({ house, policy }: RealTown, step: string): Promise<KubeObject<'Job'> | undefined> => {
  const jobs = await house.ports.cluster.list('Job', { namespace: policy.namespaces.training })
  return (jobs as KubeObject<'Job'>[]).find(({ metadata }) => metadata.name.endsWith(step))
}
/** Kueue's writes by hand: it cannot be built here. */
const kueue = async ({ requests }: RealTown, job: KubeObject<'Job'> | undefined, spec: object): Promise<void> => {
  const { namespace, name } = (job as KubeObject<'Job'>).metadata
  const { status, body } = await requests.send({
    method: 'PATCH',
    path: `/apis/batch/v1/namespaces/${namespace}/jobs/${name}`,
    query: { fieldManager: 'kueue-job-controller' },
    type: 'application/merge-patch+json',
    body: { spec },
  })
  expect(status, JSON.stringify(body)).toBe(200)
}
const flavor = { template: { spec: { nodeSelector: { 'node.kubernetes.io/instance-type': 'p5.48xlarge' } } } }

it('in a pool that Kueue owns a Job waits until it is admitted, goes on when it was suspended, and holds dollars alone', async () => {
  const town = await openRealTown({ policy: queuedPolicy(), minute: 400 })
  const why = async () => (await town.house.why(LANE)).text
  const runs = async () => (await jobOf(town, '-train'))?.status?.ready === 1
  await uploadDataset(town.house, { bucket: 'acme-datasets', folder: 'support-chats/one/', rows: ['{"a":1}'] })
  await town.answered(LANE)
  await town.until('it waits for Kueue', async () => (await why()).includes('Kueue has not admitted it yet'))
  const made = await jobOf(town, '-train')
  expect(made).toMatchObject({ metadata: { labels: { [QUEUE_LABEL]: 'gpu' }, generation: 1 }, spec: { suspend: true } })
  expect(await town.held(`pool/${town.policy.pipelines['support-chats']?.stages[0]?.pool}`)).toEqual({
    lanes: {},
    sum: 0,
  })
  expect((await town.held(`budget/${town.policy.budget.name}`)).lanes).toEqual({ [LANE]: 22_383 })
  await kueue(town, made, { suspend: false, ...flavor })
  await town.until('it runs', runs)
  await kueue(town, made, { suspend: true })
  await town.until('it is suspended', async () => (await why()).includes('Kueue has suspended it'))
  await town.until('its pod is gone', async () => (await jobOf(town, '-train'))?.status?.terminating === 0)
  expect((await jobOf(town, '-train'))?.status).not.toHaveProperty('failed')
  await kueue(town, made, { suspend: false })
  await town.until('it is trained', async () => (await jobOf(town, '-evaluate')) !== undefined)
  await kueue(town, await jobOf(town, '-evaluate'), { suspend: false, ...flavor })
  expect((await town.settled(LANE)).outcome).toMatchObject({ kind: 'succeeded', generation: 1, attempt: 1 })
  expect((await jobOf(town, '-train'))?.metadata.uid).toBe(made?.metadata.uid)
  await town.close()
})

/** The first ten cents of nodes suspend the training. */
const suspends = (config: Config): void => {
  Object.assign(config.pipelines?.['support-chats']?.stages[0] ?? {}, { preemptible: true })
  config.budget = { name: 'ml-monthly', dollars: 20_000, ladder: [{ at: 0.000005, do: 'suspend-preemptible' }] }
}

it('a rung deactivates its Workload, of Kueue’s own kind, and Kueue stops it; lifted, it waits for Kueue, and goes on as the same Job', async () => {
  const town = await openRealTown({ policy: queuedPolicy(suspends), minute: 2000 })
  await installWorkloads(town.requests)
  const why = async () => (await town.house.why(LANE)).text
  const runs = async () => (await jobOf(town, '-train'))?.status?.ready === 1
  await uploadDataset(town.house, {
    ...{ bucket: 'acme-datasets', folder: 'support-chats/one/', rows: ['{"a":1}'] },
    simulation: { tasks: { 'fine-tune': { minutes: 60 } } },
  })
  await town.answered(LANE)
  await town.until('it waits for Kueue', async () => (await why()).includes('Kueue has not admitted it yet'))
  const made = (await jobOf(town, '-train')) as KubeObject<'Job'>
  const { metadata, spec } = await makeWorkload(town.requests, made)
  expect(spec?.active).toBe(true)
  const workload = async () =>
    (await town.house.ports.cluster.get({
      ...{ kind: 'Workload', namespace: metadata.namespace ?? '', name: metadata.name },
    })) as KubeObject<'Workload'>
  await kueue(town, made, { suspend: false, ...flavor })
  await town.until('it runs', runs)
  const meter = meterDoor(town.house.ports)
  const rung = { [SUSPENDED_BY]: 'ml-monthly#suspend-preemptible' }
  await town.until('its Workload is inactive', async () => {
    await meter()
    return (await workload()).spec?.active === false
  })
  for (const one of [await workload(), await jobOf(town, '-train')])
    expect(one?.metadata.annotations).toMatchObject(rung)
  // Kueue lags, and comes.
  expect((await jobOf(town, '-train'))?.spec?.suspend).toBe(false)
  await kueue(town, made, { suspend: true })
  await town.until('its pod is gone', async () => (await jobOf(town, '-train'))?.status?.terminating === 0)
  await town.until('it is said', async () => (await why()).includes('suspended by suspend-preemptible'))
  // Somebody activates it, and is named.
  const path = `${workloadsIn(metadata.namespace ?? '')}/${metadata.name}`
  const activation = {
    method: 'PATCH',
    path,
    type: 'application/merge-patch+json',
    body: { spec: { active: true } },
  } as const
  expect((await town.requests.send({ ...activation, query: { fieldManager: 'kubectl-patch' } })).status).toBe(200)
  await kueue(town, made, { suspend: false })
  await town.until('it is inactive again', async () => (await workload()).spec?.active === false)
  await town.until('who it was is said', async () => (await why()).includes('kubectl-patch has let it go'))
  await kueue(town, made, { suspend: true })
  const lift = { kind: 'lift', rung: 'suspend-preemptible', by: BEN, why: 'a demo' } as const
  expect(await town.house.command(lift)).toMatchObject({ ok: true })
  await town.answered('budget/ml-monthly')
  await town.until('its Workload is active', async () => (await workload()).spec?.active === true)
  expect((await workload()).metadata.annotations).not.toHaveProperty([SUSPENDED_BY])
  await town.until('it waits', async () => (await why()).includes('it waits in the LocalQueue gpu again'))
  await kueue(town, made, { suspend: false })
  await town.until('it runs again', runs)
  await town.until('it is trained', async () => (await jobOf(town, '-evaluate')) !== undefined, 500)
  await kueue(town, await jobOf(town, '-evaluate'), { suspend: false, ...flavor })
  expect((await town.settled(LANE, 500)).outcome).toMatchObject({ kind: 'succeeded', generation: 1, attempt: 1 })
  expect((await jobOf(town, '-train'))?.metadata.uid).toBe(made.metadata.uid)
  await town.close()
})
