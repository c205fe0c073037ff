import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { nodePoolObject } from '../../../core/bootstrap/node-pools.ts'
import { GPU, type KubeObject, refOf } from '../../../core/kube.ts'
import { jobState } from '../../../core/pods/job-state.ts'
import { objectsIn } from '../../ports/cluster-objects.ts'
import { MINUTE, openRig, type Rig, START, taskJob } from './world-fixture.ts'

const JOB_NAME = 'batch.kubernetes.io/job-name'
const serving = objectsIn('serving')

let rig: Rig
beforeEach(() => {
  rig = openRig()
})
afterEach(() => rig.close())

const launch = async (job: KubeObject<'Job'>): Promise<KubeObject<'Job'>> => {
  const answer = await rig.cluster.create(job)
  if (answer.kind !== 'created') throw new Error(JSON.stringify(answer))
  return answer.object as KubeObject<'Job'>
}
const job = async (name: string) =>
  (await rig.cluster.get({ kind: 'Job', namespace: 'training', name })) as KubeObject<'Job'> | null
const podsOf = async (name: string) =>
  (await rig.cluster.list('Pod', { labels: { [JOB_NAME]: name } })) as KubeObject<'Pod'>[]
const pool = (maxGpus: number | null) =>
  nodePoolObject({ name: 'gpu', instanceType: 'p5.48xlarge', gpusPerNode: 8, capacityTypes: ['on-demand'], maxGpus })
const ceiling = (maxGpus: number | null) => rig.cluster.apply(pool(maxGpus), 'signalbox-ceiling')
const condition = (pod: KubeObject<'Pod'> | undefined, type: string) =>
  pod?.status?.conditions?.find((each) => each.type === type)
const gpuTask = (name: string, spec: object = {}) => {
  const made = taskJob(name, { spec })
  const template = made.spec?.template
  const [container] = template?.spec?.containers ?? []
  Object.assign(template?.spec ?? {}, serving.gpuPod('gpu', 8), {
    containers: [{ ...container, resources: { limits: { [GPU]: '8' } } }],
  })
  return made
}

