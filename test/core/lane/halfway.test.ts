import { describe, expect, it } from 'vitest'
import type { Mark } from '../../../core/lane/document.ts'
import {
  answerUntil,
  asksTooLate,
  costBefore,
  frozenUntil,
  hadOutage,
  halfwayAfter,
  restsNoLonger,
  tooLate,
  waitsForSide,
  waitsTooLong,
} from '../../../core/lane/halfway.ts'
import type { HalfwayCosts } from '../../../core/lane/hold.ts'
import { next } from '../../../core/lane/next.ts'
import type { Plan } from '../../../core/plan.ts'
import {
  ANA,
  docOf,
  HOUR,
  markOf,
  NOW,
  planRow,
  policy,
  questionOf,
  running,
  runOf,
  SERVICE,
  served,
  viewOf,
} from './fixture.ts'

/** $10 an hour since an hour ago, of $40. */
const costs: HalfwayCosts = { since: NOW - HOUR, perHour: 10, left: 40, budget: 'ml-monthly', until: NOW + 2 * HOUR }
/** A rollout whose moves each have $20 an hour beyond what ran before. */
const plan = {
  ...planRow.plan,
  approval: { ...planRow.plan.approval, required: false },
  bounds: { ...planRow.plan.bounds, dollars: 100 },
  steps: ['move-1', 'move-2'].map((name) => ({ kind: 'roll-out-model', name, perHour: 20, objects: [] })),
} as unknown as Plan
const move = (over: Parameters<typeof markOf>[0]) => markOf({ name: 'move-1', kind: 'roll-out-model', ...over })
const lane = (over: Parameters<typeof docOf>[0] = {}) =>
  docOf({ lane: SERVICE, desired: served('9'), generation: 3, attempt: 1, halfway: true, halfwayCosts: costs, ...over })

describe('what stands halfway', () => {
  it('costs on until the moves of the next run count, or that is over', () => {
    const of = (run = runOf(), doc = lane()) => costBefore(doc, { run, plan, now: NOW })
    expect(of()).toBe(10)
    expect(of(runOf({ steps: [move({ state: 'done', startedAt: NOW - HOUR / 2, endedAt: NOW })] }))).toBe(5)
    expect(costBefore(lane(), { run: runOf(), plan: null, now: NOW })).toBe(10)
    expect(of(runOf(), docOf())).toBe(0)
  })

  it('is what the run’s own moves have left, for what its bound has left of them', () => {
    const hold = { gpus: {}, budget: 'another', dollars: 100 }
    const run = runOf({ generation: 3, hold, steps: [move({ state: 'running', by: 'me', ranFrom: NOW - 2 * HOUR })] })
    const after = halfwayAfter({ doc: lane(), policy, now: NOW }, { run, plan })
    expect(after).toEqual({ since: NOW, perHour: 20, left: 60, budget: 'another', until: NOW + 3 * HOUR })
  })

  it('is told to end as much earlier as its servers need to end', () => {
    const spec = { template: { spec: { terminationGracePeriodSeconds: 1800 } } }
    const slow = { ...plan, steps: plan.steps.map((step) => ({ ...step, objects: [{ kind: 'Deployment', spec }] })) }
    const run = runOf({ generation: 3, steps: [move({ state: 'running', by: 'me', ranFrom: NOW - 2 * HOUR })] })
    const after = halfwayAfter({ doc: lane(), policy, now: NOW }, { run, plan: slow as unknown as Plan })
    expect(after?.until).toBe(NOW + 2.5 * HOUR)
  })

  it('stays what it was where the run has moved nothing, less what was booked of it', () => {
    const after = halfwayAfter({ doc: lane(), policy, now: NOW }, { run: runOf(), plan })
    expect(after).toEqual({ ...costs, since: NOW, left: 30 })
    expect(halfwayAfter({ doc: lane(), policy, now: NOW + 9 * HOUR }, { run: runOf(), plan: null })?.left).toBe(0)
    expect(halfwayAfter({ doc: docOf(), policy, now: NOW }, { run: runOf(), plan })).toBeUndefined()
  })

  it('is that too which its last move has begun and nobody has seen on a node yet', () => {
    const begun = (steps: Mark[]) => halfwayAfter({ doc: docOf(), policy, now: NOW }, { run: runOf({ steps }), plan })
    expect(begun([move({ state: 'running', by: 'me' })])).toMatchObject({ perHour: 20, left: 100 })
    const lower = {
      ...plan,
      steps: plan.steps.map((step, index) => ({ ...step, perHour: index === 1 ? 0 : 20 })),
    } as Plan
    const run = runOf({
      steps: [move({ state: 'done', by: 'me' }), move({ name: 'move-2', state: 'running', by: 'me' })],
    })
    expect(halfwayAfter({ doc: docOf(), policy, now: NOW }, { run, plan: lower })).toBeUndefined()
  })

  it('costs nothing where no more runs than before', () => {
    const free = { ...plan, steps: plan.steps.map((step) => ({ ...step, perHour: 0 })) } as Plan
    const run = runOf({ steps: [move({ state: 'running', by: 'me', ranFrom: NOW - HOUR })] })
    expect(halfwayAfter({ doc: lane(), policy, now: NOW }, { run, plan: free })).toBeUndefined()
  })
})

