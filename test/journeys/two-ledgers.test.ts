import { afterEach, describe, expect, it } from 'vitest'
import { nodePoolObject } from '../../core/bootstrap/node-pools.ts'
import type { KubeObject } from '../../core/kube.ts'
import { MARKER, markerObject } from '../../core/marker.ts'
import { label } from '../../core/names.ts'
import { parsePolicy } from '../../core/policy.ts'
import { NotOurs } from '../../flows/claim.ts'
import { everyLane } from '../../flows/lanes.ts'
import { virtualClock } from '../../local/clock.ts'
import type { LocalCluster } from '../../local/cluster/local-cluster.ts'
import { openSimulatedCluster } from '../../local/cluster/simulated-cluster.ts'
import { runUntil } from '../../local/drive.ts'
import { type LocalHouse, openHouse } from '../../local/house.ts'
import { fixedPolicies } from '../../local/policies/file-policies.ts'
import { uploadDataset } from '../../local/scenario.ts'
import { fixedSecrets } from '../../local/secrets/local-secrets.ts'
import { openStores } from '../../local/stores.ts'
import example from '../example.ts'
import { taskJob } from '../local/cluster/world-fixture.ts'
import { START } from './town.ts'

const HOUR = 3_600_000
const config = { ...example, approvals: { ...example.approvals, autoApproveBelow: 1e9 } }
const clock = virtualClock(START)
const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

/** A cluster with namespaces of two teams, that several products share. */
const sharedCluster = async (objects: LocalHouse['objects']): Promise<LocalCluster> => {
  const namespaces = ['training', 'serving', 'other-team']
  const cluster = openSimulatedCluster({ file: ':memory:', clock, objects, namespaces })
  for (const namespace of namespaces.slice(0, 2)) await cluster.create(markerObject(namespace))
  for (const [name, pool] of Object.entries(parsePolicy(config).pools))
    await cluster.apply(nodePoolObject({ name, ...pool }), 'signalbox-ceiling')
  closing.push(() => cluster.close())
  return cluster
}

let shared: LocalCluster | null = null
const openProduct = async (id: string, { adopt = false } = {}): Promise<LocalHouse> => {
  const stores = openStores(null)
  closing.push(stores.close)
  const house = await openHouse({
    stores,
    clock,
    adopt,
    mint: () => id,
    policies: fixedPolicies(parsePolicy(config)),
    secrets: fixedSecrets({ 'mlflow-webhook': 'a', 'alert-webhook': 'test-alerts', 'slack-signing': 'b', token: 'c' }),
    openCluster: async ({ objects }) => {
      shared ??= await sharedCluster(objects)
      // Whoever closes a product closes no cluster.
      const { advance, create, apply, get, list, patch, delete: remove, watch, logs } = shared
      const bound = { advance, create, apply, get, list, patch, delete: remove, watch, logs }
      const own = Object.entries(bound).map(([name, member]) => [name, (member as () => unknown).bind(shared)])
      return { ...Object.fromEntries(own), close: () => undefined } as LocalCluster
    },
    onError: () => undefined,
  })
  closing.push(house.close)
  return house
}
afterEach(() => {
  shared = null
})

const jobs = async (): Promise<string[]> =>
  ((await shared?.list('Job', { namespace: 'training' })) ?? []).map(({ metadata }) => metadata.name).sort()
const trains = async (house: LocalHouse): Promise<void> => {
  await uploadDataset(house, { bucket: 'acme-datasets', folder: 'support-chats/a/', rows: ['{"q":1}'] })
  await house.scanUploads()
  const done = async (): Promise<boolean> => (await jobs()).length > 0
  expect(await runUntil(house, clock, { done, atMost: HOUR })).toBe(true)
}

