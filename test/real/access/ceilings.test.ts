import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bootstrapManifests } from '../../../core/bootstrap/manifests.ts'
import { label } from '../../../core/names.ts'
import { applyManifest, compareManifest } from '../../../effects/cluster/manifests.ts'
import { NODE_CLASS } from '../../../local/rig/contents.ts'
import {
  by,
  close,
  expectRefused,
  expectTaken,
  name,
  OURS,
  open,
  policy,
  said,
  untilRefused,
  type Who,
} from './cast.ts'

const POOL = `${name}-gpu-train`
const POOLS = '/apis/karpenter.sh/v1/nodepools'
const path = `${POOLS}/${POOL}`
const manifest = () => {
  const all = bootstrapManifests(policy, [], NODE_CLASS)
  return all.find(({ kind, metadata }) => kind === 'NodePool' && metadata.name === POOL) as (typeof all)[number]
}
/** As the pool's own lane does. */
const applied = (one: Who, gpus: string, { fence = '5', spec = {}, called = POOL, query = {} } = {}) =>
  by(one).send({
    method: 'PATCH',
    path: `${POOLS}/${called}`,
    type: 'application/apply-patch+yaml',
    query: { fieldManager: 'signalbox-ceiling', force: 'true', ...query },
    body: {
      ...{ apiVersion: 'karpenter.sh/v1', kind: 'NodePool' },
      metadata: { name: called, annotations: { [label('fence-ceiling')]: fence } },
      spec: { limits: { 'nvidia.com/gpu': gpus }, ...spec },
    },
  })
const merged = (one: Who, body: object, query = {}) =>
  by(one).send({ method: 'PATCH', path, type: 'application/merge-patch+json', query, body })
const limits = async () => {
  const { body } = await by('admin').send({ method: 'GET', path })
  return (body as { spec: { limits: object } }).spec.limits
}
const ASKS = { dryRun: 'All' }

/** Whoever sets up pools of a cluster, without being its administrator. */
const platform = async (method: 'POST' | 'DELETE'): Promise<void> => {
  const rbac = { apiGroup: 'rbac.authorization.k8s.io', apiVersion: 'rbac.authorization.k8s.io/v1' }
  const called = `${name}-platform`
  const metadata = { name: called }
  const rules = [{ apiGroups: ['karpenter.sh'], resources: ['nodepools'], verbs: ['get', 'create', 'patch', 'delete'] }]
  const subjects = [{ apiGroup: rbac.apiGroup, kind: 'Group', name: called }]
  const roleRef = { apiGroup: rbac.apiGroup, kind: 'ClusterRole', name: called }
  for (const [plural, body] of [
    ['clusterroles', { apiVersion: rbac.apiVersion, kind: 'ClusterRole', metadata, rules }],
    ['clusterrolebindings', { apiVersion: rbac.apiVersion, kind: 'ClusterRoleBinding', metadata, subjects, roleRef }],
  ] as const) {
    const at = `/apis/${rbac.apiVersion}/${plural}`
    await by('admin').send({ method, ...(method === 'POST' ? { path: at, body } : { path: `${at}/${called}` }) })
  }
}

beforeAll(async () => {
  await open()
  await platform('POST')
  await untilRefused(
    () => merged('platform', { spec: { limits: { 'nvidia.com/gpu': '8' } } }, ASKS),
    () => applied('door', '64', { query: ASKS }),
  )
})
afterAll(async () => {
  await platform('DELETE')
  await close()
})

describe('how high a NodePool of ours goes', () => {
  it('is set by the door that sees to it, to what the policy allows and no higher, and never by an older writer', async () => {
    await expectTaken(applied('door', '8'))
    expect(await limits()).toEqual({ 'nvidia.com/gpu': '8' })
    await expectTaken(applied('door', '16', { fence: '6' }))
    await expectRefused(applied('door', '24', { fence: '7' }), 'above what the policy allows')
    await expectRefused(applied('door', '1k', { fence: '7' }), 'above what the policy allows')
    await expectRefused(applied('door', '8', { fence: '5' }), 'may not go back')
    expect(await limits()).toEqual({ 'nvidia.com/gpu': '16' })
  })

  it('while the door changes nothing else of it, makes and deletes none, and touches none but the policy’s', async () => {
    const only = 'changes of its NodePools the limit of GPUs alone'
    await expectRefused(applied('door', '8', { fence: '9', spec: { weight: 5 } }), only)
    await expectRefused(
      applied('door', '8', { fence: '9', spec: { limits: { 'nvidia.com/gpu': '8', cpu: '1' } } }),
      only,
    )
    const disruption = { consolidateAfter: 'Never', consolidationPolicy: 'WhenEmpty' }
    await expectRefused(applied('door', '8', { fence: '9', spec: { disruption } }), only)
    await expectRefused(merged('door', { metadata: { labels: { a: 'b' } } }), only)
    await expectRefused(merged('door', { metadata: { annotations: { a: 'b' } } }), only)
    await expectRefused(merged('door', { spec: { limits: null } }), /limit of GPUs alone|above what the policy allows/)
    const theirs = { ...manifest(), metadata: { name: `${name}-theirs` } }
    await expectTaken(by('admin').send({ method: 'POST', path: POOLS, body: theirs }))
    try {
      expect(said(await applied('door', '0', { called: `${name}-theirs` }))).toMatch(/^403/)
      expect(said(await by('door').send({ method: 'DELETE', path }))).toMatch(/^403/)
      expect(said(await by('door').send({ method: 'POST', path: POOLS, body: theirs }))).toMatch(/^403/)
    } finally {
      await by('admin').send({ method: 'DELETE', path: `${POOLS}/${name}-theirs` })
    }
  })

  it('by nobody else who may only set up pools; what else is of it they may change', async () => {
    const why = 'how many GPUs a pool has is said by `maxGpus`, `hours` and leases'
    await expectRefused(merged('platform', { spec: { limits: { 'nvidia.com/gpu': '8' } } }), why)
    await expectRefused(merged('platform', { spec: { limits: null } }), why)
    await expectTaken(merged('platform', { spec: { weight: 3 } }))
    await expectTaken(merged('admin', { spec: { limits: { 'nvidia.com/gpu': '12' } } }, ASKS))
  })

  it('is left to its lane by who bootstraps, and stands all the while', async () => {
    await expectTaken(applied('door', '8', { fence: '20' }))
    expect(await compareManifest(by('admin'), manifest())).toMatchObject({ state: 'same' })
    expect(await applyManifest(by('admin'), manifest())).not.toMatchObject({ state: 'refused' })
    expect(await limits()).toEqual({ 'nvidia.com/gpu': '8' })
    const { body } = await by('admin').send({ method: 'GET', path })
    const owners = (body as { metadata: { managedFields: { manager: string; fieldsV1: object }[] } }).metadata
      .managedFields
    const ofLimits = owners.filter(({ fieldsV1 }) => JSON.stringify(fieldsV1).includes('f:limits'))
    expect(ofLimits.map(({ manager }) => manager)).toEqual(['signalbox-ceiling'])
    expect(OURS).toBeDefined()
  })
})
