import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { nodePoolObject } from '../../../core/bootstrap/node-pools.ts'
import { GPU, type KubeObject } from '../../../core/kube.ts'
import { objectsIn } from '../../ports/cluster-objects.ts'
import { openRig, type Rig, taskJob } from './world-fixture.ts'

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
const replicasOf = async (app: string) => (await rig.cluster.list('Pod', { labels: { app } })) as KubeObject<'Pod'>[]
const pool = (maxGpus: number | null) =>
  nodePoolObject({ name: 'gpu', instanceType: 'p5.48xlarge', gpusPerNode: 8, capacityTypes: ['on-demand'], maxGpus })
const ceiling = (maxGpus: number | null) => rig.cluster.apply(pool(maxGpus), 'signalbox-ceiling')
const condition = (pod: KubeObject<'Pod'> | undefined, type: string) =>
  pod?.status?.conditions?.find((each) => each.type === type)
const serve = (name: string, replicas: number, pod: object = serving.gpuPod('gpu', 8)) =>
  rig.cluster.apply(serving.deployment(name, { replicas }, pod), 'signalbox-workload')
const readyOf = async (name: string) =>
  ((await rig.cluster.get({ kind: 'Deployment', namespace: 'serving', name })) as KubeObject<'Deployment'>).status
    ?.readyReplicas
const gpuTask = (name: string, spec: object = {}) => {
  const made = taskJob(name, { spec })
  const template = made.spec?.template
  const [container] = template?.spec?.containers ?? []
  Object.assign(template?.spec ?? {}, serving.gpuPod('gpu', 8), {
    containers: [{ ...container, resources: { limits: { [GPU]: '8' } } }],
  })
  return made
}

describe('a simulated pool', () => {
  it('provisions a node in its time, and lets it go ten minutes after it is empty', async () => {
    await ceiling(8)
    await launch(gpuTask('run'))
    await rig.minutes(1)
    expect(await rig.cluster.nodes()).toContainEqual(
      expect.objectContaining({ pool: 'gpu', state: 'provisioning', gpus: 8, used: 0 }),
    )
    await rig.minutes(1)
    expect(await rig.cluster.nodes()).toContainEqual(
      expect.objectContaining({ pool: 'gpu', state: 'ready', instanceType: 'p5.48xlarge', used: 8 }),
    )
    const [node] = await rig.cluster.list('Node', { labels: { 'karpenter.sh/capacity-type': 'on-demand' } })
    expect(node?.metadata.labels).toMatchObject({ 'karpenter.sh/nodepool': 'gpu' })
    await rig.minutes(19)
    expect((await rig.cluster.nodes()).filter(({ pool }) => pool === 'gpu')).toHaveLength(1)
    await rig.minutes(1)
    expect((await rig.cluster.nodes()).filter(({ pool }) => pool === 'gpu')).toEqual([])
    const status = (await rig.cluster.get({ kind: 'NodePool', namespace: null, name: 'gpu' })) as KubeObject<'NodePool'>
    expect(status.status?.resources).toEqual({ [GPU]: '0', nodes: '0' })
  })

  it('counts whole nodes: a pod of one GPU does not get a node of eight below a ceiling of seven', async () => {
    await ceiling(7)
    await serve('small', 1, serving.gpuPod('gpu', 1))
    await rig.minutes(10)
    const [pod] = await replicasOf('small')
    expect(condition(pod, 'PodScheduled')).toMatchObject({ status: 'False', reason: 'Unschedulable' })
    expect(condition(pod, 'PodScheduled')?.message).toContain('all available instance types exceed limits for nodepool')
  })

  it('puts pods of a node’s size onto nodes with room before it launches another', async () => {
    await ceiling(16)
    await serve('halves', 3, serving.gpuPod('gpu', 4))
    await rig.minutes(10)
    const nodes = (await rig.cluster.nodes()).filter(({ pool }) => pool === 'gpu')
    expect(nodes.map(({ used }) => used).sort()).toEqual([4, 8])
  })

  it('does not run a pod that does not tolerate its taint', async () => {
    await ceiling(8)
    await serve('bare', 1, { ...serving.gpuPod('gpu', 8), tolerations: [] })
    await rig.minutes(10)
    expect(condition((await replicasOf('bare'))[0], 'PodScheduled')?.message).toContain('untolerated taint')
    expect((await rig.cluster.nodes()).filter(({ pool }) => pool === 'gpu')).toEqual([])
  })

  it('runs no pod that is gated, or whose affinity it does not meet', async () => {
    await ceiling(16)
    const to = (operator: string) => ({
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [{ matchExpressions: [{ key: 'kubernetes.io/hostname', operator, values: ['metal-7'] }] }],
        },
      },
    })
    await serve('gated', 1, { ...serving.gpuPod('gpu', 8), schedulingGates: [{ name: 'acme.dev/wait' }] })
    await serve('away', 1, { ...serving.gpuPod('gpu', 8), affinity: to('In') })
    await rig.minutes(10)
    expect((await rig.cluster.nodes()).filter(({ pool }) => pool === 'gpu')).toEqual([])
    await serve('here', 1, { ...serving.gpuPod('gpu', 8), affinity: to('NotIn') })
    await rig.minutes(10)
    expect((await replicasOf('here'))[0]?.spec?.nodeName).toBeDefined()
  })

  it('looks at a pod that names no pool as others do, and each says why not once', async () => {
    await ceiling(8)
    const other = nodePoolObject({
      name: 'b',
      instanceType: 'p4d.24xlarge',
      gpusPerNode: 8,
      capacityTypes: [],
      maxGpus: 8,
    })
    await rig.cluster.apply(other, 'signalbox-ceiling')
    await serve('bare', 1, { ...serving.gpuPod('gpu', 8), nodeSelector: {}, tolerations: [] })
    await rig.minutes(1)
    expect(condition((await replicasOf('bare'))[0], 'PodScheduled')?.message).toContain('untolerated taint')
    await serve('any', 1, { ...serving.gpuPod('gpu', 8), nodeSelector: {} })
    await rig.minutes(10)
    expect((await replicasOf('any'))[0]?.spec?.nodeName).toBeDefined()
  })

  it('that is full deadlocks a surge: the new replica waits while the old one has the GPUs', async () => {
    await ceiling(8)
    await serve('old', 1)
    await rig.minutes(10)
    await serve('new', 1)
    await rig.minutes(600)
    expect([await readyOf('old'), await readyOf('new')]).toEqual([1, 0])
    expect((await replicasOf('new'))[0]?.status?.phase).toBe('Pending')
    await serve('old', 0)
    await rig.minutes(4)
    expect([await readyOf('old'), await readyOf('new')]).toEqual([0, 1])
  })

  it('keeps a stopping pod’s GPUs until it has stopped', async () => {
    await ceiling(8)
    await serve('old', 1)
    await rig.minutes(10)
    await serve('new', 1)
    await serve('old', 0)
    await rig.minutes(0.05)
    expect((await replicasOf('old'))[0]?.metadata.deletionTimestamp).toBeDefined()
    expect((await replicasOf('new'))[0]?.spec?.nodeName).toBeUndefined()
    await rig.minutes(0.1)
    expect((await replicasOf('new'))[0]?.spec?.nodeName).toBeDefined()
  })

  it('that is deleted drains: what may not be disturbed runs on, then its nodes are gone', async () => {
    await ceiling(8)
    const run = gpuTask('run')
    Object.assign(run.spec?.template.metadata ?? {}, { annotations: { 'karpenter.sh/do-not-disrupt': 'true' } })
    await launch(run)
    await rig.minutes(5)
    const { metadata } = (await rig.cluster.get({ kind: 'NodePool', namespace: null, name: 'gpu' })) as KubeObject
    await rig.cluster.delete({ kind: 'NodePool', namespace: null, name: 'gpu' }, metadata.uid ?? '')
    await rig.minutes(1)
    expect(await rig.cluster.nodes()).toContainEqual(
      expect.objectContaining({ pool: 'gpu', state: 'leaving', used: 8 }),
    )
    await rig.minutes(10)
    expect((await job('run'))?.status?.succeeded).toBe(1)
    expect((await rig.cluster.nodes()).filter(({ pool }) => pool === 'gpu')).toEqual([])
  })
})

