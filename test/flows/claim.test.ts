import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { KubeObject } from '../../core/kube.ts'
import { emptyDocument } from '../../core/lane/document.ts'
import { MARKER, markerObject } from '../../core/marker.ts'
import { label, runOnceName } from '../../core/names.ts'
import { parsePolicy } from '../../core/policy.ts'
import { SELF } from '../../core/rows.ts'
import { withToken } from '../../core/steps/launch-job.ts'
import { claim, NotOurs } from '../../flows/claim.ts'
import { guarded } from '../../flows/guarded.ts'
import type { Ledger } from '../../flows/ledger-port.ts'
import type { Cluster } from '../../flows/ports.ts'
import { readRow } from '../../flows/rows.ts'
import { virtualClock } from '../../local/clock.ts'
import { openSimulatedCluster } from '../../local/cluster/simulated-cluster.ts'
import { memoryLedger } from '../../local/ledger/memory-ledger.ts'
import { fixedPolicies } from '../../local/policies/file-policies.ts'
import config from '../example.ts'
import { memoryObjects, taskJob } from '../local/cluster/world-fixture.ts'

const policies = fixedPolicies(parsePolicy(config))
const clock = virtualClock(Date.UTC(2026, 10, 23, 12))
let cluster: Cluster

/** A ledger of its own on the one cluster. */
const product = (id: string, ledger: Ledger = memoryLedger()) => {
  const ports = { ledger, cluster, policies, clock }
  const mint = vi.fn(() => id)
  return {
    ports,
    mint,
    claim: (over: { adopt?: boolean; home?: string } = {}) => claim(ports, { home: `home of ${id}`, mint, ...over }),
    guarded: () => guarded(ports, { home: `home of ${id}`, mint }),
    self: async () => (await readRow(ledger, 'identity', SELF))?.value,
  }
}
const marker = async (namespace: string) =>
  ((await cluster.get({ kind: 'ConfigMap', namespace, name: MARKER })) as KubeObject<'ConfigMap'>).data
const deployment = (name: string, fence: string, ledger: string): KubeObject =>
  ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      name,
      namespace: 'serving',
      labels: { [label('ledger')]: ledger },
      annotations: { [label('fence-workload')]: fence },
    },
    spec: {
      replicas: 0,
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'c', image: 'i' }] } },
    },
  }) as KubeObject

beforeEach(async () => {
  cluster = openSimulatedCluster({ clock, file: ':memory:', objects: memoryObjects() })
  for (const namespace of ['training', 'serving']) await cluster.create(markerObject(namespace))
})

