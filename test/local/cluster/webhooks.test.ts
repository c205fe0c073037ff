import { afterEach, expect, it } from 'vitest'
import type { KubeObject, ObjectRef } from '../../../core/kube.ts'
import type { Webhook } from '../../../local/cluster/webhooks.ts'
import { objectsIn } from '../../ports/cluster-objects.ts'
import { openRig, type Rig, taskJob } from './world-fixture.ts'

const serving = objectsIn('serving')
let rig: Rig
afterEach(() => rig.close())

const MESH: Webhook = {
  kinds: ['Deployment', 'Pod'],
  labels: { mesh: 'in' },
  annotations: { 'mesh/version': '1' },
  tolerations: [{ key: 'mesh', operator: 'Exists' }],
  sidecar: { name: 'proxy', image: 'mesh/proxy:1' },
}
const REF: ObjectRef = { kind: 'Deployment', namespace: 'serving', name: 'a' }
const there = async () => (await rig.cluster.get(REF)) as KubeObject<'Deployment'>
const deploy = (replicas: number) => rig.cluster.apply(serving.deployment('a', { replicas }), 'signalbox-workload')
const containersOf = (pod: { containers?: { name: string }[] } | undefined): string[] =>
  (pod?.containers ?? []).map(({ name }) => name)

it('what a webhook adds stands in what is applied, once, and stays however often it is applied', async () => {
  rig = openRig({ webhooks: [MESH] })
  await deploy(1)
  const first = await there()
  const own = containersOf(serving.deployment('a').spec?.template.spec)
  expect(first.metadata).toMatchObject({ labels: { mesh: 'in' }, annotations: { 'mesh/version': '1' } })
  expect(containersOf(first.spec?.template.spec)).toEqual([...own, 'proxy'])
  expect(await deploy(1)).toMatchObject({ kind: 'applied' })
  expect((await there()).metadata.resourceVersion).toBe(first.metadata.resourceVersion)
  await deploy(2)
  const { spec } = await there()
  expect(containersOf(spec?.template.spec)).toEqual([...own, 'proxy'])
  expect(spec?.template.spec?.tolerations).toEqual(MESH.tolerations)
})

it('nobody owns it: another manager may say it otherwise, and is not refused', async () => {
  rig = openRig({ webhooks: [{ kinds: ['Job', 'Deployment'], labels: { team: 'platform' } }] })
  await deploy(1)
  const scaled = { ...serving.deployment('a', { replicas: 1 }) }
  const labels = { ...scaled.metadata.labels, team: 'platform' }
  expect(
    await rig.cluster.apply({ ...scaled, metadata: { ...scaled.metadata, labels } }, 'signalbox-scale'),
  ).toMatchObject({ kind: 'applied' })
  const made = await rig.cluster.create(taskJob('one'))
  expect(made).toMatchObject({ kind: 'created', object: { metadata: { labels: { team: 'platform' } } } })
  const job = (made as { object: KubeObject<'Job'> }).object
  const other = { ...taskJob('one'), metadata: { ...taskJob('one').metadata, labels: { app: 'one', team: 'other' } } }
  // Had its maker owned it, this would be a conflict.
  expect(await rig.cluster.apply(other, 'signalbox-suspend')).not.toMatchObject({ kind: 'conflict' })
  expect(job.metadata.uid).toBeDefined()
})

it('pods that controllers make have it too, where the webhook is of pods; other kinds have not', async () => {
  rig = openRig({ webhooks: [{ ...MESH, kinds: ['Pod'] }] })
  await deploy(1)
  await rig.cluster.create(taskJob('one'))
  await rig.minutes(2)
  expect(containersOf((await there()).spec?.template.spec)).not.toContain('proxy')
  const pods = (await rig.cluster.list('Pod')) as KubeObject<'Pod'>[]
  expect(pods).toHaveLength(2)
  for (const { metadata, spec } of pods) {
    expect(metadata.labels).toMatchObject({ mesh: 'in' })
    expect(containersOf(spec)).toContain('proxy')
  }
})
