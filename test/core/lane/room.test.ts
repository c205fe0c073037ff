import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { boundAt } from '../../../core/lane/bound.ts'
import {
  amountsOf,
  centsOf,
  holdingOf,
  holdOf,
  holdRowOf,
  lineSum,
  needsOf,
  poolRooms,
  roomOfSum,
  roomsOf,
  spentSum,
  whyFull,
} from '../../../core/lane/room.ts'
import type { PoolView } from '../../../core/world.ts'
import { emptyPool, emptyWorld, trainPlan } from '../training-fixture.ts'
import { approvedBy, NOW, policy, running, runOf, viewOf } from './fixture.ts'

const plan = trainPlan()
const ran = runOf({ phase: 'steps', steps: [running({ touched: true, ranFrom: NOW })] })
const full = (pool: Partial<PoolView>, dollars = { spent: 0, held: 0 }) =>
  whyFull(viewOf({ world: emptyWorld({ pools: { 'gpu-train': emptyPool('gpu-train', pool) }, dollars }) }), plan)

describe('whether a plan fits now', () => {
  it('is asked of what others hold and use, in each of its pools', () => {
    expect(full({})).toBeNull()
    expect(full({ heldByOthers: 8 })).toBeNull()
    expect(full({ heldByOthers: 9 })).toBe('gpu-train has 7 of 16 GPUs free for it, and it needs 8')
    expect(full({ heldByOthers: 99 })).toContain('has 0 of 16 GPUs free')
    expect(full({ ceiling: null, heldByOthers: 999 })).toBeNull()
  })

  it('is asked of the budget, what others hold of it included', () => {
    expect(full({}, { spent: 19_000, held: 776 })).toBeNull()
    expect(full({}, { spent: 19_000, held: 900 })).toBe('$19000.00 spent and $900.00 held leave no $223.83 of $20000')
  })

  it('is no of a pool that is not there, and while nobody has looked', () => {
    expect(whyFull(viewOf({ world: emptyWorld({ pools: {} }) }), plan)).toBe('there is no pool gpu-train')
    expect(whyFull(viewOf(), plan)).toBe('nobody has looked')
  })
})

