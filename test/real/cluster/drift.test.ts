import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import { GPU, type KubeObject, type NodePool } from '../../../core/kube.ts'
import { loadKubeconfig } from '../../../effects/cluster/kubeconfig.ts'
import { applyManifest, compareManifest } from '../../../effects/cluster/manifests.ts'
import { openRequests, type Requests } from '../../../effects/cluster/requests.ts'
import { promote, registerVersion } from '../../../local/scenario.ts'
import example from '../../example.ts'
import { openRealTown, type RealTown } from '../real-town.ts'
import { claimsOf, claimsThat, nodePoolOf, nodesOf, policyWith, until, wants } from './karpenter.ts'

/** Names of its own, so that no node of these pools was there before. */
const NAME = `drift-${process.pid}`
const MODEL = 'support-llama'
const LANE = `service/${MODEL}`

/** Karpenter looks for what to replace every ten seconds. */
const LOOKS = 25_000

let admin: Requests
beforeAll(async () => {
  admin = await openRequests(loadKubeconfig({ file: inject('kubeconfig') }))
  const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAME } }
  await admin.send({ method: 'POST', path: '/api/v1/namespaces', body })
})
afterAll(async () => {
  await admin.send({ method: 'DELETE', path: `/api/v1/namespaces/${NAME}` })
  await admin.send({ method: 'DELETE', path: `/apis/karpenter.sh/v1/nodepools/${NAME}-gpu-train` })
  await admin.close()
})

const namesOf = (all: readonly { metadata: { name: string } }[]): string[] => all.map(({ metadata }) => metadata.name)

it('a NodePool of before: what would change is said, with what becomes of its nodes, and so it becomes', async () => {
  const pool = `${NAME}-gpu-train`
  const now = nodePoolOf(policyWith(NAME, { instanceTypes: ['p5.48xlarge', 'g6e.48xlarge'] }), pool)
  const before = structuredClone(now)
  delete before.spec.template?.spec?.terminationGracePeriod
  before.spec.disruption = { consolidationPolicy: 'WhenEmpty', consolidateAfter: '10m' }
  await applyManifest(admin, before)
  await wants(admin, { namespace: NAME, pool, gpus: 8 })
  const running = await claimsThat(admin, { pool, are: 'Initialized' })
  const compared = await until('Karpenter has counted', async () => {
    const one = await compareManifest(admin, now)
    return /^\d/.test(one.drift ?? '') && one
  })
  expect(compared.detail).toContain('spec.template.spec.terminationGracePeriod')
  expect(compared.drift).toMatch(/of its nodes that run drift: none is replaced while anything runs on it/)
  expect(await applyManifest(admin, now)).toMatchObject({ state: 'changed' })
  expect(namesOf(await claimsThat(admin, { pool, are: 'Drifted' }))).toEqual(namesOf(running))
  await pause(LOOKS)
  expect(await nodesOf(admin, pool)).toHaveLength(running.length)
  expect((await claimsOf(admin, pool)).flatMap(({ metadata }) => metadata.deletionTimestamp ?? [])).toEqual([])
  expect(await compareManifest(admin, now)).toMatchObject({ state: 'same' })
})

/** A house with one service of one replica, which serves; and its pool, as it is applied. */
const served = async (): Promise<{ town: RealTown; pool: string; nodePool: ReturnType<typeof nodePoolOf> }> => {
  const services = { [MODEL]: { ...example.services?.[MODEL], replicas: 1 } }
  const policy = policyWith(`${NAME}-one`, {}, { services })
  const town = await openRealTown({ policy })
  await promote(town.house, MODEL, await registerVersion(town.house, { model: MODEL }))
  await town.answered(LANE)
  expect((await town.settled(LANE)).state).toBe('succeeded')
  const pool = policy.services[MODEL]?.pool ?? ''
  return { town, pool, nodePool: nodePoolOf(policy, pool) }
}

/** The same with another template, as another image of its nodes would be. */
const drifting = (nodePool: ReturnType<typeof nodePoolOf>, nodes?: string): ReturnType<typeof nodePoolOf> => {
  const changed = structuredClone(nodePool)
  Object.assign(changed.spec.template?.metadata?.labels ?? {}, { image: 'newer' })
  const budgets = changed.spec.disruption?.budgets ?? []
  if (nodes !== undefined) Object.assign(budgets.find(({ reasons }) => reasons?.includes('Drifted')) ?? {}, { nodes })
  return changed
}

it('the drifted node of a service of one replica stays, and it is the budget of its NodePool alone that keeps it', async () => {
  const { town, pool, nodePool } = await served()
  const serving = async () => {
    const all = (await town.house.ports.cluster.list('Pod', {
      namespace: town.policy.namespaces.serving,
    })) as KubeObject<'Pod'>[]
    return all.flatMap(({ metadata, spec, status }) =>
      spec?.containers[0]?.resources?.limits?.[GPU] === undefined
        ? []
        : [
            {
              uid: metadata.uid,
              ready: status?.conditions?.some((one) => one.type === 'Ready' && one.status === 'True'),
            },
          ],
    )
  }
  const going = async () =>
    (await claimsOf(admin, pool)).map(({ metadata: { name, deletionTimestamp } }) => ({
      name,
      isToGo: deletionTimestamp !== undefined,
    }))
  const before = await serving()
  expect(before).toEqual([{ uid: expect.any(String), ready: true }])
  // At its ceiling nothing is kept either.
  const full: NodePool['spec'] = { ...nodePool.spec, limits: { [GPU]: '4' } }
  expect(await applyManifest(admin, drifting({ ...nodePool, spec: full }))).toMatchObject({ state: 'changed' })
  const drifted = await claimsThat(admin, { pool, are: 'Drifted' })
  await pause(LOOKS)
  expect(await going()).toEqual(drifted.map(({ metadata: { name } }) => ({ name, isToGo: false })))
  expect(await serving()).toEqual(before)

  expect(await applyManifest(admin, drifting({ ...nodePool, spec: full }, '1'))).toMatchObject({ state: 'changed' })
  await until('it is to go, though the budget of its pods lets none go', async () =>
    (await going()).some(({ isToGo }) => isToGo),
  )
  await town.close()
})
