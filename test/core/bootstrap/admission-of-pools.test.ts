import { describe, expect, it } from 'vitest'
import { poolAdmission } from '../../../core/bootstrap/admission-of-pools.ts'
import { policyWith } from '../lane/fixture.ts'

/** What test/real/access/ceilings.test.ts asks of a real server is said here in words. */
const policy = policyWith((config) => {
  Object.assign(config.pools['gpu-train'] ?? {}, {
    hours: { zone: 'UTC', ceilings: [{ from: '20:00', to: '06:00', maxGpus: 32 }] },
    leases: { maxGpus: 24, maxHours: 12 },
  })
})
const policies = poolAdmission(policy)
const policyOf = (name: string) => policies.find((one) => one.name === name) as (typeof policies)[number]

describe('who sets how high a NodePool goes', () => {
  it('has the right to use it, or to bootstrap; where no limit moves nobody is asked', () => {
    const { when, validations } = policyOf('ceilings')
    expect(Object.keys(when)).toEqual(['ours', 'limits'])
    expect(when['limits']).toContain('spec.limits')
    expect(validations[0]?.expression).toMatch(/check\('use'\).*\|\|.*check\('patch'\)/)
  })

  it('if it is a door, sets none above the highest hours with all that may be leased on top', () => {
    const [only, bound] = policyOf('ceilings-by-door').validations
    expect(bound?.expression).toContain(`object.metadata.name == 'gpu-train'`)
    expect(bound?.expression).toContain(`compareTo(quantity('56')) <= 0`)
    expect(bound?.expression).toContain(`compareTo(quantity('16')) <= 0`)
    expect(only?.message).toMatch(/makes and deletes none/)
  })

  it('sets none where the policy has no pools', () => {
    const none = poolAdmission({ installation: 'ours', pools: {} })
    expect(none[1]?.validations[1]?.expression).toBe('object == null || false')
  })
})
