import { expect, it } from 'vitest'
import type { KubeObject } from '../../../core/kube.ts'
import { label } from '../../../core/names.ts'
import { type Simulation, uploadDataset } from '../../../local/scenario.ts'
import { stagesOf } from '../../variants.ts'
import { openRealTown, type RealTown } from '../real-town.ts'

const LANE = 'pipeline/support-chats'

const upload = ({ house }: RealTown, simulation: Simulation = {}): Promise<string> =>
  uploadDataset(house, { bucket: 'acme-datasets', folder: 'support-chats/one/', rows: ['{"a":1}'], simulation })
const jobsOf = async ({ house, policy }: RealTown): Promise<KubeObject<'Job'>[]> =>
  (await house.ports.cluster.list('Job', { namespace: policy.namespaces.training })) as KubeObject<'Job'>[]

it('a dataset becomes a Job, Karpenter brings its node, it completes, is evaluated and registered', async () => {
  const town = await openRealTown()
  await upload(town)
  await town.answered(LANE)
  const lane = await town.settled(LANE)
  expect(lane.outcome).toMatchObject({ kind: 'succeeded', generation: 1, attempt: 1 })
  expect((await jobsOf(town)).map(({ status }) => status?.succeeded)).toEqual([1, 1])
  const pipeline = town.policy.pipelines['support-chats']!
  const { pool } = stagesOf(pipeline).train
  const nodes = await town.house.ports.cluster.list('Node', { labels: { 'karpenter.sh/nodepool': pool } })
  expect(nodes).toHaveLength(1)
  expect(nodes[0]?.metadata.labels).toMatchObject({ 'node.kubernetes.io/instance-type': 'p5.48xlarge' })
  const run = await town.run(LANE)
  expect(run?.outcome).toMatchObject({ kind: 'succeeded' })
  expect(run?.steps.map(({ name, state }) => `${name} ${state}`)).toEqual([
    'train done',
    'evaluate done',
    'judge-evaluate done',
    'register done',
    'notify done',
  ])
  expect(
    await town.house.ports.registry.findByTag(pipeline.register?.model ?? '', label('dataset'), 'support-chats'),
  ).toMatchObject({
    version: '1',
    source: expect.stringContaining(`${lane.name}-g1a1-train-`),
  })
  for (const room of [`pool/${pool}`, `budget/${town.policy.budget.name}`])
    expect(await town.held(room)).toEqual({ lanes: {}, sum: 0 })
  await town.close()
})

it('containers that reach no bucket leave their results as termination messages: it is evaluated and registered all the same', async () => {
  const town = await openRealTown()
  await upload(town, { message: true })
  await town.answered(LANE)
  expect((await town.settled(LANE)).outcome).toMatchObject({ kind: 'succeeded' })
  const { results, pipelines } = town.policy
  expect(await town.house.objects.list(results.bucket, results.prefix)).toEqual([])
  const { model = '' } = pipelines['support-chats']?.register ?? {}
  expect(await town.house.ports.registry.findByTag(model, label('dataset'), 'support-chats')).toMatchObject({
    source: expect.stringMatching(/-g1a1-train-[a-z0-9]{5}\/model$/),
  })
  await town.close()
})

it('what it holds while its Job runs is what the pool lends, and Kubernetes may remove the Job only once its end is stored', async () => {
  const town = await openRealTown({ minute: 400 })
  await upload(town)
  await town.answered(LANE)
  await town.until('its Job runs', async () => (await jobsOf(town)).some(({ status }) => status?.ready === 1))
  const { pool, gpus } = stagesOf(town.policy.pipelines['support-chats']!).train
  expect(await town.held(`pool/${pool}`)).toEqual({ lanes: { [LANE]: gpus }, sum: gpus })
  const saysSo = async () => (await town.lane(LANE)).rest?.text.includes('running on') === true
  await town.until('its lane has seen that', saysSo)
  const { rest, run } = await town.lane(LANE)
  expect(rest?.why).toBe('working')
  expect(run?.steps[0]?.made?.uid).toBe((await jobsOf(town))[0]?.metadata.uid)
  expect((await jobsOf(town)).map(({ spec }) => spec?.ttlSecondsAfterFinished)).toEqual([undefined])
  await town.settled(LANE)
  await town.until('both Jobs go in a day', async () =>
    (await jobsOf(town)).every(({ spec }) => spec?.ttlSecondsAfterFinished === 86_400),
  )
  await town.close()
})

it('an evaluation that is lost is done again when a person says so: nobody is asked, and the training that was paid for is kept', async () => {
  const town = await openRealTown({ minute: 400 })
  await upload(town)
  await town.answered(LANE)
  const evaluation = async () => (await jobsOf(town)).find(({ metadata }) => metadata.name.endsWith('-evaluate'))
  await town.until('it is evaluated', async () => (await evaluation())?.status?.ready === 1)
  const { name = '', namespace } = (await evaluation())?.metadata ?? {}
  const trained = (await jobsOf(town)).filter((job) => job.metadata.name !== name)
  await town.requests.send({
    method: 'DELETE',
    path: `/apis/batch/v1/namespaces/${namespace}/jobs/${name}`,
    query: { propagationPolicy: 'Background' },
  })
  expect((await town.settled(LANE)).outcome).toMatchObject({ kind: 'failed', reason: 'deleted' })
  expect(await town.house.command({ kind: 'retry', lane: LANE, by: 'ana' })).toMatchObject({ ok: true })
  expect(await town.settled(LANE)).toMatchObject({ state: 'succeeded', generation: 1, attempt: 2 })
  expect((await town.run(LANE))?.steps[0]).toMatchObject({ name: 'train', note: 'kept from attempt 1' })
  expect((await town.run(LANE))?.asked).toBe(0)
  const jobs = await jobsOf(town)
  expect(jobs.map(({ metadata }) => metadata.uid)).toContain(trained[0]?.metadata.uid)
  expect(jobs.map(({ metadata }) => metadata.name.replace(/.*-g/, 'g')).sort()).toEqual(['g1a1-train', 'g1a2-evaluate'])
  await town.close()
})