describe('what stands halfway where nobody answers, as its plan has named', () => {
  const named = {
    ...plan,
    bounds: { ...plan.bounds, answering: 0, unanswered: 25 },
    steps: [
      ...plan.steps.map((step, index) => ({ ...step, perHour: 0, brings: index === 1 ? 3 : null })),
      { kind: 'switch-traffic', name: 'traffic-1', to: 3 },
    ],
  } as unknown as Plan
  const begun = (...more: Mark[]) =>
    runOf({ generation: 3, steps: [move({ state: 'done', by: 'me', startedAt: NOW - 10 * 60_000 }), ...more] })
  const led = (state: 'running' | 'done') => markOf({ name: 'traffic-1', kind: 'switch-traffic', state, by: 'me' })
  const costsOf = (run: ReturnType<typeof runOf>, of: Plan = named, now = NOW) =>
    halfwayAfter({ doc: docOf(), policy, now }, { run, plan: of })

  it('may be so for as long as was named, though it costs nothing more', () => {
    const until = NOW + 15 * 60_000
    expect(costsOf(begun())).toMatchObject({ perHour: 0, left: 0, until, unanswered: 25 })
    expect(costsOf(begun(led('running')))).toMatchObject({ until })
    expect(costsOf(begun(), named, NOW + 9 * HOUR)).toMatchObject({ until: NOW + 9 * HOUR })
    const { unanswered: _, ...bounds } = named.bounds
    // Nobody answered as it was planned, or an earlier release planned it: no way back ends that.
    expect(costsOf(begun(), { ...named, bounds })).toBeUndefined()
  })

  it('is so no more once requests are led to what rises, and not before a move has begun', () => {
    expect(costsOf(begun(led('done')))).toBeUndefined()
    expect(costsOf(runOf({ generation: 3 }))).toBeUndefined()
    for (const waits of [true, 'pods'] as const) {
      const run = runOf({ generation: 3, steps: [move({ state: 'running', by: 'me', startedAt: NOW, waits })] })
      expect([costsOf(run), hadOutage(run, named)]).toEqual([undefined, false])
    }
    expect([hadOutage(begun(led('done')), named), hadOutage(begun(), null)]).toEqual([true, false])
    expect(costsOf(begun(), { ...named, bounds: plan.bounds })).toBeUndefined()
  })

  it('ends by its dollars where those are over before', () => {
    const dear = { ...named, steps: named.steps.map((step) => ({ ...step, perHour: 600 })) } as Plan
    const { until, unanswered } = costsOf(begun(move({ name: 'move-2', state: 'pending' })), dear) ?? {}
    expect([until, unanswered]).toEqual([NOW, undefined])
  })

  it('says so, where people have too little time for it', () => {
    const doc = lane({ halfwayCosts: { ...costs, unanswered: 25, until: NOW + 10 * 60_000 } })
    expect(answerUntil({ doc: { ...doc, run: runOf({ generation: 3 }) }, now: NOW }, NOW + HOUR)).toBeNull()
    expect(asksTooLate({ doc }).detail).toMatch(/nobody was to answer for more than 25 min, too little for anybody/)
  })
})