describe('a hold', () => {
  it('is what the plan may occupy and cost at most, and its guard is what is left for ours', () => {
    const world = emptyWorld({
      pools: { 'gpu-train': emptyPool('gpu-train', { beyondHolds: 3 }) },
      dollars: { spent: 100, held: 7 },
    })
    expect(holdOf(viewOf({ world }), plan)).toEqual({
      hold: { gpus: { 'gpu-train': 8 }, budget: 'ml-monthly', lasts: {}, dollars: 223.83 },
      guard: { 'pool/gpu-train': 13, 'budget/ml-monthly': 1_990_000 },
    })
  })

  it('is besides what is left of what was approved for what stands halfway, which is held with no run too', () => {
    const halfwayCosts = { since: NOW, perHour: 10, left: 40, budget: 'ml-monthly', until: NOW }
    const world = emptyWorld({ pools: {}, dollars: { spent: 19_800, held: 0 } })
    const doc = { ...viewOf().doc, halfwayCosts, stands: { 'gpu-serve': 4 } }
    expect(holdOf(viewOf({ world, doc }), plan).hold.dollars).toBeCloseTo(263.83, 5)
    expect(
      whyFull(viewOf({ world: emptyWorld({ dollars: world.dollars }), doc }), {
        ...plan,
        bounds: { ...plan.bounds, gpus: {} },
      }),
    ).toContain('leave no $263.83')
    expect(holdingOf(doc)).toEqual({ 'pool/gpu-serve': 4, 'budget/ml-monthly': 4000 })
    expect(holdingOf({ ...doc, run: runOf() })).toEqual({ 'pool/gpu-serve': 4, 'budget/ml-monthly': 4000 })
    expect(holdingOf({ ...doc, run: runOf({ hold: { gpus: {}, budget: 'b', dollars: 1 } }) })).toEqual({
      'budget/b': 100,
    })
  })

  it('says what of it stays once its run is over: nothing of a pipeline, of a service what stands in the end', () => {
    expect(holdOf(viewOf({ world: emptyWorld() }), plan).hold.lasts).toEqual({})
    const kind = { ...viewOf().kind, stands: true }
    const lasts = (of: typeof plan) => holdOf(viewOf({ world: emptyWorld(), kind }), of).hold.lasts
    expect([lasts({ ...plan, stands: { 'gpu-serve': 4 } }), lasts(plan)]).toEqual([{ 'gpu-serve': 4 }, undefined])
  })

  it('is a row that says so, of what stood before where its run goes back', () => {
    const hold = { gpus: { 'gpu-serve': 12, other: 4 }, budget: 'b', dollars: 1, lasts: { 'gpu-serve': 8 } }
    const doc = { ...viewOf().doc, stands: { 'gpu-serve': 4 } }
    const rows = (run: ReturnType<typeof runOf> | null) =>
      ['pool/gpu-serve', 'pool/other', 'budget/b', 'pool/none'].map((room) => holdRowOf('l', { ...doc, run }, room))
    const dollars = { lane: 'l', amount: 100 }
    expect(rows(runOf({ hold }))).toEqual([
      { lane: 'l', amount: 12, lasts: 8 },
      { lane: 'l', amount: 4, lasts: 0 },
      dollars,
      undefined,
    ])
    const ending = { kind: 'failed' as const, reason: 'gate' as const, detail: 'd' }
    expect(rows(runOf({ hold, ending }))[0]).toEqual({ lane: 'l', amount: 12, lasts: 4 })
    // What has fallen to that, what rests, and what an earlier release held, stays.
    const fallen = { ...hold, gpus: { 'gpu-serve': 8 } }
    const { lasts: _, ...earlier } = hold
    expect(rows(runOf({ hold: fallen }))[0]).toEqual({ lane: 'l', amount: 8 })
    expect(rows(runOf({ hold: earlier }))[0]).toEqual({ lane: 'l', amount: 12 })
    expect(rows(null)[0]).toEqual({ lane: 'l', amount: 4 })
    // What stands halfway goes back to what stood before, or on from there.
    const halfway = { ...doc, stands: { 'gpu-serve': 12 }, halfway: true, lasts: { 'gpu-serve': 8 } }
    for (const run of [null, runOf(), runOf({ hold, ending })])
      expect(holdRowOf('l', { ...halfway, run }, 'pool/gpu-serve')).toEqual({ lane: 'l', amount: 12, lasts: 8 })
    const { halfway: __, ...rests } = halfway
    expect(holdRowOf('l', rests, 'pool/gpu-serve')).toEqual({ lane: 'l', amount: 12 })
  })

  it('is of the one budget, whatever that is called by now', () => {
    const renamed = { ...policy, budget: { ...policy.budget, name: 'ml-2026', known: 'ml-monthly' } }
    const world = emptyWorld({ pools: {}, dollars: { spent: 100, held: 7 } })
    const { hold, guard } = holdOf(viewOf({ world, policy: renamed }), plan)
    expect([hold.budget, guard['budget/ml-monthly'], guard['budget/ml-2026']]).toEqual([
      'ml-monthly',
      1_990_000,
      undefined,
    ])
    expect(Object.keys(needsOf(viewOf({ policy: renamed }), plan))).toContain('budget/ml-monthly')
  })

  it('has no guard where the pool has no ceiling, and none of dollars where it costs nothing', () => {
    const world = emptyWorld({ pools: { 'gpu-train': emptyPool('gpu-train', { ceiling: null }) } })
    const free = { ...plan, bounds: { ...plan.bounds, dollars: 0 } }
    expect(holdOf(viewOf({ world }), free).guard).toEqual({ 'pool/gpu-train': null, 'budget/ml-monthly': null })
  })

  it('counts in GPUs and whole cents, rounded up: sums end where they began', () => {
    expect(amountsOf({ gpus: { a: 8, b: 4 }, budget: 'm', dollars: 1.001 })).toEqual({
      'pool/a': 8,
      'pool/b': 4,
      'budget/m': 101,
    })
    expect(amountsOf(null)).toEqual({})
    expect([0.29, 1.1, 223.83, 40.01].map(centsOf)).toEqual([29, 110, 22_383, 4001])
    fc.assert(
      fc.property(fc.nat(10_000_000), (cents) => {
        expect(centsOf(cents / 100)).toBe(cents)
      }),
    )
  })

  const approved = approvedBy({ spent: 60, begun: true })
  const again = { ...plan, bounds: { ...plan.bounds, dollars: 20 } }
  const afterSpent = (spent: number) =>
    viewOf({ doc: { ...viewOf().doc, approved }, world: emptyWorld({ dollars: { spent, held: 0 } }) })
  const endOf = (view: ReturnType<typeof viewOf>) => {
    const run = { ...ran, hold: holdOf(view, again).hold }
    return boundAt({ doc: { ...view.doc, run }, plan: { plan: again, back: [] }, now: NOW }, run)?.ending.detail
  }

  it('is of dollars what its bound lets it cost: all that is left of what was approved, over all attempts', () => {
    const view = afterSpent(19_836)
    expect(holdOf(view, again).hold.dollars).toBeCloseTo(163.83)
    expect(holdOf(view, again).hold).not.toHaveProperty('atMost')
    expect(endOf(view)).toContain('$163.83')
    expect(endOf(view)).not.toContain('the budget')
  })

  it('is what it needs where there is no room for that, and it never costs more than is held', () => {
    const view = afterSpent(19_836.18)
    expect(needsOf(view, again)).toMatchObject({ 'budget/ml-monthly': 2000 })
    expect(whyFull(view, again)).toBeNull()
    expect(holdOf(view, again).hold).toMatchObject({ dollars: 20, atMost: 20 })
    expect(endOf(view)).toMatch(/the \$20.00 that it may at most.*raise the budget, which had no room for more/)
    const costs = { since: NOW, perHour: 1, left: 5, budget: 'ml-monthly', until: NOW }
    const halfway = { ...view, doc: { ...view.doc, halfwayCosts: costs } }
    expect(holdOf(halfway, again).hold).toMatchObject({ dollars: 25, atMost: 20 })
    expect(needsOf(halfway, again)).toMatchObject({ 'budget/ml-monthly': 2500 })
  })

  it('waits while there is no room for what it needs', () => {
    expect(whyFull(afterSpent(19_990), again)).toBe('$19990.00 spent and $0.00 held leave no $20.00 of $20000')
  })

  it('is its plan’s own bound where nobody had to approve it, and where nothing of it costs while it runs', () => {
    const view = afterSpent(0)
    const dollars = (of: typeof plan) => holdOf(view, of).hold.dollars
    const moves = plan.steps.filter(({ kind }) => kind !== 'launch-job')
    // Moves of a rollout cost too, where more runs than before.
    const surges = { ...again, steps: [{ kind: 'roll-out-model', perHour: 3 }] as never }
    expect(dollars(surges)).toBeCloseTo(163.83)
    expect(dollars({ ...again, approval: { ...plan.approval, required: false } })).toBe(20)
    expect(dollars({ ...again, steps: moves })).toBe(20)
    expect(dollars({ ...plan, bounds: { ...plan.bounds, dollars: 0 } })).toBe(0)
  })

  it('is what its plan needs, and no less than what stands', () => {
    expect(needsOf(viewOf(), plan)).toEqual({ 'pool/gpu-train': 8, 'budget/ml-monthly': 22_383 })
    const doc = { ...viewOf().doc, stands: { 'gpu-train': 9, other: 1 } }
    expect(needsOf(viewOf({ doc }), plan)).toMatchObject({ 'pool/gpu-train': 9, 'pool/other': 1 })
  })
})

