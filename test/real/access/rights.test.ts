import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { groupOf, rightsIn } from '../../../core/bootstrap/rights.ts'
import type { Policy } from '../../../core/policy.ts'
import { missingRights } from '../../../effects/cluster/access.ts'
import { loadKubeconfig } from '../../../effects/cluster/kubeconfig.ts'
import { openKubernetesCluster } from '../../../effects/cluster/kubernetes-cluster.ts'
import { type Call, openRequests, type Requests } from '../../../effects/cluster/requests.ts'
import { door as resync } from '../../../functions/resync.ts'
import { clusterDoors } from '../../../local/doors.ts'
import { promote, registerVersion, uploadDataset } from '../../../local/scenario.ts'
import { clear, furnish, openRealTown, ownPolicy, type RealTown } from '../real-town.ts'

const policy = ownPolicy(`rights-${process.pid}`)
const namespace = policy.namespaces.training
const config = () => loadKubeconfig({ file: inject('kubeconfig') })
const as = (of: Policy, door: string): Record<string, string> => ({
  'Impersonate-User': 'someone',
  'Impersonate-Group': groupOf(of, door),
})

let admin: Requests
const requests = new Map<string, Requests>()
beforeAll(async () => {
  admin = await openRequests(config())
  await furnish(admin, policy)
  for (const { name } of clusterDoors) requests.set(name, await openRequests(config(), { headers: as(policy, name) }))
})
afterAll(async () => {
  await clear(admin, policy)
  for (const one of [admin, ...requests.values()]) await one.close()
})

const RBAC = '/apis/rbac.authorization.k8s.io/v1'
const role = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata: { name: 'more' }, rules: [] }
const binding = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRoleBinding',
  metadata: { name: 'more' },
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
  subjects: [{ kind: 'User', name: 'someone' }],
}
const job = { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'x' } }
const [pool] = Object.keys(policy.pools)

/** What lies next to what the doors may do. */
const NEIGHBOURS: [string, Call][] = [
  ['read a secret', { method: 'GET', path: `/api/v1/namespaces/${namespace}/secrets/x` }],
  ['list secrets everywhere', { method: 'GET', path: '/api/v1/secrets' }],
  ['enter a pod', { method: 'POST', path: `/api/v1/namespaces/${namespace}/pods/x/exec`, query: { command: 'sh' } }],
  ['attach to a pod', { method: 'POST', path: `/api/v1/namespaces/${namespace}/pods/x/attach` }],
  ['forward a port of a pod', { method: 'POST', path: `/api/v1/namespaces/${namespace}/pods/x/portforward` }],
  ['ask a pod through the API server', { method: 'GET', path: `/api/v1/namespaces/${namespace}/pods/x/proxy/` }],
  [
    'scale by a Scale',
    {
      method: 'PATCH',
      path: `/apis/apps/v1/namespaces/${namespace}/deployments/x/scale`,
      body: {},
      type: 'application/merge-patch+json',
    },
  ],
  ['create a pod', { method: 'POST', path: `/api/v1/namespaces/${namespace}/pods`, body: {} }],
  ['create a Job elsewhere', { method: 'POST', path: '/apis/batch/v1/namespaces/default/jobs', body: job }],
  ['delete a Job elsewhere', { method: 'DELETE', path: '/apis/batch/v1/namespaces/kube-system/jobs/x' }],
  [
    'change a NodePool that is not the policy’s',
    {
      method: 'PATCH',
      path: `/apis/karpenter.sh/v1/nodepools/${pool}-other`,
      body: {},
      type: 'application/merge-patch+json',
    },
  ],
  ['delete a NodePool', { method: 'DELETE', path: `/apis/karpenter.sh/v1/nodepools/${pool}` }],
  ['delete a node', { method: 'DELETE', path: '/api/v1/nodes/cpu-0' }],
  ['make itself a role', { method: 'POST', path: `${RBAC}/namespaces/${namespace}/roles`, body: role }],
  ['bind itself to cluster-admin', { method: 'POST', path: `${RBAC}/clusterrolebindings`, body: binding }],
  [
    'take an admission policy away',
    {
      method: 'DELETE',
      path: `/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies/signalbox-${policy.installation}-fence`,
    },
  ],
  [
    'mint a token',
    { method: 'POST', path: `/api/v1/namespaces/${namespace}/serviceaccounts/signalbox-serving/token`, body: {} },
  ],
]

describe.each(clusterDoors)('the role of $name', ({ name, kubernetes }) => {
  const own = () => requests.get(name) as Requests

  it('allows everything that the door declares', async () => {
    expect(
      await missingRights(own(), rightsIn(policy, kubernetes), [...new Set(Object.values(policy.namespaces))]),
    ).toEqual([])
  })

  it('and nowhere else', async () => {
    const narrow = kubernetes.filter(({ everywhere }) => !everywhere)
    const missing = await missingRights(own(), narrow, ['default'])
    expect(missing).toHaveLength(
      new Set(narrow.flatMap(({ group, resource, verbs }) => verbs.map((verb) => `${verb} ${resource}.${group}`))).size,
    )
  })

  it.each(NEIGHBOURS)('cannot %s', async (_what, call) => {
    expect(await own().send(call)).toMatchObject({ status: 403 })
  })

  it('cannot act as somebody else', async () => {
    const someone = [{ group: '', resource: 'users', verbs: ['impersonate' as 'get'], everywhere: true as const }]
    expect(await missingRights(own(), someone, [])).toHaveLength(1)
  })
})

it('the whole way of a dataset and of a promotion is walked by doors that each have their own rights alone', async () => {
  const own = ownPolicy(`${policy.installation}-way`)
  await furnish(admin, own)
  const clusterAs = (door: string) => openKubernetesCluster(config(), { headers: as(own, door) })
  const [watching, resyncing] = [await clusterAs('watch'), await clusterAs('resync')]
  const town = await openRealTown({
    policy: own,
    headers: as(own, 'reconcile'),
    wrap: (ports) => ({ ...ports, cluster: { ...ports.cluster, watch: watching.watch } }),
  })
  const resynced = () => resync.handler({ ...town.house.ports, cluster: resyncing })({})
  await uploadDataset(town.house, { bucket: 'acme-datasets', folder: 'support-chats/one/', rows: ['{"a":1}'] })
  await town.answered('pipeline/support-chats')
  await town.until('its Job is there', async () => (await town.run('pipeline/support-chats'))?.steps[0]?.made != null)
  // It looks at the Job that is waited for, and at the Deployments of what serves.
  await resynced()
  expect((await town.settled('pipeline/support-chats')).state).toBe('succeeded')
  await promote(town.house, 'support-llama', await registerVersion(town.house, { model: 'support-llama' }))
  await town.answered('service/support-llama')
  expect((await town.settled('service/support-llama')).state).toBe('succeeded')
  await resynced()
  // Both Jobs were told to go in a day, and nobody was ever refused anything.
  await town.until('all is told', async () => (await untold(town)).length === 0)
  expect(
    Object.keys(await town.house.ports.ledger.counts()).filter((name) => /^(not-allowed|bug):/.test(name)),
  ).toEqual([])
  await town.close()
  for (const cluster of [watching, resyncing]) await cluster.close()
})

const untold = async ({ house }: RealTown): Promise<unknown[]> => {
  const rows = ['pipeline/support-chats', 'service/support-llama'].map((lane) =>
    house.ports.ledger.list('out', { prefix: `${lane}#` }),
  )
  return (await Promise.all(rows)).flat()
}
