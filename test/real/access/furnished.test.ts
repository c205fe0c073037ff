import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import { loadKubeconfig } from '../../../effects/cluster/kubeconfig.ts'
import { openRequests, type Requests } from '../../../effects/cluster/requests.ts'
import { expectFurnished, NotFurnished } from '../../../local/cluster/furnished.ts'
import { clear, furnish, ownPolicy } from '../real-town.ts'

const policy = ownPolicy(`furnished-${process.pid}`)
const absent = ownPolicy(`absent-${process.pid}`)
const config = () => loadKubeconfig({ file: inject('kubeconfig') })

let admin: Requests
beforeAll(async () => {
  admin = await openRequests(config())
  await furnish(admin, policy)
})
afterAll(async () => {
  await clear(admin, policy)
  await admin.close()
})

it('a cluster that was bootstrapped is taken', async () => {
  await expectFurnished(config(), policy)
})

it('what is missing is named, with the command that makes it', async () => {
  const refused = await expectFurnished(config(), absent).catch((error: unknown) => error)
  expect(refused).toBeInstanceOf(NotFurnished)
  const { message } = refused as NotFurnished
  const accounts = ['training', 'serving', 'gate'].map((of) => `ServiceAccount signalbox-${of}`)
  for (const part of [`Namespace ${absent.namespaces.training}`, ...accounts, 'NodePool', 'signalbox bootstrap'])
    expect(message).toContain(part)
})

it('a cluster of an older bootstrap is refused by the one account that it lacks', async () => {
  const path = `/api/v1/namespaces/${policy.namespaces.training}/serviceaccounts/signalbox-training`
  await admin.send({ method: 'DELETE', path })
  const refused = expectFurnished(config(), policy)
  await expect(refused).rejects.toThrow('the cluster lacks ServiceAccount signalbox-training: `signalbox bootstrap')
  await furnish(admin, policy)
  await expectFurnished(config(), policy)
})

it('who lacks rights is told which, before anything is done', async () => {
  const path = `/api/v1/namespaces/${policy.namespaces.training}/serviceaccounts/signalbox-serving/token`
  const asked = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} }
  const { body } = await admin.send({ method: 'POST', path, body: asked })
  const weak = config()
  weak.users = weak.users.map((user) => ({ ...user, token: (body as { status: { token: string } }).status.token }))
  const refused = expectFurnished(weak, policy)
  await expect(refused).rejects.toThrow(NotFurnished)
  await expect(refused).rejects.toThrow(/create jobs\.batch in .*signalbox bootstrap/)
})

it('a token that is none and a server that is gone are told as that', async () => {
  const unknown = config()
  unknown.users = unknown.users.map((user) => ({ ...user, token: 'none' }))
  await expect(expectFurnished(unknown, policy)).rejects.toThrow(/renew the credentials/)
  const gone = config()
  gone.clusters = gone.clusters.map((cluster) => ({ ...cluster, server: 'https://127.0.0.1:1' }))
  await expect(expectFurnished(gone, policy)).rejects.toThrow(/does not answer/)
})
