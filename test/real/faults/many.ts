import example from '../../example.ts'
import { piped } from '../../variants.ts'
import { ownConfig } from '../real-town.ts'

/** How many datasets there are, each with a lane of its own. */
export const LANES = 6

/** One dataset a lane, small enough for several to be on the pool at once, and nothing that asks a person. */
export const manyDatasets = (installation: string): Record<string, unknown> => {
  const named = Array.from({ length: LANES }, (_, index) => `set-${index}`)
  const pipelines = Object.fromEntries(
    named.map((name) => [name, piped({ prefix: `${name}/`, as: name, train: { gpus: 4 } })]),
  )
  return ownConfig(installation, {
    pipelines,
    services: {},
    approvals: { ...example.approvals, autoApproveBelow: 1000 },
  })
}

/** S3's event for a manifest, as EventBridge delivers it. */
export const eventFor = (key: string): object => ({
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

/** Each key so many times, in an order that the seed decides. */
export const shuffled = (keys: string[], copies: number, random: () => number): string[] =>
  Array.from({ length: keys.length * copies }, (_, index) => keys[index % keys.length] as string)
    .map((key) => ({ key, place: random() }))
    .sort((a, b) => a.place - b.place)
    .map(({ key }) => key)