describe('one ledger a namespace', () => {
  it('the first writes itself into the markers, and finds itself there whenever it starts again', async () => {
    const first = product('aaaaaaaaaaaa')
    await first.claim()
    expect(await marker('training')).toEqual({
      ledger: 'aaaaaaaaaaaa',
      home: 'home of aaaaaaaaaaaa',
      since: '2026-11-23T12:00:00.000Z',
    })
    const minted = first.mint.mock.calls.length
    await first.claim()
    expect(first.mint).toHaveBeenCalledTimes(minted)
  })

  it('a second one is refused with what to do, and has touched nothing', async () => {
    await product('aaaaaaaaaaaa').claim()
    const patch = vi.spyOn(cluster, 'patch')
    const refused = product('bbbbbbbbbbbb').claim()
    await expect(refused).rejects.toThrow(NotOurs)
    await expect(refused).rejects.toThrow(
      'the namespace training belongs to another ledger (aaaaaaaaaaaa): nothing was touched. If that one is stopped for good, say so ' +
        'once: `signalbox adopt --aws REGION --context NAME`, on one machine `signalbox start --adopt`; else name other namespaces in the ' +
        'policy. It lies in home of aaaaaaaaaaaa and has acted there since 2026-11-23T12:00:00.000Z; this one (bbbbbbbbbbbb) lies in home of bbbbbbbbbbbb',
    )
    expect(patch).not.toHaveBeenCalled()
  })

  it('a copy of the ledger elsewhere is a second one', async () => {
    const first = product('aaaaaaaaaaaa')
    await first.claim()
    await expect(first.claim({ home: 'a copy' })).rejects.toThrow(/belongs to the same ledger at another place/)
  })

  it('where only one of two namespaces is another’s, the free one is left free', async () => {
    await product('aaaaaaaaaaaa').claim()
    const { uid = '' } = ((await cluster.get({ kind: 'ConfigMap', namespace: 'training', name: MARKER })) as KubeObject)
      .metadata
    await cluster.patch({ kind: 'ConfigMap', namespace: 'training', name: MARKER }, uid, { data: null })
    await expect(product('bbbbbbbbbbbb').claim()).rejects.toThrow(/namespace serving belongs/)
    expect(await marker('training')).toBeUndefined()
  })

  it('of two that start at once one has it', async () => {
    const both = [product('aaaaaaaaaaaa'), product('bbbbbbbbbbbb')]
    const got = await Promise.allSettled(both.map((one) => one.claim()))
    expect(got.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect((await marker('training'))?.['ledger']).toBe((await marker('serving'))?.['ledger'])
  })

  it('without a marker nothing begins, and it says what makes one', async () => {
    for (const namespace of ['training', 'serving']) {
      const { uid = '' } = ((await cluster.get({ kind: 'ConfigMap', namespace, name: MARKER })) as KubeObject).metadata
      await cluster.delete({ kind: 'ConfigMap', namespace, name: MARKER }, uid)
    }
    await expect(product('aaaaaaaaaaaa').claim()).rejects.toThrow('run `signalbox bootstrap --apply`')
  })
})

describe('--adopt', () => {
  it('takes the other’s place, and goes on above the greatest fence that stands there', async () => {
    await product('aaaaaaaaaaaa').claim()
    await cluster.apply(deployment('a-g1', '41', 'aaaaaaaaaaaa'), 'signalbox-workload')
    await cluster.apply(deployment('a-g2', '9', 'aaaaaaaaaaaa'), 'signalbox-workload')
    const second = product('bbbbbbbbbbbb')
    await second.claim({ adopt: true })
    expect(await marker('serving')).toMatchObject({ ledger: 'bbbbbbbbbbbb' })
    expect(await second.self()).toMatchObject({ fenceFrom: 41 })
    await second.claim()
    await expect(product('aaaaaaaaaaaa').claim()).rejects.toThrow(NotOurs)
  })

  it('goes on above the greatest generation that it knows or has made a Job of, whatever others call theirs', async () => {
    const ledger = memoryLedger()
    const one = product('aaaaaaaaaaaa', ledger)
    await one.claim()
    const empty = emptyDocument({ installation: 'signalbox', cluster: 'c', ledger: 'aaaaaaaaaaaa' }, 'pipeline/p')
    await ledger.commit([{ put: 'lane', id: 'pipeline/p', revision: 0, value: { ...empty, generation: 207 } }])
    const job = (generation: number) => {
      const name = runOnceName(empty, { generation, attempt: 1 }, 'train')
      return { ...taskJob(name), metadata: { name, namespace: 'training' } }
    }
    await cluster.create(job(5000))
    await one.claim({ adopt: true })
    expect(await one.self()).toMatchObject({ generationFrom: 300 })
    await cluster.create(withToken(job(420), (await one.self())?.secret ?? ''))
    await one.claim({ adopt: true })
    expect(await one.self()).toMatchObject({ generationFrom: 500 })
  })

  it('a fence that no ledger can have written is refused by name: it would use up all others', async () => {
    await product('aaaaaaaaaaaa').claim()
    await cluster.apply(deployment('a-g1', '999999999999999', 'nobody'), 'signalbox-workload')
    const second = product('bbbbbbbbbbbb')
    await expect(second.claim({ adopt: true })).rejects.toThrow(/Deployment a-g1 in serving has a fence that no ledger/)
    expect(await second.self()).toMatchObject({ fenceFrom: 0 })
    expect(await marker('serving')).toMatchObject({ ledger: 'aaaaaaaaaaaa' })
  })

  it('a copy that somebody made of what this ledger wrote, under another name, is no sign that it was restored', async () => {
    const one = product('aaaaaaaaaaaa')
    await one.claim()
    await cluster.apply(deployment('debugging', '7', 'aaaaaaaaaaaa'), 'signalbox-workload')
    await one.claim()
  })

  it('a ledger that stands behind what it wrote was restored: it is refused until it adopts itself', async () => {
    const ledger = memoryLedger()
    const one = product('aaaaaaaaaaaa', ledger)
    await one.claim()
    const doc = emptyDocument({ installation: 'signalbox', cluster: 'c', ledger: 'aaaaaaaaaaaa' }, 'service/m')
    await ledger.commit([
      { put: 'lane', id: 'service/m', revision: 0, value: doc },
      { put: 'name', id: doc.name, revision: 0, value: { lane: 'service/m' } },
    ])
    await cluster.apply(deployment(`${doc.name}-g1`, '1', 'aaaaaaaaaaaa'), 'signalbox-workload')
    await one.claim()
    await cluster.apply(deployment(`${doc.name}-g1`, '7', 'aaaaaaaaaaaa'), 'signalbox-workload')
    await expect(one.claim()).rejects.toThrow(
      /was restored from an older copy. Say so once, and it goes on .*: `signalbox adopt .* `signalbox start --adopt`/,
    )
    await one.claim({ adopt: true })
    await one.claim()
    expect(await one.self()).toMatchObject({ fenceFrom: 7 })
  })
})

describe('while it runs', () => {
  it('writes wait for no look at the markers where something was read just before, and none is made under another’s name', async () => {
    const first = product('aaaaaaaaaaaa')
    await first.claim()
    const own = first.guarded()
    await own.list('Job', { namespace: 'training' })
    const get = vi.spyOn(cluster, 'get')
    expect(
      (await own.create({ ...taskJob('one'), metadata: { name: 'one', namespace: 'training' } } as KubeObject)).kind,
    ).toBe('created')
    expect(get).not.toHaveBeenCalled()
    await product('bbbbbbbbbbbb').claim({ adopt: true })
    clock.set(clock.now() + 11_000)
    await expect(
      own.create({ ...taskJob('two'), metadata: { name: 'two', namespace: 'training' } } as KubeObject),
    ).rejects.toThrow(NotOurs)
    expect(await own.list('Job', { namespace: 'training' })).toHaveLength(1)
  })

  it('a namespace that is gone with its marker keeps nobody from working in the other', async () => {
    const first = product('aaaaaaaaaaaa')
    await first.claim()
    const own = first.guarded()
    const marker = { kind: 'ConfigMap', namespace: 'serving', name: MARKER } as const
    await cluster.delete(marker, (await cluster.get(marker))?.metadata.uid ?? '')
    const job = (namespace: string): KubeObject =>
      ({ ...taskJob('one'), metadata: { name: 'one', namespace } }) as KubeObject
    expect((await own.create(job('training'))).kind).toBe('created')
    await expect(own.create(job('serving'))).rejects.toThrow('the namespace serving is not there')
  })
})