describe('of a pool that Kueue owns', () => {
  const pools = { ...policy.pools, 'gpu-train': { ...policy.pools['gpu-train']!, queue: 'gpu' } }
  const queued = { ...policy, pools }
  const world = emptyWorld({ pools: { 'gpu-train': emptyPool('gpu-train', { heldByOthers: 99 }) } })
  const view = viewOf({ world, policy: queued })

  it('nothing is held, whoever uses it: it is no room, and a plan needs dollars only', () => {
    expect(poolRooms(queued)).toEqual(['pool/gpu-serve'])
    expect(roomsOf(queued)).toEqual(['pool/gpu-serve', 'budget/ml-monthly'])
    expect(whyFull(view, plan)).toBeNull()
    expect(needsOf(view, plan)).toEqual({ 'budget/ml-monthly': 22_383 })
    expect(holdOf(view, plan)).toEqual({
      hold: { gpus: {}, budget: 'ml-monthly', lasts: {}, dollars: 223.83 },
      guard: { 'budget/ml-monthly': 2_000_000 },
    })
  })

  it('dollars are held as of any', () => {
    const poor = viewOf({ world: { ...world, dollars: { spent: 19_900, held: 0 } }, policy: queued })
    expect(whyFull(poor, plan)).toContain('leave no $223.83')
  })

  it('what stands there since before stays held until it is seen gone', () => {
    const doc = { ...view.doc, stands: { 'gpu-train': 4 } }
    expect(needsOf({ ...view, doc }, plan)).toMatchObject({ 'pool/gpu-train': 4 })
  })
})

it('a month’s spending is counted by its month in UTC', () => {
  expect(spentSum(policy.budget.name, NOW)).toBe('spent/ml-monthly/2026-11')
  expect(spentSum('m', Date.UTC(2026, 11, 31, 23, 59))).toBe('spent/m/2026-12')
})

it('a counter says its room: of its line, and of what is held in it', () => {
  expect(['pool/a', lineSum('pool/a')].map(roomOfSum)).toEqual(['pool/a', 'pool/a'])
})
