import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import { pluginManifests } from '../../../core/bootstrap/gpu-sharing.ts'
import type { Manifest } from '../../../core/bootstrap/manifest.ts'
import { bootstrapManifests } from '../../../core/bootstrap/manifests.ts'
import { parsePolicy } from '../../../core/policy.ts'
import { loadKubeconfig } from '../../../effects/cluster/kubeconfig.ts'
import { applyManifest, compareManifest, manifestPath } from '../../../effects/cluster/manifests.ts'
import { openRequests, type Requests } from '../../../effects/cluster/requests.ts'
import { NODE_CLASS } from '../../../local/rig/contents.ts'
import { PARTS, TURNS } from '../../sharing.ts'
import { ownConfig } from '../real-town.ts'
import { claimsOf, until } from './karpenter.ts'

const NAME = `sharing-${process.pid}`
const [turns, parts] = [`${NAME}-turns`, `${NAME}-parts`]
const own = ownConfig(NAME) as { pools: Record<string, object> }
const policy = parsePolicy({ ...own, pools: { ...own.pools, [turns]: TURNS, [parts]: PARTS } })
const made = bootstrapManifests(policy, [], NODE_CLASS)
const named = (kind: string, name: string): Manifest => {
  const found = made.find((one) => one.kind === kind && one.metadata.name === name)
  if (found === undefined) throw new Error(`no ${kind} ${name}`)
  return found
}

let admin: Requests
beforeAll(async () => {
  admin = await openRequests(loadKubeconfig({ file: inject('kubeconfig') }))
  const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAME } }
  await admin.send({ method: 'POST', path: '/api/v1/namespaces', body })
})
afterAll(async () => {
  await admin.send({ method: 'DELETE', path: `/api/v1/namespaces/${NAME}` })
  for (const name of [turns, parts])
    for (const kind of ['NodePool', 'NodeOverlay'])
      await admin.send({ method: 'DELETE', path: manifestPath(named(kind, name)) })
  await admin.close()
})

const apply = async (manifest: Manifest): Promise<void> => {
  const { state, detail } = await applyManifest(admin, manifest)
  expect(state === 'refused' ? detail : []).toEqual([])
}

/** A pod that waits for so much of a pool. */
const waits = async (pool: string, resource: string, name: string): Promise<void> => {
  const body = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: NAME },
    spec: {
      nodeSelector: { 'karpenter.sh/nodepool': pool },
      tolerations: [{ key: 'nvidia.com/gpu', operator: 'Exists' }],
      containers: [
        { name: 'c', image: 'x', resources: { limits: { [resource]: '1' }, requests: { [resource]: '1' } } },
      ],
    },
  }
  await until('a pod', async () => {
    const { status } = await admin.send({ method: 'POST', path: `/api/v1/namespaces/${NAME}/pods`, body })
    return status === 201
  })
}

/** What Karpenter says of a pod that it starts nothing for. */
const told = (name: string): Promise<string> =>
  until(`words about ${name}`, async () => {
    const query = { fieldSelector: `involvedObject.name=${name}` }
    const { body } = await admin.send({ method: 'GET', path: `/api/v1/namespaces/${NAME}/events`, query })
    const events = (
      body as { items: { message?: string; source?: { component?: string }; reportingComponent?: string }[] }
    ).items
    return events.find(({ source, reportingComponent }) =>
      [source?.component, reportingComponent].includes('karpenter'),
    )?.message
  })

it('without its NodeOverlay Karpenter starts no node for a slice, and with it one for as many as a node has, below the limit of the NodePool', async () => {
  await apply(named('NodePool', turns))
  await waits(turns, 'nvidia.com/gpu.shared', 'early')
  expect(await told('early')).toMatch(/no instance type/)
  expect(await claimsOf(admin, turns)).toEqual([])
  await apply(named('NodeOverlay', turns))
  const overlay = await until('an overlay that Karpenter has read', async () => {
    const { body } = await admin.send({ method: 'GET', path: manifestPath(named('NodeOverlay', turns)) })
    const { conditions = [] } = (body as { status?: { conditions?: { type: string; status: string }[] } }).status ?? {}
    return conditions.find(({ type }) => type === 'Ready')
  })
  expect(overlay).toMatchObject({ status: 'True' })
  for (let index = 1; index < 16; index++) await waits(turns, 'nvidia.com/gpu.shared', `turn-${index}`)
  await until('a node', async () => (await claimsOf(admin, turns)).length > 0)
  await waits(turns, 'nvidia.com/gpu.shared', 'late')
  expect(await told('late')).toMatch(/exceed limits|no instance type/)
  expect(await claimsOf(admin, turns)).toHaveLength(1)
})

it('nobody has a node of it started for a whole GPU', async () => {
  await apply(named('NodeOverlay', parts))
  await apply(named('NodePool', parts))
  await waits(parts, 'nvidia.com/gpu', 'whole')
  expect(await told('whole')).toMatch(/no instance type/)
  await waits(parts, 'nvidia.com/mig-1g.10gb', 'part')
  await until('a node', async () => (await claimsOf(admin, parts)).length > 0)
  expect(await claimsOf(admin, parts)).toHaveLength(1)
})

it('all of it is taken as it is, stays so when it is compared, and the plugin’s ConfigMap with it', async () => {
  const [config] = pluginManifests(policy, NAME)
  for (const one of [config as Manifest, named('NodePool', parts), named('NodeOverlay', parts)]) {
    await apply(one)
    expect(await compareManifest(admin, one)).toMatchObject({ state: 'same', detail: [] })
  }
  const { body } = await admin.send({ method: 'GET', path: manifestPath(config as Manifest) })
  expect(body).toMatchObject({ data: { default: expect.stringMatching('migStrategy: none') } })
})
