import { afterEach, beforeEach, expect, it } from 'vitest'
import { nodePoolObject } from '../../../core/bootstrap/node-pools.ts'
import { GPU, type KubeObject, QUEUE_LABEL, refOf } from '../../../core/kube.ts'
import { MINUTE, openRig, type Rig, taskJob } from './world-fixture.ts'

let rig: Rig
beforeEach(() => {
  rig = openRig()
})
afterEach(() => rig.close())

const ceiling = (maxGpus: number) => {
  const pool = { instanceType: 'p5.48xlarge', gpusPerNode: 8, capacityTypes: ['on-demand'] as 'on-demand'[] }
  return rig.cluster.apply(nodePoolObject({ name: 'gpu', ...pool, maxGpus }), 'signalbox-ceiling')
}
/** A suspended Job of so many GPUs, in this queue; in none where it is null. */
const launch = (name: string, gpus: number, queue: string | null = 'gpu') => {
  const made = taskJob(name, { spec: { suspend: true } })
  const template = made.spec?.template.spec
  const [container] = template?.containers ?? []
  Object.assign(template ?? {}, {
    nodeSelector: { 'karpenter.sh/nodepool': 'gpu' },
    tolerations: [{ key: GPU, operator: 'Exists' }],
    containers: [{ ...container, resources: { limits: { [GPU]: String(gpus) } } }],
  })
  if (queue !== null) made.metadata.labels = { ...made.metadata.labels, [QUEUE_LABEL]: queue }
  return rig.cluster.create(made)
}
const jobs = async () => (await rig.cluster.list('Job')) as KubeObject<'Job'>[]
const admitted = async () =>
  (await jobs()).filter(({ spec }) => spec?.suspend === false).map(({ metadata }) => metadata.name)
const suspend = async (name: string) => {
  const job = (await jobs()).find(({ metadata }) => metadata.name === name) as KubeObject<'Job'>
  return rig.cluster.patch(refOf(job), job.metadata.uid ?? '', { spec: { suspend: true } })
}

it('lets suspended Jobs of a queue go, the oldest first, as far as the limit has room; and no others', async () => {
  await ceiling(8)
  await launch('z-first', 8)
  await rig.minutes(1 / 60)
  await launch('a-second', 8)
  await launch('unqueued', 0, null)
  expect(await admitted()).toEqual([])
  await rig.minutes(1)
  expect(await admitted()).toEqual(['z-first'])
  await rig.minutes(30)
  expect(await admitted()).toEqual(['a-second', 'z-first'])
  expect((await jobs()).map(({ status }) => status?.succeeded)).toEqual([1, undefined, 1])
})

it('lets a smaller one past one that does not fit, and looks again when nobody tells it of a higher limit', async () => {
  await ceiling(8)
  await launch('large', 16)
  await rig.minutes(1 / 60)
  await launch('small', 8)
  await rig.minutes(1)
  expect(await admitted()).toEqual(['small'])
  await ceiling(24)
  await rig.minutes(2)
  expect(await admitted()).toEqual(['large', 'small'])
})

it('one that is suspended again gives its room back, stops, and goes on later', async () => {
  await ceiling(8)
  await launch('one', 8)
  await rig.minutes(5)
  expect((await jobs())[0]?.status).toMatchObject({ ready: 1 })
  await ceiling(0)
  expect(await suspend('one')).toBe('patched')
  await rig.minutes(5)
  expect((await jobs())[0]?.status).toMatchObject({ active: 0, conditions: [{ type: 'Suspended', status: 'True' }] })
  expect(await rig.cluster.list('Pod')).toEqual([])
  await ceiling(8)
  await rig.minutes(2)
  const [job] = await jobs()
  expect(job?.metadata.generation).toBeGreaterThan(2)
  expect(job?.spec?.template.spec?.nodeSelector).toMatchObject({ 'node.kubernetes.io/instance-type': 'p5.48xlarge' })
  expect(Date.parse(String(job?.status?.startTime))).toBeGreaterThan(rig.now() - 2 * MINUTE)
  await rig.minutes(15)
  expect((await jobs())[0]?.status).toMatchObject({ succeeded: 1 })
})

const workloads = async () => (await rig.cluster.list('Workload')) as KubeObject<'Workload'>[]
const activate = async (active: boolean) => {
  const [workload] = await workloads()
  const ref = refOf(workload as KubeObject<'Workload'>)
  return rig.cluster.patch(ref, workload?.metadata.uid ?? '', { spec: { active } })
}

it('makes a Workload of each Job in a queue, which goes with it; what is deactivated stops a moment later, and goes on once it is active and there is room', async () => {
  await ceiling(8)
  await launch('one', 8)
  await launch('unqueued', 0, null)
  await rig.minutes(5)
  const [job] = await jobs()
  expect(await workloads()).toMatchObject([
    {
      metadata: { labels: { 'kueue.x-k8s.io/job-uid': job?.metadata.uid }, ownerReferences: [{ name: 'one' }] },
      spec: { active: true, queueName: 'gpu' },
    },
  ])
  expect(await activate(false)).toBe('patched')
  expect(await admitted()).toEqual(['one'])
  await rig.minutes(5)
  expect([await admitted(), await rig.cluster.list('Pod')]).toEqual([[], []])
  await launch('two', 8)
  await rig.minutes(1)
  expect(await admitted()).toEqual(['two'])
  await activate(true)
  await rig.minutes(5)
  expect(await admitted()).toEqual(['two'])
  await rig.minutes(20)
  expect(await admitted()).toEqual(['one', 'two'])
  for (const one of await jobs()) await rig.cluster.delete(refOf(one), one.metadata.uid ?? '')
  await rig.minutes(1)
  expect(await workloads()).toEqual([])
})

it('a Workload that is taken away is made anew, active, and its Job waits in the queue meanwhile', async () => {
  await ceiling(8)
  await launch('one', 8)
  await rig.minutes(5)
  const [first] = await workloads()
  await ceiling(0)
  await rig.cluster.delete(refOf(first as KubeObject<'Workload'>), first?.metadata.uid ?? '')
  await rig.minutes(1)
  const [second] = await workloads()
  expect(second?.metadata.uid).not.toBe(first?.metadata.uid)
  expect([second?.spec?.active, await admitted()]).toEqual([true, []])
})
