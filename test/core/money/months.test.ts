import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Mark } from '../../../core/lane/document.ts'
import { costByMonth, costOf } from '../../../core/money/cost.ts'
import {
  monthsOf,
  ranByMonth,
  spentByMonth,
  sumOfMonths,
  timeByMonth,
  withStretch,
} from '../../../core/money/months.ts'
import type { Step } from '../../../core/plan.ts'
import { HOUR, markOf } from '../lane/fixture.ts'

const NOON = Date.UTC(2026, 9, 31, 12)
const DAY = 24 * HOUR

describe('time by months in UTC', () => {
  it('is parted where a month begins, however many lie between', () => {
    expect(timeByMonth(NOON, NOON + 30 * HOUR)).toEqual({ '2026-10': 12 * HOUR, '2026-11': 18 * HOUR })
    expect(timeByMonth(NOON, Date.UTC(2027, 0, 1))).toEqual({
      '2026-10': 12 * HOUR,
      '2026-11': 30 * DAY,
      '2026-12': 31 * DAY,
    })
    expect(timeByMonth(NOON, NOON)).toEqual({})
    expect(timeByMonth(NOON, NOON - 1)).toEqual({})
  })
})

describe('work that stands still and goes on', () => {
  const none = markOf({ ran: 0, ranTo: null })

  it('keeps what lies in months before the last one beside it', () => {
    const october = withStretch(none, NOON, NOON + HOUR)
    expect(october).toEqual({ ...none, ran: HOUR, ranTo: NOON + HOUR })
    const both = withStretch(october, NOON + 10 * HOUR, NOON + 13 * HOUR)
    expect(both).toMatchObject({ ran: 4 * HOUR, ranTo: NOON + 13 * HOUR, ranIn: { '2026-10': 3 * HOUR } })
    const december = withStretch(both, NOON + 40 * DAY, NOON + 40 * DAY + HOUR)
    expect(ranByMonth(december)).toEqual({ '2026-10': 3 * HOUR, '2026-11': HOUR, '2026-12': HOUR })
  })

  it('has all that an earlier release counted in the month in which it was over', () => {
    expect(ranByMonth({ ran: 50 * DAY, ranTo: NOON })).toEqual({ '2026-10': 50 * DAY })
  })
})

describe('what was spent, by months', () => {
  const step = { kind: 'launch-job', name: 'train', perHour: 55.04 } as Step
  const stretches = fc.array(fc.tuple(fc.integer({ min: 0, max: 40 * DAY }), fc.integer({ min: 1, max: 40 * DAY })), {
    minLength: 1,
    maxLength: 6,
  })

  it('comes to the whole of it, whatever stood still between', () => {
    fc.assert(
      fc.property(stretches, (all) => {
        let [mark, at]: [Mark, number] = [markOf({ name: 'train', way: 'forth', ran: 0, ranTo: null }), NOON]
        for (const [pause, ran] of all) {
          mark = withStretch(mark, at + pause, at + pause + ran)
          at += pause + ran
        }
        const costing = { run: { steps: [mark] }, plan: { steps: [step] }, now: at }
        const exact = costByMonth(costing)
        expect(sumOfMonths(exact)).toBeCloseTo(costOf(costing), 6)
        const spent = { cost: Math.round(costOf(costing) * 100) / 100, endedAt: at }
        const months = spentByMonth({ ...spent, ...monthsOf(spent, exact) })
        expect(sumOfMonths(months)).toBeCloseTo(spent.cost, 6)
        for (const [month, dollars] of Object.entries(months)) {
          expect(dollars).toBeGreaterThanOrEqual(0)
          expect(Math.abs(dollars - (exact[month] ?? 0))).toBeLessThan(0.011)
        }
      }),
    )
  })

  it('is said by months only where not all of it lies in that of its end', () => {
    const ended = { cost: 30, endedAt: NOON + 30 * HOUR }
    expect(monthsOf(ended, { '2026-11': 30 })).toEqual({})
    expect(monthsOf(ended, { '2026-10': 0.004, '2026-11': 29.996 })).toEqual({})
    expect(monthsOf(ended, { '2026-10': 30 })).toEqual({ months: { '2026-10': 30 } })
    expect(spentByMonth(ended)).toEqual({ '2026-11': 30 })
  })

  it('of a rollout is what stands from one move to the next', () => {
    const steps = [{ kind: 'roll-out-model', name: 'up', perHour: 10 } as Step]
    const up = markOf({ name: 'up', way: 'forth', state: 'running', ranFrom: NOON })
    expect(costByMonth({ run: { steps: [up] }, plan: { steps }, now: NOON + 30 * HOUR })).toEqual({
      '2026-10': 120,
      '2026-11': 180,
    })
  })
})