describe('who waits while something stands halfway', () => {
  const waits = {
    why: 'frozen' as const,
    text: 'frozen until tomorrow',
    since: NOW,
    until: NOW + 9 * HOUR,
    side: null,
    tries: 1,
  }
  const doc = lane({ run: runOf({ generation: 3 }), rest: waits })

  it('waits no longer than what is left pays for, whatever it waits for, and says what that was', () => {
    expect(restsNoLonger({ doc }, waits)).toEqual({ ...waits, until: costs.until })
    expect(waitsTooLong({ doc, now: costs.until - 1 })).toBe(false)
    expect(waitsTooLong({ doc, now: costs.until })).toBe(true)
    expect(tooLate({ doc })).toEqual({
      kind: 'failed',
      reason: 'halfway-bound',
      detail:
        'what stands halfway before it may cost $40.00 more at most, which is over while it waits (frozen until tomorrow), and goes back first: another attempt begins from there',
    })
  })

  it('ends as a person has said, or because something newer is wanted, where that is so', () => {
    const endOf = (run: Parameters<typeof runOf>[0], over: Parameters<typeof docOf>[0] = {}) =>
      next(
        viewOf({
          doc: { ...doc, run: runOf({ generation: 3, desired: served('9'), ...run }), ...over },
          now: costs.until,
        }),
      )
    const rejected = questionOf({
      state: 'rejected',
      votes: [{ by: ANA, verdict: 'deny', at: NOW, reason: null }],
    })
    expect(endOf({})).toMatchObject({ kind: 'close', outcome: { reason: 'halfway-bound' } })
    expect(endOf({ cancelled: { by: 'carla', at: NOW } })).toMatchObject({ outcome: { kind: 'cancelled' } })
    expect(endOf({ phase: 'asked', question: rejected })).toMatchObject({ outcome: { kind: 'rejected' } })
    expect(endOf({}, { generation: 4 })).toMatchObject({ outcome: { kind: 'superseded' } })
  })

  it('is woken for that though it waits for a far side that another asks', () => {
    const away = { ...waits, why: 'unavailable' as const, side: 'registry' }
    expect(waitsForSide({ ...doc, rest: away })).toBeNull()
    expect(waitsForSide(docOf({ run: runOf(), rest: away }))).toBe('registry')
    expect(waitsForSide(docOf())).toBeNull()
  })

  it('is asked about for no longer, and where that is too short not before it has gone back', () => {
    const until = NOW + 4 * HOUR
    // What is agreed to at the last moment has five minutes to begin.
    expect(answerUntil({ doc, now: NOW }, until)).toBe(costs.until - HOUR / 12)
    expect(answerUntil({ doc, now: NOW }, NOW + HOUR)).toBe(NOW + HOUR)
    expect(answerUntil({ doc, now: costs.until - HOUR / 4 }, until)).toBeNull()
    expect(answerUntil({ doc: docOf({ run: runOf() }), now: NOW }, until)).toBe(until)
    expect(asksTooLate({ doc })).toMatchObject({ reason: 'halfway-bound' })
  })

  it('and is held in a freeze before its own moves count: no longer either', () => {
    const run = runOf({ steps: [running({ name: 'traffic-1', kind: 'switch-traffic', waits: true })] })
    const held = (steps: Mark[]) =>
      frozenUntil({ doc: lane({ run }), plan: { plan, back: [] } }, { ...run, steps: [...run.steps, ...steps] })
    expect(held([])).toMatchObject({ at: costs.until, ending: { kind: 'failed', reason: 'halfway-bound' } })
    expect(held([move({ state: 'running', ranFrom: NOW })])).toBeNull()
    expect(frozenUntil({ doc: docOf({ run }), plan: null }, run)).toBeNull()
  })

  it.each([
    ['has begun', lane({ run: runOf({ steps: [running()] }) })],
    ['ends already', lane({ run: runOf({ ending: { kind: 'cancelled', reason: null, detail: '' } }) })],
    ['is nobody', lane({ run: null })],
    ['takes the place of nothing that costs', docOf({ run: runOf() })],
  ])('waits for as long as any where it %s', (_, other) => {
    expect(waitsTooLong({ doc: other, now: costs.until })).toBe(false)
    expect(restsNoLonger({ doc: other }, waits)).toEqual(waits)
  })
})