describe('a simulated Deployment', () => {
  const reading = (uri: string) => ({
    containers: [{ name: 'vllm', image: `vllm@sha256:${'a'.repeat(64)}`, env: [{ name: 'INPUT_URI', value: uri }] }],
  })

  it('is ready once its weights are loaded: three minutes, or as its simulation says', async () => {
    await rig.simulate('models', 'slow/', { loadMinutes: 20 })
    await serve('usual', 1, reading('s3://models/usual/'))
    await serve('slow', 1, reading('s3://models/slow'))
    await rig.minutes(2.9)
    expect(await readyOf('usual')).toBe(0)
    await rig.minutes(0.1)
    expect([await readyOf('usual'), await readyOf('slow')]).toEqual([1, 0])
    await rig.minutes(17)
    expect(await readyOf('slow')).toBe(1)
  })

  it('that is not healthy is never ready, and stops progressing', async () => {
    await rig.simulate('models', 'broken/', { healthy: false })
    await serve('broken', 1, reading('s3://models/broken/'))
    await rig.minutes(600)
    const { status } = (await rig.cluster.get({
      kind: 'Deployment',
      namespace: 'serving',
      name: 'broken',
    })) as KubeObject<'Deployment'>
    expect(status).toMatchObject({ readyReplicas: 0, unavailableReplicas: 1 })
    expect(status?.conditions?.find(({ type }) => type === 'Progressing')).toMatchObject({
      status: 'False',
      reason: 'ProgressDeadlineExceeded',
    })
  })

  it('whose image cannot be pulled says so', async () => {
    await rig.simulate('models', 'none/', { imagePull: 'fail' })
    await serve('none', 1, reading('s3://models/none/'))
    await rig.minutes(1)
    expect((await replicasOf('none'))[0]?.status?.containerStatuses?.[0]?.state?.waiting?.reason).toBe(
      'ImagePullBackOff',
    )
  })

  it('whose program crashes is started again after pauses that grow, and one that names no Secret never', async () => {
    await rig.simulate('models', 'bad/', { exitCode: 1, loadMinutes: 0.1 })
    await rig.simulate('models', 'bare/', { secretMissing: 'hf-token' })
    await serve('bad', 1, reading('s3://models/bad/'))
    await serve('bare', 1, reading('s3://models/bare/'))
    const seen = new Set<string>()
    for (let second = 0; second < 100; second += 1) {
      await rig.minutes(1 / 60)
      const { restartCount, state, ready } = (await replicasOf('bad'))[0]?.status?.containerStatuses?.[0] ?? {}
      expect(ready ?? false).toBe(false)
      if (state?.waiting?.reason === 'CrashLoopBackOff') seen.add(`${restartCount}: ${state.waiting.message}`)
    }
    expect([...seen]).toEqual([
      '1: back-off 10s restarting failed container',
      '2: back-off 20s restarting failed container',
      '3: back-off 40s restarting failed container',
      '4: back-off 80s restarting failed container',
    ])
    expect((await replicasOf('bare'))[0]?.status?.containerStatuses?.[0]?.state?.waiting).toMatchObject({
      reason: 'CreateContainerConfigError',
      message: 'secret "hf-token" not found',
    })
  })
})
