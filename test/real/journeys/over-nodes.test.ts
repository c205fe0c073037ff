import { randomBytes } from 'node:crypto'
import { afterEach, expect, it } from 'vitest'
import { type KubeObject, refOf } from '../../../core/kube.ts'
import { rankOf } from '../../../core/pods/gang.ts'
import { parsePolicy } from '../../../core/policy.ts'
import { objectPath } from '../../../effects/cluster/paths.ts'
import { type Simulation, uploadDataset } from '../../../local/scenario.ts'
import { openRealTown, ownConfig, type RealTown } from '../real-town.ts'

const LANE = 'pipeline/support-chats'
let town: RealTown
afterEach(() => town.close())

/** A town whose training runs on the two nodes that its pool may have. */
const opened = async (simulation: Simulation = {}, minute = 100): Promise<void> => {
  const config = ownConfig(`town-${randomBytes(4).toString('hex')}`)
  const pipelines = config['pipelines'] as Record<string, { stages: object[] }>
  Object.assign(pipelines['support-chats']?.stages[0] ?? {}, { nodes: 2 })
  town = await openRealTown({ policy: parsePolicy(config), minute })
  await uploadDataset(town.house, {
    bucket: 'acme-datasets',
    folder: 'support-chats/one/',
    rows: ['{"a":1}'],
    simulation,
  })
  await town.answered(LANE)
}
const there = <T extends 'Job' | 'Pod' | 'Service'>(kind: T) =>
  town.house.ports.cluster.list(kind, { namespace: town.policy.namespaces.training, fresh: true }) as Promise<
    KubeObject<T>[]
  >
const job = async () => (await there('Job')).find(({ metadata }) => metadata.name.endsWith('a1-train'))
const ranks = async () =>
  (await there('Pod'))
    .filter(({ metadata }) => metadata.name.includes('a1-train-'))
    .toSorted((a, b) => rankOf(a) - rankOf(b))
const runs = async () => (await job())?.status?.ready === 2

it('a training on two nodes meets in its Service, leaves the result of its first pod, and its Service goes with its Job', async () => {
  await opened({}, 2000)
  await town.until('both run', runs)
  const made = (await job())!
  const { name, uid } = made.metadata
  expect((await ranks()).map(({ spec }) => [spec?.hostname, spec?.subdomain])).toEqual([
    [`${name}-0`, name],
    [`${name}-1`, name],
  ])
  expect(new Set((await ranks()).map(({ spec }) => spec?.nodeName)).size).toBe(2)
  const [place, ...others] = await there('Service')
  expect(others).toEqual([])
  expect(place).toMatchObject({
    metadata: { name, ownerReferences: [{ kind: 'Job', uid }] },
    spec: { clusterIP: 'None', publishNotReadyAddresses: true, selector: { 'batch.kubernetes.io/job-name': name } },
  })
  // Both are in DNS by these endpoints, whether they are ready or not.
  const slices = `/apis/discovery.k8s.io/v1/namespaces/${made.metadata.namespace}/endpointslices`
  const hostnames = async () => {
    const { body } = await town.requests.send({ method: 'GET', path: slices })
    const { items = [] } = body as { items?: { endpoints?: { hostname?: string }[] | null }[] }
    return items.flatMap(({ endpoints }) => (endpoints ?? []).map(({ hostname }) => hostname)).sort()
  }
  await town.until('it leads to both', async () => (await hostnames()).length === 2)
  expect(await hostnames()).toEqual([`${name}-0`, `${name}-1`])
  const lane = await town.settled(LANE)
  expect(lane.outcome).toMatchObject({ kind: 'succeeded', attempt: 1 })
  expect((await job())?.status).toMatchObject({ succeeded: 2, completedIndexes: '0,1' })
  const { bucket, prefix } = town.policy.results
  const keys = (await town.house.objects.list(bucket, prefix)).map(({ key }) => key)
  expect(keys.filter((key) => key.includes('-train-')).filter((key) => key.endsWith('result.json'))).toEqual([
    expect.stringMatching(/-train-0-[a-z0-9]{5}\/result\.json$/),
  ])
  await town.house.ports.cluster.delete(refOf(made), uid ?? '')
  await town.until('its Service is gone', async () => (await there('Service')).length === 0)
})

it('ends as a whole when one of its ranks fails, and says which', async () => {
  await opened({ ranks: { '1': { minutes: 2, exitCode: 3, logs: ['a broken shard'] } } }, 400)
  const lane = await town.settled(LANE)
  expect(lane.outcome).toMatchObject({
    kind: 'failed',
    reason: 'exit-code',
    detail: expect.stringContaining('rank 1 of 2 failed first: train ended with exit 3'),
  })
  expect((await ranks()).filter(({ status }) => status?.phase === 'Running')).toEqual([])
})

it('ends as a whole when one of its pods is taken away, as Kubernetes itself says, and is tried again as a whole', async () => {
  await opened({}, 2000)
  await town.until('both run', runs)
  const [, second] = await ranks()
  // As the garbage collector of pods writes it once their node is gone (`pkg/controller/podgc` of Kubernetes 1.36).
  const target = {
    type: 'DisruptionTarget',
    status: 'True',
    reason: 'DeletionByPodGC',
    message: 'PodGC: node no longer exists',
    lastTransitionTime: new Date().toISOString().replace(/\.\d+Z/, 'Z'),
  }
  const conditions = [...(second?.status?.conditions ?? []), target]
  await town.requests.send({
    method: 'PATCH',
    path: `${objectPath(refOf(second!))}/status`,
    type: 'application/merge-patch+json',
    body: { status: { phase: 'Failed', conditions } },
  })
  await town.until('it has failed', async () => (await town.past(LANE)).length === 1)
  const [past] = await town.past(LANE)
  expect(past?.outcome).toMatchObject({ kind: 'failed', reason: 'node-lost' })
  expect(past?.outcome.detail).toContain('its gang has lost a pod: rank 1 of 2: its node is gone')
  const failed = (await job())?.status?.conditions?.find(({ type }) => type === 'Failed')
  expect(failed).toMatchObject({
    reason: 'PodFailurePolicy',
    message: expect.stringMatching(/^Pod \S+-train-1-\w{5} has condition DisruptionTarget matching FailJob rule/),
  })
  await town.until('it is tried again', async () => (await town.lane(LANE)).attempt === 2)
})