describe('a simulated Job', () => {
  it('takes ten minutes, and writes its result last, under its own name', async () => {
    await launch(taskJob('run'))
    await rig.minutes(9)
    expect((await job('run'))?.status).toMatchObject({ active: 1 })
    expect(rig.objects.text('results/runs/run/result.json')).toBeNull()
    await rig.minutes(1)
    expect(JSON.parse(rig.objects.text('results/runs/run/result.json') ?? '')).toEqual({
      object: 'run',
      metrics: { train_loss: 0.82 },
      artifacts: { model: 's3://results/runs/run/model' },
    })
    expect((await job('run'))?.status).toMatchObject({
      startTime: new Date(START).toISOString().replace('.000', ''),
      completionTime: new Date(START + 10 * MINUTE).toISOString().replace('.000', ''),
    })
  })

  it.each([
    ['evaluate', { score: 0.87 }],
    ['gate-check', { health: 1, p95_ms: 900, error_rate: 0 }],
  ])('that is called %s measures what such a task measures', async (task, metrics) => {
    await launch(taskJob('run', { task }))
    await rig.minutes(10)
    expect(JSON.parse(rig.objects.text('results/runs/run/result.json') ?? '')).toMatchObject({ metrics })
  })

  it('takes the minutes of its annotation, and those of its simulation before them', async () => {
    const annotated = taskJob('annotated')
    annotated.metadata.annotations = { 'signalbox.dev/simulated-minutes': '3' }
    await launch(annotated)
    await rig.minutes(3)
    expect((await job('annotated'))?.status?.succeeded).toBe(1)
    await rig.simulate('data', 'in/', { minutes: 1, metrics: { score: 0.4 } })
    annotated.metadata.name = 'simulated'
    await launch(annotated)
    await rig.minutes(1)
    expect(JSON.parse(rig.objects.text('results/runs/simulated/result.json') ?? '').metrics).toEqual({ score: 0.4 })
  })

  it.each<[string, unknown, object]>([
    [
      'an exit code',
      { exitCode: 1, logs: ['ValueError: bad row'] },
      { failure: 'exit-code', note: expect.stringContaining('exit 1') },
    ],
    [
      'bad input',
      { exitCode: 42 },
      { failure: 'exit-code', note: expect.stringContaining('another try will not help') },
    ],
    ['too little memory', { reason: 'OOMKilled' }, { failure: 'out-of-memory' }],
    [
      'NCCL',
      { exitCode: 1, logs: ['[Rank 3] Watchdog caught collective operation timeout'] },
      { failure: 'nccl-timeout' },
    ],
    ['an image that cannot be pulled', { imagePull: 'fail' }, { failure: 'image-pull' }],
  ])('that fails by %s is read as that', async (_, simulation, expected) => {
    await rig.simulate('data', 'in/', simulation)
    await launch(taskJob('run'))
    await rig.minutes(11)
    const pods = await podsOf('run')
    const logs = await rig.cluster.logs(refOf(pods[0] as KubeObject), 20)
    expect(jobState((await job('run')) ?? {}, pods, { logs })).toMatchObject({ kind: 'failed', ...expected })
    expect(rig.objects.text('results/runs/run/result.json')).toBeNull()
  })

  it('says which container of which pod broke the failure policy, as Kubernetes does', async () => {
    await rig.simulate('data', 'in/', { exitCode: 42 })
    await launch(taskJob('run', { spec: { backoffLimit: 6 } }))
    await rig.minutes(10)
    const [pod] = await podsOf('run')
    expect((await job('run'))?.status?.conditions).toMatchObject([
      { type: 'FailureTarget', reason: 'PodFailurePolicy' },
      {
        type: 'Failed',
        reason: 'PodFailurePolicy',
        message:
          `Container main for pod training/${pod?.metadata.name} failed with exit code 42 matching FailJob rule at index 0`.replace(
            'index 0',
            'index 1',
          ),
      },
    ])
  })

  it('is tried again after a growing pause until its limit', async () => {
    await rig.simulate('data', 'in/', { minutes: 1, exitCode: 1 })
    await launch(taskJob('run', { spec: { backoffLimit: 2 } }))
    await rig.minutes(1.1)
    expect(await podsOf('run')).toHaveLength(1)
    await rig.minutes(0.1)
    expect(await podsOf('run')).toHaveLength(2)
    await rig.minutes(5)
    expect(await podsOf('run')).toHaveLength(3)
    expect((await job('run'))?.status).toMatchObject({ failed: 3, active: 0 })
    expect((await job('run'))?.status?.conditions?.at(-1)).toMatchObject({
      type: 'Failed',
      reason: 'BackoffLimitExceeded',
    })
  })

  it.each<[string, unknown, string | null]>([
    ['nothing', { result: null }, null],
    ['a text as it is', { result: '{"metrics": NaN' }, '{"metrics": NaN'],
    ['another object', { result: { object: 'other' } }, '{"object":"other"}'],
  ])('writes %s where its simulation says so, and is complete', async (_, simulation, written) => {
    await rig.simulate('data', 'in/', simulation)
    await launch(taskJob('run'))
    await rig.minutes(10)
    expect((await job('run'))?.status?.succeeded).toBe(1)
    expect(rig.objects.text('results/runs/run/result.json')).toBe(written)
  })

  it('with a simulation that cannot be used behaves as usual, and its log says why', async () => {
    await rig.simulate('data', 'in/', '{"minutes": ')
    await launch(taskJob('run'))
    await rig.minutes(10)
    const [pod] = await podsOf('run')
    expect((await rig.cluster.logs(refOf(pod as KubeObject), 20)).join('\n')).toContain('simulation.json is not JSON')
    expect((await job('run'))?.status?.succeeded).toBe(1)
  })

  it('says in its log of whom a simulation says something that is no task, where it says nothing of it', async () => {
    const told = async (name: string, tasks: object) => {
      await rig.simulate('data', 'in/', { tasks })
      await launch(taskJob(name))
      await rig.minutes(10)
      const [pod] = await podsOf(name)
      return (await rig.cluster.logs(refOf(pod as KubeObject), 20)).join('\n')
    }
    expect(await told('one', { 'fine-tunes': { minutes: 5 }, evaluate: {} })).toContain(
      'simulation.json: `tasks` says nothing of `fine-tune`, which this container is, and something of `fine-tunes`: a task is a preset',
    )
    expect(await told('two', { 'fine-tune': { minutes: 5 }, other: {} })).not.toContain('says nothing of')
    expect(await told('three', { evaluate: {}, serving: {}, 'gate-check': {} })).not.toContain('says nothing of')
  })

  it('whose node is lost gets another pod, which does not count as a failure', async () => {
    await ceiling(8)
    await rig.simulate('data', 'in/', { nodeLost: true })
    await launch(gpuTask('run'))
    await rig.minutes(6.6)
    const lost = (await podsOf('run')).find(({ status }) => status?.phase === 'Failed')
    expect(condition(lost, 'DisruptionTarget')).toMatchObject({ status: 'True', reason: 'DeletionByPodGC' })
    await rig.minutes(20)
    expect((await job('run'))?.status).toMatchObject({ succeeded: 1 })
    expect((await job('run'))?.status?.failed ?? 0).toBe(0)
  })

  it('whose running pod a person deletes has failed', async () => {
    await launch(taskJob('run'))
    await rig.minutes(2)
    const [pod] = (await podsOf('run')) as [KubeObject<'Pod'>]
    await rig.cluster.delete(refOf(pod), pod.metadata.uid ?? '')
    expect((await podsOf('run'))[0]?.metadata.deletionTimestamp).toBeDefined()
    await rig.minutes(1)
    expect(await podsOf('run')).toEqual([])
    expect((await job('run'))?.status?.conditions?.at(-1)).toMatchObject({
      type: 'Failed',
      reason: 'BackoffLimitExceeded',
    })
  })

  it('that is suspended loses its pod without failing, and starts anew', async () => {
    const { metadata } = await launch(taskJob('run'))
    await rig.minutes(2)
    const ref = { kind: 'Job', namespace: 'training', name: 'run' } as const
    await rig.cluster.patch(ref, metadata.uid ?? '', { spec: { suspend: true } })
    await rig.minutes(1)
    expect(await podsOf('run')).toEqual([])
    await rig.cluster.patch(ref, metadata.uid ?? '', { spec: { suspend: false } })
    await rig.minutes(10)
    expect((await job('run'))?.status).toMatchObject({ succeeded: 1 })
    expect((await job('run'))?.status?.failed).toBeUndefined()
  })

  it('stays until its TTL is over, and not a minute longer', async () => {
    await launch(taskJob('run', { spec: { ttlSecondsAfterFinished: 3600 } }))
    await rig.minutes(69)
    expect(await job('run')).not.toBeNull()
    await rig.minutes(1)
    expect(await job('run')).toBeNull()
    expect(await podsOf('run')).toEqual([])
  })
})
