import { randomBytes } from 'node:crypto'
import { expect, it } from 'vitest'
import { type KubeObject, QUEUE_LABEL } from '../../../core/kube.ts'
import { type Config, parsePolicy } from '../../../core/policy.ts'
import { uploadDataset } from '../../../local/scenario.ts'
import { openRealTown, ownConfig, type RealTown } from '../real-town.ts'

const LANE = 'pipeline/support-chats'

/** A policy whose training pool Kueue owns. */
const queuedPolicy = () => {
  const config = ownConfig(`kueue-${randomBytes(4).toString('hex')}`) as unknown as Config
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
