import { expect, it } from 'vitest'
import type { Policy } from '../../../core/policy.ts'
import { uploadDataset } from '../../../local/scenario.ts'
import example from '../../../signalbox.config.ts'
import { seeded } from '../proxy.ts'
import { openRealTown, ownPolicy } from '../real-town.ts'

const LANES = 6
const COPIES = 200

/** One dataset a lane, small enough for several to be on the pool at once. */
const manyDatasets = (installation: string): Policy => {
  const one = example.datasets?.['support-chats']
  if (one === undefined) throw new Error('the example has no dataset')
  const named = Array.from({ length: LANES }, (_, index) => `set-${index}`)
  const datasets = Object.fromEntries(
    named.map((name) => [name, { ...one, prefix: `${name}/`, registerAs: name, launch: { ...one.launch, gpus: 4 } }]),
  )
  return ownPolicy(installation, { datasets, models: {}, approvals: { ...example.approvals, autoApproveBelow: 1000 } })
}

const eventFor = (key: string): object => ({
  version: '0',
  id: `00000000-0000-4000-8000-${key.length}`,
  'detail-type': 'Object Created',
  source: 'aws.s3',
  account: '123456789012',
  time: '2026-11-23T12:00:00Z',
  region: 'us-east-1',
  resources: ['arn:aws:s3:::acme-datasets'],
  detail: {
    version: '0',
    bucket: { name: 'acme-datasets' },
    object: { key, size: 70, etag: 'b1946ac92492d2347c6235b4d2611184', sequencer: '0062E99A88DC407460' },
    'request-id': 'N4N7GDK58NMKJ12R',
    requester: '123456789012',
    'source-ip-address': '127.0.0.1',
    reason: 'PutObject',
  },
})

it('1,200 deliveries of 6 uploads, doubled and shuffled while they are carried out: 12 Jobs were ever made', async () => {
  const town = await openRealTown({ policy: manyDatasets(`often-${process.pid}`) })
  const made = new Set<string | undefined>()
  const watching = await town.house.ports.cluster.watch({}, ({ type, object }) => {
    if (object.kind === 'Job' && object.metadata.namespace === town.policy.namespaces.training && type !== 'DELETED')
      made.add(object.metadata.uid)
  })
  const keys: string[] = []
  for (const name of Object.keys(town.policy.datasets))
    keys.push(await uploadDataset(town.house, { bucket: 'acme-datasets', folder: `${name}/one/`, rows: ['{"a":1}'] }))
  const random = seeded(11)
  const deliveries = Array.from({ length: LANES * COPIES }, (_, index) => keys[index % LANES] as string)
    .map((key) => ({ key, place: random() }))
    .sort((a, b) => a.place - b.place)
  const became: Record<string, number> = {}
  for (let from = 0; from < deliveries.length; from += 20)
    await Promise.all(
      deliveries.slice(from, from + 20).map(async ({ key }) => {
        const { kind } = await town.house.deliver(eventFor(key))
        became[kind] = (became[kind] ?? 0) + 1
      }),
    )
  for (const name of Object.keys(town.policy.datasets))
    expect((await town.settled(`train/${name}`)).state).toBe('succeeded')
  expect(became['refused']).toBeUndefined()
  expect(made.size).toBe(2 * LANES)
  for (const name of Object.keys(town.policy.datasets)) {
    const lane = await town.lane(`train/${name}`)
    expect([lane.generation, lane.attempt]).toEqual([1, 1])
  }
  watching.stop()
  await town.close()
}, 300_000)
