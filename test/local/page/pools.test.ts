import { expect, it } from 'vitest'
import { parsePolicy } from '../../../core/policy.ts'
import { poolsFragment } from '../../../local/page/fragments.ts'
import { poolBars } from '../../../local/page/pools.ts'
import { HOUR, NOW, policyWith } from '../../core/lane/fixture.ts'
import { emptyPool, emptyWorld } from '../../core/training-fixture.ts'
import { withoutGpus } from '../../without-gpus.ts'

const policy = policyWith((config) => {
  Object.assign(config.pools['gpu-train'] ?? {}, { leases: { maxGpus: 16, maxHours: 12 } })
})
const leases = [
  { kind: 'lease' as const, lane: 'pool/gpu-train', id: 'g4', gpus: 8, from: NOW, until: NOW + 90 * 60_000, by: 'ben' },
  { kind: 'lease' as const, lane: 'pool/gpu-train', id: 'g5', gpus: 8, from: NOW - HOUR, until: NOW, by: 'ben' },
]
const world = emptyWorld({
  pools: { 'gpu-train': { ...emptyPool('gpu-train'), leases }, 'gpu-serve': emptyPool('gpu-serve') },
})

it('a pool shows what is leased of it with the time left, and what may be done: about that lease, or another one', async () => {
  const [train, serve] = poolBars(world, { policy, now: NOW })
  expect(train?.leases.map(({ text }) => text)).toEqual(['g4: 8 GPUs leased by ben, 1h 30m left'])
  expect(train?.leases[0]?.buttons.map(({ words, command }) => [words, command])).toEqual([
    ['Extend 4 h', { kind: 'lease', lane: 'pool/gpu-train', does: 'extend', of: 'g4', more: 4 * HOUR }],
    ['End', { kind: 'lease', lane: 'pool/gpu-train', does: 'end', of: 'g4' }],
  ])
  expect(train?.buttons.map(({ command }) => command)).toEqual([
    { kind: 'lease', lane: 'pool/gpu-train', does: 'take', gpus: 8, lasts: 4 * HOUR },
  ])
  expect([serve?.leases, serve?.buttons]).toEqual([[], []])
  const html = String(await poolsFragment([train!, serve!]))
  expect(html).toContain('1h 30m left')
  expect(html.match(/data-command/g)).toHaveLength(3)
})

it('a pool without GPUs is shown in nodes, and so is what is leased of it', async () => {
  const cpus = parsePolicy(withoutGpus({ pool: { leases: { maxNodes: 2, maxHours: 12 } } }))
  const lease = { kind: 'lease' as const, lane: 'pool/cpu', id: 'g1', gpus: 1, from: NOW, until: NOW + HOUR, by: 'ben' }
  const seen = emptyWorld({ pools: { cpu: { ...emptyPool('cpu', { ceiling: 3 }), leases: [lease] } } })
  const [bar] = poolBars(seen, { policy: cpus, now: NOW })
  const html = String(await poolsFragment([bar!]))
  for (const said of ['of a ceiling of 3 nodes', 'g1: 1 node leased by ben', 'Lease 1 node for 4 h'])
    expect(html).toContain(said)
  expect(html).not.toMatch(/\bGPU/)
})
