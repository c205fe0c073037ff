import { randomBytes } from 'node:crypto'
import { afterEach, expect, it } from 'vitest'
import type { KubeObject } from '../../../core/kube.ts'
import { withManifests } from '../../../core/policy/manifests.ts'
import { parsePolicy } from '../../../core/policy.ts'
import { readManifest } from '../../../local/policies/manifest-file.ts'
import { uploadDataset } from '../../../local/scenario.ts'
import { openRealTown, ownConfig, type RealTown } from '../real-town.ts'

const LANE = 'pipeline/support-chats'
const fileOf = (name: string): string => new URL(`../../../examples/manifests/${name}`, import.meta.url).pathname
let town: RealTown
afterEach(() => town.close())

type Spec = NonNullable<KubeObject<'Job'>['spec']>
interface JobSet {
  spec: { replicatedJobs: { template: { spec: Spec } }[] }
}

/** The example's object on nodes of eight GPUs, of an image by digest, and without the claim that no cluster here has. */
const manifest = async (file: string): Promise<unknown> => {
  const read = await readManifest(fileOf(file))
  const object = ('object' in read ? read.object : {}) as KubeObject<'Job'>
  const job = object.kind === 'Job' ? object : (object as unknown as JobSet).spec.replicatedJobs[0]!.template
  const { spec } = job.spec!.template
  const [container] = spec!.containers
  container!.image = `pytorch/pytorch@sha256:${'c'.repeat(64)}`
  container!.resources!.limits!['nvidia.com/gpu'] = '8'
  container!.resources!.requests = { cpu: '2', memory: '1Gi' }
  container!.volumeMounts = (container!.volumeMounts ?? []).filter(({ name }) => name !== 'cache')
  spec!.volumes = (spec!.volumes ?? []).filter(({ name }) => name !== 'cache')
  return object
}

/** Runs it as the first stage, on a real control plane; its Job is looked at while both of its pods run. */
const ranToItsEnd = async (file: string, look: (job: KubeObject<'Job'>, pods: KubeObject<'Pod'>[]) => void) => {
  const config = ownConfig(`town-${randomBytes(4).toString('hex')}`)
  const pipelines = config['pipelines'] as Record<string, { stages: { pool?: string }[] }>
  const stages = pipelines['support-chats']!.stages
  const hours = { p50: 1, p95: 3 }
  stages[0] = { name: 'train', manifest: file, pool: stages[0]!.pool, hours } as { pool?: string }
  const brought = withManifests(config, new Map([[file, { object: await manifest(file) }]]))
  expect(brought.problems).toEqual([])
  town = await openRealTown({ policy: parsePolicy(brought.config), minute: 2000 })
  await uploadDataset(town.house, { bucket: 'acme-datasets', folder: 'support-chats/one/', rows: ['{"a":1}'] })
  await town.answered(LANE)
  const { training: namespace } = town.policy.namespaces
  const { cluster } = town.house.ports
  const job = async () =>
    ((await cluster.list('Job', { namespace, fresh: true })) as KubeObject<'Job'>[]).find(({ metadata }) =>
      metadata.name.endsWith('a1-train'),
    )
  await town.until('both run', async () => (await job())?.status?.ready === 2)
  look((await job())!, (await cluster.list('Pod', { namespace, fresh: true })) as KubeObject<'Pod'>[])
  const { outcome } = await town.settled(LANE)
  expect(outcome).toMatchObject({ kind: 'succeeded', attempt: 1 })
  expect((await job())?.status).toMatchObject({ succeeded: 2, completedIndexes: '0,1' })
}

it('a Job that a team has runs to its end on a real control plane, on two nodes, and what it made is judged and registered', async () => {
  await ranToItsEnd('train.yaml', (job) => {
    expect(job.spec!.template.spec!.containers[0]).toMatchObject({
      name: 'train',
      command: ['torchrun', '--nnodes=2', '--nproc-per-node=4', expect.any(String)],
    })
  })
})

it('so does a JobSet of one group, whose pods are called as it is told', async () => {
  await ranToItsEnd('job-set.yaml', (job, pods) => {
    const { name } = job.metadata
    expect(job.spec!.template.spec!.containers[0]!.command).toContain('--master-addr=$(JOB_NAME)-0.$(JOB_NAME)')
    expect(pods.map(({ spec }) => `${spec?.hostname}.${spec?.subdomain}`).sort()).toEqual([
      `${name}-0.${name}`,
      `${name}-1.${name}`,
    ])
    for (const { metadata } of pods) expect(metadata.labels?.['batch.kubernetes.io/job-name']).toBe(name)
  })
})
