import { setTimeout as pause } from 'node:timers/promises'
import { expect, it } from 'vitest'
import type { KubeObject } from '../../../core/kube.ts'
import { trafficOf } from '../../../core/workloads/serving.ts'
import type { Traffic } from '../../../core/world.ts'
import { promote, registerVersion, uploadDataset } from '../../../local/scenario.ts'
import { openRealTown, type RealTown } from '../real-town.ts'

const LANE = 'service/support-llama'

const deployments = async ({ house, policy }: RealTown): Promise<KubeObject<'Deployment'>[]> =>
  (await house.ports.cluster.list('Deployment', { namespace: policy.namespaces.serving })) as KubeObject<'Deployment'>[]

const standing = async (town: RealTown): Promise<string[]> =>
  (await deployments(town))
    .filter(({ spec }) => (spec?.replicas ?? 0) > 0)
    .map(({ metadata, status }) => `${metadata.annotations?.['signalbox.dev/version']}: ${status?.readyReplicas ?? 0}`)

/** Whom the Service leads to that clients call. */
const ledTo = async ({ house, policy }: RealTown): Promise<Traffic> => {
  const services = await house.ports.cluster.list('Service', { namespace: policy.namespaces.serving })
  return trafficOf(services.find(({ metadata }) => !/-g\d+$/.test(metadata.name)) as KubeObject<'Service'>)
}

it('a promotion is served; a worse one is walked back while the old replicas go on; a better one takes over', async () => {
  const town = await openRealTown()
  await promote(town.house, 'support-llama', await registerVersion(town.house, { model: 'support-llama' }))
  await town.answered(LANE)
  expect((await town.settled(LANE)).state).toBe('succeeded')
  expect(await standing(town)).toEqual(['1: 2'])
  expect(await ledTo(town)).toBe(1)

  const worse = { tasks: { 'gate-check': { metrics: { health: 1, p95_ms: 9000, error_rate: 0 } } } }
  const second = await registerVersion(town.house, { model: 'support-llama', simulation: worse, tags: { a: '1' } })
  await promote(town.house, 'support-llama', second)
  await town.answered(LANE)
  expect((await town.settled(LANE)).outcome).toMatchObject({ kind: 'failed', reason: 'gate' })
  // Its end is the end of the way back, not of the gate.
  expect(await standing(town)).toEqual(['1: 2'])
  expect(await ledTo(town)).toBe(1)

  const third = await registerVersion(town.house, { model: 'support-llama', tags: { a: '1', b: '2' } })
  await promote(town.house, 'support-llama', third)
  await town.answered(LANE)
  expect((await town.settled(LANE)).state).toBe('succeeded')
  expect(await standing(town)).toEqual(['3: 2'])
  expect(await ledTo(town)).toBe(3)
  expect((await town.past(LANE)).map(({ outcome }) => outcome.kind)).toEqual(['succeeded', 'failed', 'succeeded'])
  // What stands is held for as long as it stands.
  expect(await town.held(`pool/${town.policy.services['support-llama']?.pool}`)).toEqual({
    lanes: { [LANE]: 8 },
    sum: 8,
  })
  await town.close()
})

it('a newer promotion supersedes one that is being rolled out: the newest serves, nothing else stands', async () => {
  const town = await openRealTown()
  const version = async (tags: Record<string, string>): Promise<string> =>
    registerVersion(town.house, { model: 'support-llama', tags })
  await promote(town.house, 'support-llama', await version({}))
  await town.answered(LANE)
  await town.until('it is being rolled out', async () => (await deployments(town)).length > 0)
  await promote(town.house, 'support-llama', await version({ a: '1' }))
  await town.answered(LANE)
  expect(await town.settled(LANE)).toMatchObject({ state: 'succeeded', generation: 2 })
  expect((await town.past(LANE)).map(({ outcome }) => outcome.kind)).toEqual(['superseded', 'succeeded'])
  expect(await standing(town)).toEqual(['2: 2'])
  await town.close()
})

it('a plain Deployment with maxSurge 1 deadlocks on a full pool: the platform alone never gets there', async () => {
  const town = await openRealTown()
  const { policy, requests } = town
  const [namespace, pool] = [policy.namespaces.serving, policy.services['support-llama']?.pool]
  const body = (revision: string): object => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'plain' },
    spec: {
      replicas: 4,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      progressDeadlineSeconds: 15,
      selector: { matchLabels: { app: 'plain' } },
      template: {
        metadata: { labels: { app: 'plain', revision } },
        spec: {
          nodeSelector: { 'karpenter.sh/nodepool': pool },
          tolerations: [{ key: 'nvidia.com/gpu', operator: 'Exists', effect: 'NoSchedule' }],
          containers: [{ name: 'vllm', image: 'vllm', resources: { limits: { 'nvidia.com/gpu': '4' } } }],
        },
      },
    },
  })
  const path = `/apis/apps/v1/namespaces/${namespace}/deployments/plain`
  const apply = (revision: string) =>
    requests.send({
      method: 'PATCH',
      path,
      query: { fieldManager: 'person' },
      type: 'application/apply-patch+yaml',
      body: body(revision),
    })
  const status = async () => ((await requests.send({ method: 'GET', path })).body as KubeObject<'Deployment'>).status
  await apply('1')
  await town.until('the pool is full', async () => (await status())?.readyReplicas === 4)
  await apply('2')
  await town.until('Kubernetes says that it does not progress', async () =>
    ((await status())?.conditions ?? []).some(({ reason }) => reason === 'ProgressDeadlineExceeded'),
  )
  await pause(1000)
  expect(await status()).toMatchObject({ updatedReplicas: 1, readyReplicas: 4, unavailableReplicas: 1 })
  await town.close()
})

it('on a pool that is full of its own replicas a rollout goes slot by slot, and gets there', async () => {
  const town = await openRealTown()
  const { policy } = town
  const service = policy.services['support-llama']
  if (service !== undefined) Object.assign(service, { replicas: 4 })
  await promote(town.house, 'support-llama', await registerVersion(town.house, { model: 'support-llama' }))
  await town.answered(LANE)
  expect((await town.settled(LANE)).state).toBe('succeeded')
  await promote(
    town.house,
    'support-llama',
    await registerVersion(town.house, { model: 'support-llama', tags: { a: '1' } }),
  )
  await town.answered(LANE)
  expect((await town.settled(LANE)).state).toBe('succeeded')
  expect(await standing(town)).toEqual(['2: 4'])
  await town.close()
})

it('two installations on one cluster never touch what is the other’s', async () => {
  const towns = await Promise.all([openRealTown(), openRealTown()])
  await Promise.all(
    towns.map(async (town) => {
      await uploadDataset(town.house, { bucket: 'acme-datasets', folder: 'support-chats/one/', rows: ['{"a":1}'] })
      await town.answered('pipeline/support-chats')
      expect((await town.settled('pipeline/support-chats')).state).toBe('succeeded')
    }),
  )
  for (const { house, policy } of towns) {
    const mine = await house.ports.cluster.list('Job', {
      labels: { 'signalbox.dev/installation': policy.installation },
    })
    expect(mine.map(({ metadata }) => metadata.namespace)).toEqual([
      policy.namespaces.training,
      policy.namespaces.training,
    ])
  }
  for (const town of towns) await town.close()
})
