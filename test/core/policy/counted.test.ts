import fc from 'fast-check'
import { expect, it } from 'vitest'
import { documentOf, parsePolicy } from '../../../core/policy.ts'
import example from '../../example.ts'
import { withoutGpus } from '../../without-gpus.ts'

const number = fc.integer({ min: 1, max: 50 })
const pools = fc.record(
  {
    maxNodes: number,
    hours: fc.record({
      zone: fc.constant('UTC'),
      ceilings: number.map((maxNodes) => [{ from: '20:00', to: '06:00', maxNodes }]),
    }),
    leases: fc.record({ maxNodes: number, maxHours: number }),
    disk: fc.integer({ min: 50, max: 500 }),
  },
  { requiredKeys: ['maxNodes'] },
)

it('what is kept of a policy is what was written: it is the same policy when it is read again', () =>
  fc.assert(
    fc.property(pools, (pool) => {
      const policy = parsePolicy(withoutGpus({ pool }))
      const again = parsePolicy(JSON.parse(JSON.stringify(documentOf(policy))))
      expect(again).toEqual(policy)
      expect(documentOf(policy).pools['cpu']).toMatchObject({ gpusPerNode: 0, ...pool, maxNodes: pool.maxNodes })
    }),
  ))

it('a node of a pool without GPUs counts as one, wherever GPUs of others are counted', () => {
  const hours = { zone: 'UTC', ceilings: [{ from: '20:00', to: '06:00', maxNodes: 8 }] }
  const { cpu } = parsePolicy(withoutGpus({ pool: { hours, leases: { maxNodes: 3, maxHours: 2 } } })).pools
  expect(cpu).toMatchObject({
    counts: 'nodes',
    gpusPerNode: 1,
    maxGpus: 2,
    hours: { ceilings: [{ maxGpus: 8 }] },
    leases: { maxGpus: 3, maxHours: 2 },
  })
  expect(JSON.stringify(cpu)).not.toContain('maxNodes')
})

it('pools with GPUs are what was written, to the byte', () => {
  const policy = parsePolicy(example)
  const { found: _, version: __, ...document } = policy
  expect(JSON.stringify(documentOf(policy))).toBe(JSON.stringify(document))
  expect(JSON.stringify(document)).not.toMatch(/maxNodes|counts/)
})
