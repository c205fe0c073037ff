import { describe, expect, it } from 'vitest'
import { type Draft, finishPlan, type ServeInput } from '../../../core/planning/serve-plan.ts'
import { parsePolicy } from '../../../core/policy.ts'

const input = (spent: number): ServeInput => ({
  identity: { installation: 'signalbox', ledger: 'feedfacecafe', name: 'service-m-0123abcd' },
  run: { lane: 'service/m', generation: 2, attempt: 1 },
  desired: { kind: 'none', model: 'm' },
  baseline: null,
  policy: parsePolicy({
    cluster: 'gpu',
    results: { bucket: 'results' },
    budget: { dollars: 1000 },
    pools: {},
    approvals: { channel: 'C', approvers: [{ id: 'T0A/U0A', name: 'A' }], expiry: '30m' },
  }),
  world: { pools: {}, dollars: { spent, held: 100 }, generations: [] },
  now: 1_000,
})
const draft = (total: number): Draft => ({
  title: 't',
  steps: [],
  objects: [],
  interrupts: ['v7 is replaced by v8'],
  price: {
    total: { p50: total, p95: total },
    perHour: { p50: 0, p95: 0 },
    nowPerHour: 0,
    gpuHours: { p50: 0, p95: 0 },
    sources: [],
  },
  gpus: { p: 8 },
  stands: { p: 4 },
  unavailable: 1,
  strategy: null,
  undo: 'u',
  reasons: ['r'],
})

describe('a plan', () => {
  it('is bound to dollars, GPUs, replicas and a time', () => {
    const result = finishPlan(input(0), draft(10))
    expect(result).toMatchObject({
      plan: { bounds: { dollars: 15, gpus: { p: 8 }, unavailable: 1, until: 1_000 + 30 * 60_000 } },
    })
  })

  it('binds what it interrupts', () => {
    const digest = (change: Partial<Draft>) => {
      const result = finishPlan(input(0), { ...draft(10), ...change })
      return result.kind === 'plan' ? result.plan.digest : ''
    }
    expect(digest({ interrupts: [] })).not.toBe(digest({}))
    expect(digest({ gpus: { p: 4 }, strategy: null, unavailable: 0 })).toBe(digest({}))
  })

  it('is refused when it does not fit into what is left of the budget, with the sum', () => {
    expect(finishPlan(input(890), draft(10))).toEqual({
      kind: 'refuse',
      reason: 'budget-exceeded',
      detail:
        '$890.00 spent this month, $100.00 held by other plans and up to $15.00 for this one are $1,005.00, $5.00 over the $1,000.00 of ml-monthly',
    })
  })

  it('that costs nothing is not refused for a budget that is spent', () => {
    expect(finishPlan(input(2000), draft(0))).toMatchObject({ kind: 'plan' })
  })
})
