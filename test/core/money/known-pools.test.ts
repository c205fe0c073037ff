import { describe, expect, it } from 'vitest'
import { knownPools, lookedFor } from '../../../core/money/known-pools.ts'
import type { Policy } from '../../../core/policy.ts'
import { POLICY } from '../../money/metering.ts'

const HOUR = 3_600_000
const NONE = { there: new Set<string>(), now: 0 }
const without = (name: string): Pick<Policy, 'pools'> => {
  const { [name]: _, ...pools } = POLICY.pools
  return { pools }
}
const before = knownPools({}, POLICY, NONE)

describe('pools that the meter knows', () => {
  it('are as the policy says them, those that have left it as it last did', () => {
    const after = knownPools(before, without('gpu-train'), { ...NONE, now: 5 * HOUR })
    expect(after).toEqual({ ...before, 'gpu-train': { ...before['gpu-train'], left: 5 * HOUR } })
    expect(knownPools(after, POLICY, NONE)).toEqual(before)
  })

  it('are looked for a day after they have left, and after anything of ours was there', () => {
    const left = without('gpu-train')
    const at = (hours: number, known = before, there: string[] = []) =>
      knownPools(known, left, { there: new Set(there), now: hours * HOUR })
    expect(lookedFor(before, left, 0)).toContain('gpu-train')
    const once = at(10)
    expect(at(20, once)).toEqual(once)
    expect(lookedFor(once, left, 33 * HOUR)).toContain('gpu-train')
    expect(lookedFor(once, left, 34 * HOUR)).not.toContain('gpu-train')
    expect(lookedFor(at(30, once, ['gpu-train']), left, 34 * HOUR)).toContain('gpu-train')
  })

  it('are a hundred that have left at most, the last', () => {
    const many = Object.fromEntries(
      Array.from({ length: 300 }, (_, n) => [`old-${n}`, { ...before['gpu-train'], left: n * HOUR }]),
    )
    const known = knownPools(many as never, POLICY, { ...NONE, now: 400 * HOUR })
    expect(Object.keys(known)).toHaveLength(103)
    expect(known).toMatchObject({ 'old-299': { left: 299 * HOUR }, 'old-200': {} })
  })
})