describe('a second product with an empty ledger and the same names (B)', () => {
  it('is refused at its start, and the first one’s training is not touched', async () => {
    const first = await openProduct('aaaaaaaaaaaa')
    await trains(first)
    const before = await jobs()
    await expect(openProduct('bbbbbbbbbbbb')).rejects.toThrow(NotOurs)
    expect(await jobs()).toEqual(before)
    const ended = async (): Promise<boolean> => (await everyLane(first.ports.ledger)).every(({ run }) => run === null)
    expect(await runUntil(first, clock, { done: ended, atMost: 48 * HOUR })).toBe(true)
    const [lane] = await everyLane(first.ports.ledger)
    expect(lane?.outcome).toMatchObject({ kind: 'succeeded', attempt: 1 })
  })

  it('that adopts deletes nothing that it did not make, and the first one touches nothing any more', async () => {
    const first = await openProduct('aaaaaaaaaaaa')
    await trains(first)
    const before = await jobs()
    const second = await openProduct('bbbbbbbbbbbb', { adopt: true })
    await runUntil(second, clock, { done: async () => false, atMost: HOUR / 12 })
    expect(await jobs()).toEqual(before)
    const lane = (await everyLane(first.ports.ledger))[0]?.lane ?? ''
    await first.command({ kind: 'cancel', lane, by: 'ana' })
    await first.advance()
    expect(await jobs()).toEqual(before)
    expect(await first.why(lane)).toMatchObject({
      text: expect.stringMatching(/belongs to another ledger \(bbbbbbbbbbbb/),
    })
  })
})

describe('labels from other namespaces (K)', () => {
  it('wake nobody, block nothing, and nothing there is looked at by name or deleted', async () => {
    const house = await openProduct('aaaaaaaaaaaa')
    await trains(house)
    const [name = ''] = await jobs()
    const real = (await shared?.get({ kind: 'Job', namespace: 'training', name })) as KubeObject<'Job'>
    const spoofed = { ...taskJob('x'), metadata: { name, namespace: 'other-team', labels: real.metadata.labels } }
    await shared?.create(spoofed as KubeObject)
    const ended = async (): Promise<boolean> => (await everyLane(house.ports.ledger)).every(({ run }) => run === null)
    expect(await runUntil(house, clock, { done: ended, atMost: 48 * HOUR })).toBe(true)
    await runUntil(house, clock, { done: async () => false, atMost: HOUR })
    expect(await shared?.get({ kind: 'Job', namespace: 'other-team', name })).toMatchObject({ metadata: { name } })
  })

  it('a foreign pod that carries a lane’s label is another’s: it makes no full pool look free', async () => {
    const house = await openProduct('aaaaaaaaaaaa')
    const { observe } = await import('../../flows/observe.ts')
    const policy = parsePolicy(config)
    const lane = 'pipeline/support-chats'
    const [pool = ''] = Object.keys(policy.pools)
    const pod = (namespace: string, ledger: string): KubeObject =>
      ({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: {
          name: `spoof-${namespace}-${ledger}`,
          namespace,
          labels: {
            [label('installation')]: 'signalbox',
            [label('lane')]: 'pipeline.support-chats',
            [label('ledger')]: ledger,
          },
        },
        spec: {
          nodeSelector: { 'karpenter.sh/nodepool': pool },
          tolerations: [{ operator: 'Exists' }],
          containers: [{ name: 'c', image: 'i', resources: { limits: { 'nvidia.com/gpu': '8' } } }],
        },
      }) as KubeObject
    await shared?.create(pod('other-team', 'aaaaaaaaaaaa'))
    await shared?.create(pod('training', 'bbbbbbbbbbbb'))
    await shared?.create(pod('training', 'aaaaaaaaaaaa'))
    const identity = { installation: policy.installation, ledger: 'aaaaaaaaaaaa', name: 'x' }
    const world = await observe(house.ports, { policy, identity, now: START, doc: { lane }, kind: { stands: false } })
    expect(world.pools[pool]).toMatchObject({ usedByLane: 8, heldByOthers: 16 })
  })
})

it('each namespace names its ledger for whoever looks', async () => {
  await openProduct('aaaaaaaaaaaa')
  const marker = await shared?.get({ kind: 'ConfigMap', namespace: 'training', name: MARKER })
  expect((marker as KubeObject<'ConfigMap'>).data).toMatchObject({ ledger: 'aaaaaaaaaaaa', home: 'memory' })
})
