import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { groupOf, rolesOf } from '../../../core/bootstrap/rights.ts'
import type { Policy } from '../../../core/policy.ts'
import { missingRights } from '../../../effects/cluster/access.ts'
import { loadKubeconfig } from '../../../effects/cluster/kubeconfig.ts'
import { applyManifest, manifestPath } from '../../../effects/cluster/manifests.ts'
import { type Call, openRequests, type Requests } from '../../../effects/cluster/requests.ts'
import { clusterDoors } from '../../../local/doors.ts'
import { uploadDataset } from '../../../local/scenario.ts'
import { clear, furnish, openRealTown, ownPolicy } from '../real-town.ts'

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
  ['create a pod', { method: 'POST', path: `/api/v1/namespaces/${namespace}/pods`, body: {} }],
  ['create a Job elsewhere', { method: 'POST', path: '/apis/batch/v1/namespaces/default/jobs', body: job }],
  ['delete a Job elsewhere', { method: 'DELETE', path: '/apis/batch/v1/namespaces/kube-system/jobs/x' }],
  [
    'change a NodePool',
    {
      method: 'PATCH',
      path: `/apis/karpenter.sh/v1/nodepools/${pool}`,
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
    expect(await missingRights(own(), kubernetes, [...new Set(Object.values(policy.namespaces))])).toEqual([])
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

it('the whole way of a dataset is walked with the rights of the doors alone', async () => {
  const own = ownPolicy(`${policy.installation}-way`)
  await furnish(admin, own)
  // The house has one cluster for all doors, and a request one group: a role of what they have together.
  const together = { name: 'all', kubernetes: clusterDoors.flatMap(({ kubernetes }) => kubernetes) }
  const roles = rolesOf(own, together, [...new Set(Object.values(own.namespaces))])
  for (const manifest of roles) await applyManifest(admin, manifest)
  const town = await openRealTown({ policy: own, headers: as(own, together.name) })
  await uploadDataset(town.house, { bucket: 'acme-datasets', folder: 'support-chats/one/', rows: ['{"a":1}'] })
  await town.answered('train/support-chats')
  expect((await town.settled('train/support-chats')).state).toBe('succeeded')
  await town.close()
  for (const manifest of roles.filter(({ kind }) => kind.startsWith('Cluster')))
    await admin.send({ method: 'DELETE', path: manifestPath(manifest) })
})
