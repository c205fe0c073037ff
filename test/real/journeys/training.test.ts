import { expect, it } from 'vitest'
import type { KubeObject } from '../../../core/kube.ts'
import { uploadDataset } from '../../../local/scenario.ts'
import { openRealTown } from '../real-town.ts'

const LANE = 'train/support-chats'

it('a dataset becomes a Job, Karpenter brings its node, it completes, is evaluated and registered', async () => {
  const town = await openRealTown()
  await uploadDataset(town.house, { bucket: 'acme-datasets', folder: 'support-chats/one/', rows: ['{"a":1}'] })
  await town.answered(LANE)
  const lane = await town.settled(LANE)
  expect(lane.outcome).toMatchObject({ kind: 'succeeded' })
  const { cluster, registry } = town.house.ports
  const jobs = (await cluster.list('Job', { namespace: town.policy.namespaces.training })) as KubeObject<'Job'>[]
  expect(jobs.map(({ status }) => status?.succeeded)).toEqual([1, 1])
  const nodes = await cluster.list('Node', {
    labels: { 'karpenter.sh/nodepool': town.policy.datasets['support-chats']!.launch.pool },
  })
  expect(nodes).toHaveLength(1)
  expect(nodes[0]?.metadata.labels).toMatchObject({ 'node.kubernetes.io/instance-type': 'p5.48xlarge' })
  const run = await town.run(LANE)
  expect(run?.outcome).toMatchObject({ kind: 'succeeded' })
  expect(registry).toBeDefined()
  await town.close()
})
