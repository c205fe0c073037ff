import { randomBytes } from 'node:crypto'
import { afterEach, expect, it } from 'vitest'
import type { KubeObject } from '../../../core/kube.ts'
import { withManifests } from '../../../core/policy/manifests.ts'
import { parsePolicy } from '../../../core/policy.ts'
import { readManifest } from '../../../local/policies/manifest-file.ts'
import { uploadDataset } from '../../../local/scenario.ts'
import { openRealTown, ownConfig, type RealTown } from '../real-town.ts'

const LANE = 'pipeline/support-chats'
const FILE = new URL('../../../examples/manifests/train.yaml', import.meta.url).pathname
let town: RealTown
afterEach(() => town.close())

/** The example's Job on nodes of eight GPUs, of an image by digest, and without the claim that no cluster here has. */
const manifest = async (): Promise<unknown> => {
  const read = await readManifest(FILE)
  const job = ('object' in read ? read.object : {}) as KubeObject<'Job'>
  const { spec } = job.spec!.template
  const [container] = spec!.containers
  container!.image = `pytorch/pytorch@sha256:${'c'.repeat(64)}`
  container!.resources!.limits!['nvidia.com/gpu'] = '8'
  container!.resources!.requests = { cpu: '2', memory: '1Gi' }
  container!.volumeMounts = container!.volumeMounts!.filter(({ name }) => name !== 'cache')
  spec!.volumes = spec!.volumes!.filter(({ name }) => name !== 'cache')
  return job
}

it('a Job that a team has runs to its end on a real control plane, on two nodes, and what it made is judged and registered', async () => {
  const config = ownConfig(`town-${randomBytes(4).toString('hex')}`)
  const pipelines = config['pipelines'] as Record<string, { stages: { pool?: string }[] }>
  const stages = pipelines['support-chats']!.stages
  const hours = { p50: 1, p95: 3 }
  stages[0] = { name: 'train', manifest: 'train.yaml', pool: stages[0]!.pool, hours } as { pool?: string }
  const brought = withManifests(config, new Map([['train.yaml', { object: await manifest() }]]))
  expect(brought.problems).toEqual([])
  town = await openRealTown({ policy: parsePolicy(brought.config), minute: 400 })
  await uploadDataset(town.house, { bucket: 'acme-datasets', folder: 'support-chats/one/', rows: ['{"a":1}'] })
  await town.answered(LANE)
  const { training: namespace } = town.policy.namespaces
  const job = async () =>
    ((await town.house.ports.cluster.list('Job', { namespace, fresh: true })) as KubeObject<'Job'>[]).find(
      ({ metadata }) => metadata.name.endsWith('a1-train'),
    )
  await town.until('both run', async () => (await job())?.status?.ready === 2, 60)
  const [container] = (await job())!.spec!.template.spec!.containers
  expect(container).toMatchObject({
    name: 'train',
    command: ['torchrun', '--nnodes=2', '--nproc-per-node=4', expect.any(String)],
  })
  const { outcome } = await town.settled(LANE)
  expect(outcome).toMatchObject({ kind: 'succeeded', attempt: 1 })
  expect((await job())?.status).toMatchObject({ succeeded: 2, completedIndexes: '0,1' })
})
