import { expect, it } from 'vitest'
import { isLeaving, type KubeObject, refOf } from '../../../core/kube.ts'
import { objectPath } from '../../../effects/cluster/paths.ts'
import { promote, registerVersion } from '../../../local/scenario.ts'
import { openRealTown, type RealTown } from '../real-town.ts'

const LANE = 'service/support-llama'
const FINALIZER = 'acme.com/audit'

const deploymentOf = async ({ house, policy }: RealTown, generation: number): Promise<KubeObject> => {
  const { serving: namespace } = policy.namespaces
  const found = await house.ports.cluster.list('Deployment', { namespace, fresh: true })
  const one = found.find(({ metadata }) => metadata.name.endsWith(`-g${generation}`))
  if (one === undefined) throw new Error(`there is no Deployment of generation ${generation}`)
  return one
}

const deleted = async (town: RealTown, object: KubeObject, propagationPolicy: 'Orphan' | 'Foreground') => {
  const body = { kind: 'DeleteOptions', apiVersion: 'v1', propagationPolicy }
  const answer = await town.requests.send({ method: 'DELETE', path: objectPath(refOf(object)), body })
  expect(answer.status).toBe(200)
}

const keptBy = (town: RealTown, object: KubeObject, finalizers: string[] | null) =>
  town.requests.send({
    method: 'PATCH',
    path: objectPath(refOf(object)),
    type: 'application/merge-patch+json',
    body: { metadata: { finalizers } },
  })

const served = async (town: RealTown): Promise<void> => {
  await promote(town.house, 'support-llama', await registerVersion(town.house, { model: 'support-llama' }))
  await town.answered(LANE)
  expect((await town.settled(LANE)).state).toBe('succeeded')
}

it('a Deployment that is deleted alone while it rises: it is said which ReplicaSet runs on, and a retry takes it back', async () => {
  const town = await openRealTown()
  await served(town)
  const slow = await registerVersion(town.house, {
    model: 'support-llama',
    simulation: { loadMinutes: 200 },
    tags: { a: '1' },
  })
  await promote(town.house, 'support-llama', slow)
  await town.answered(LANE)
  const { cluster } = town.house.ports
  const { serving: namespace } = town.policy.namespaces
  const rising = async () =>
    (await cluster.list('Pod', { namespace })).filter(({ metadata }) => metadata.name.includes('-g2-'))
  await town.until('it rises', async () => (await rising()).length > 0)
  await deleted(town, await deploymentOf(town, 2), 'Orphan')
  const { outcome } = await town.settled(LANE)
  expect(outcome).toMatchObject({ kind: 'failed', reason: 'deleted' })
  const [, name = ''] = /delete ReplicaSet (\S+) of/.exec(outcome?.detail ?? '') ?? []
  expect(await cluster.get({ kind: 'ReplicaSet', namespace, name })).not.toBeNull()
  expect(await rising()).toHaveLength(1)
  await town.house.command({ kind: 'retry', lane: LANE, by: 'T0SIGNAL/U0APPROVER' })
  expect((await town.settled(LANE)).state).toBe('succeeded')
  expect(
    (await cluster.list('ReplicaSet', { namespace })).filter(({ metadata }) => metadata.name === name),
  ).toHaveLength(1)
  await town.close()
})

it('a Deployment at rest that a finalizer keeps without a pod: nothing of the pool is held for it', async () => {
  const town = await openRealTown()
  await served(town)
  const pool = `pool/${town.policy.services['support-llama']?.pool}`
  expect((await town.held(pool)).sum).toBe(8)
  const one = await deploymentOf(town, 1)
  expect((await keptBy(town, one, [FINALIZER])).status).toBe(200)
  await deleted(town, one, 'Foreground')
  const { cluster } = town.house.ports
  const { serving: namespace } = town.policy.namespaces
  // The gate's pod has ended, and stays beside it.
  const pods = async () => await cluster.list('Pod', { namespace, fresh: true })
  const own = async () => (await pods()).filter(({ metadata }) => metadata.name.includes('-g1-'))
  await town.until('its pods are gone', async () => (await own()).length === 0)
  expect(isLeaving(await deploymentOf(town, 1))).toBe(true)
  await town.until('nothing is held', async () => {
    await town.resync()
    return (await town.held(pool)).sum === 0
  })
  await keptBy(town, one, null)
  await town.close()
})
