import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bootstrapManifests } from '../../../core/bootstrap/manifests.ts'
import { podAccounts } from '../../../core/workloads/accounts.ts'
import { compareManifest } from '../../../effects/cluster/manifests.ts'
import { ASK, by, close, expectRefused, expectTaken, open, patched, policy, training, untilRefused } from './cast.ts'

const ACCOUNTS = podAccounts(policy)
const accountPath = (namespace: string, name = ''): string => `/api/v1/namespaces/${namespace}/serviceaccounts/${name}`
const WHY = 'who makes, changes or deletes an account that pods of Signalbox run as bootstraps Signalbox'
const ROLE = { annotations: { 'eks.amazonaws.com/role-arn': 'arn:aws:iam::999999999999:role/theirs' } }
const comparedNow = async () => {
  const found = []
  for (const manifest of bootstrapManifests(policy, []).filter(({ kind }) => kind === 'ServiceAccount'))
    found.push(await compareManifest(by('admin'), manifest))
  return found
}

beforeAll(async () => {
  await open()
  const path = accountPath(training, ACCOUNTS[0]?.name)
  await untilRefused(() => patched(path, { metadata: ROLE }, 'editor', ASK))
})
afterAll(close)

describe('who may write in the namespaces, and does not bootstrap', () => {
  it.each<[string, object]>([
    ['gives it a role of AWS, and its pods a token', { metadata: ROLE }],
    ['keeps its Secrets from it', { metadata: { annotations: { 'kubernetes.io/enforce-mountable-secrets': 'true' } } }],
    ['has its pods pull by another Secret', { imagePullSecrets: [{ name: 'theirs' }] }],
    ['puts a Secret on it', { secrets: [{ name: 'theirs' }] }],
    ['gives its pods a token of the cluster', { automountServiceAccountToken: true }],
    [
      'has it collected',
      { metadata: { ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'a', uid: 'b' }] } },
    ],
  ])('changes no account of our pods: none %s', async (_, body) => {
    for (const { namespace, name } of ACCOUNTS)
      for (const one of ['editor', 'door'] as const)
        await expectRefused(patched(accountPath(namespace, name), body, one), one === 'editor' ? WHY : /./)
  })

  it('deletes none, one by one or all, and makes none of the name', async () => {
    for (const { namespace, name } of ACCOUNTS)
      await expectRefused(by('editor').send({ method: 'DELETE', path: accountPath(namespace, name) }), WHY)
    await expectRefused(by('editor').send({ method: 'DELETE', path: accountPath(training) }), WHY)
    const elsewhere = ACCOUNTS.find(({ namespace }) => namespace !== training)
    const body = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: elsewhere?.name } }
    await expectRefused(by('editor').send({ method: 'POST', path: accountPath(training), body }), WHY)
    expect((await comparedNow()).map(({ state }) => state)).toEqual(['same', 'same', 'same'])
  })

  it('makes, changes and deletes accounts of their own', async () => {
    const body = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'theirs' } }
    await expectTaken(by('editor').send({ method: 'POST', path: accountPath(training), body }))
    await expectTaken(patched(accountPath(training, 'theirs'), { metadata: ROLE }))
    await expectTaken(by('editor').send({ method: 'DELETE', path: accountPath(training, 'theirs') }))
  })
})

describe('who bootstraps', () => {
  it('is told what somebody has added before admission was in force, until it is taken off', async () => {
    const [{ namespace, name } = { namespace: '', name: '' }] = ACCOUNTS
    const path = accountPath(namespace, name)
    await expectTaken(patched(path, { metadata: ROLE, imagePullSecrets: [{ name: 'theirs' }] }, 'admin'))
    const [first] = await comparedNow()
    expect(first).toMatchObject({
      state: 'unfit',
      detail: [expect.stringContaining('role-arn'), expect.stringContaining('theirs')],
    })
    await expectTaken(
      patched(
        path,
        { metadata: { annotations: { 'eks.amazonaws.com/role-arn': null } }, imagePullSecrets: null },
        'admin',
      ),
    )
    expect((await comparedNow())[0]).toMatchObject({ state: 'same' })
  })

  it('deletes the namespace, and its accounts go with it', async () => {
    const path = `/api/v1/namespaces/${training}`
    await expectTaken(by('admin').send({ method: 'DELETE', path }))
    await expect
      .poll(async () => (await by('admin').send({ method: 'GET', path })).status, { timeout: 180_000 })
      .toBe(404)
  })
})
