import { describe, expect, it } from 'vitest'
import {
  freeGpus,
  oncePassed,
  type Rule,
  roomSentence,
  ruleOf,
  slotGpus,
  whyTooSmall,
} from '../../../core/planning/serve-room.ts'
import { parsePolicy } from '../../../core/policy.ts'
import type { PoolView } from '../../../core/world.ts'
import { emptyPool, emptyWorld } from '../training-fixture.ts'

const image = `vllm@sha256:${'a'.repeat(64)}`
const ruleWith = (view: Partial<PoolView>, gpusPerReplica = 4): Rule => {
  const policy = parsePolicy({
    cluster: 'gpu',
    results: { bucket: 'results' },
    budget: { dollars: 1000 },
    pools: {
      p: { instanceType: 'x', gpusPerNode: 8, maxGpus: 16, price: { perNodeHour: 8, source: 's', date: '2026-11-01' } },
    },
    services: {
      m: {
        alias: 'a',
        image,
        pool: 'p',
        replicas: 2,
        gpusPerReplica,
        gate: { image, checks: [{ metric: 'x', op: '>=', value: 1 }] },
      },
    },
    approvals: { channel: 'C', approvers: [{ id: 'T0A/U0A', name: 'A' }] },
  })
  const rule = ruleOf(policy, emptyWorld({ pools: { p: emptyPool('p', view) } }), 'm')
  if ('kind' in rule) throw new Error(rule.detail)
  return rule
}

describe('the GPUs that are free for a lane', () => {
  it('are those below the ceiling that nobody else holds or uses', () => {
    expect(freeGpus(ruleWith({ heldByOthers: 4 }), [])).toBe(12)
    expect(freeGpus(ruleWith({ used: 6 }), [])).toBe(10)
  })

  it('are counted in whole nodes, as Karpenter counts its limit', () => {
    expect(freeGpus(ruleWith({ ceiling: 12 }), [])).toBe(8)
  })

  it('have no end where the pool has no ceiling', () => {
    const rule = ruleWith({ ceiling: null })
    expect(freeGpus(rule, [])).toBe(Number.POSITIVE_INFINITY)
    expect(whyTooSmall(rule)).toBeNull()
    expect(roomSentence(rule, [])).toBe('p has no ceiling (0 used, 0 held)')
  })
})

it('a pool once others have given back what they hold for a while has that free, and nothing else', () => {
  const seen = { used: 12, usedByLane: 4, heldByOthers: 12, beyondHolds: 2 }
  const later = oncePassed(ruleWith({ ...seen, passing: 4 }))
  expect(later).toMatchObject({ view: { ...seen, heldByOthers: 8 }, awaited: 4 })
  expect(later?.view).not.toHaveProperty('passing')
  expect(later && roomSentence(later, [])).toBe(
    'p has 8 free of 16 (12 used, 0 held), with 4 that others hold for a while',
  )
  expect(oncePassed(ruleWith({ ...seen, used: 16, passing: 99 }))?.view).toMatchObject({ used: 4, heldByOthers: 0 })
  expect(oncePassed(ruleWith(seen))).toBeNull()
})

describe('the GPUs of a replica', () => {
  it.each([
    [4, 4],
    [1, 1],
    [3, 4],
    [5, 8],
    [8, 8],
  ])('that asks for %i on nodes of 8 are %i', (asked, taken) => {
    expect(slotGpus(ruleWith({}), asked)).toBe(taken)
  })

  it('must fit one node', () => {
    expect(whyTooSmall(ruleWith({}, 9))).toContain('a replica needs 9 GPUs and a node of p has 8')
  })
})
