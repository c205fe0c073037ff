import { describe, expect, it } from 'vitest'
import type { LaneDocument, Run } from '../../../core/lane/document.ts'
import { settleStepped } from '../../../core/lane/stepping.ts'
import { nextMonth, withHoldOfThisMonth } from '../../../core/lane/this-month.ts'
import { HOUR, planRow, running, runOf, viewOf, wanted } from './fixture.ts'

const DECEMBER = Date.UTC(2026, 11, 1)
const hold = { gpus: { 'gpu-train': 8 }, budget: 'ml-monthly', dollars: 223.83 }
const mark = running({ touched: true, ranFrom: DECEMBER - HOUR })
const doc = (run: Partial<Run> = {}, more: Partial<LaneDocument> = {}) =>
  wanted({ run: runOf({ phase: 'steps', hold, steps: [mark], ...run }), ...more })
const held = (now: number, given = doc()) => withHoldOfThisMonth({ plan: planRow, now }, given).run?.hold?.dollars

describe('what a run holds of a month’s budget', () => {
  it('is what it may cost, less what was spent before the month began, whatever it has cost in it', () => {
    expect(held(DECEMBER - 1)).toBe(223.83)
    expect(held(DECEMBER)).toBe(168.79)
    expect(held(DECEMBER + HOUR)).toBe(168.79)
  })

  it('only falls, and never below nothing', () => {
    expect(held(DECEMBER, doc({ hold: { ...hold, dollars: 100 } }))).toBe(100)
    const long = { ...mark, ranFrom: DECEMBER - 9 * HOUR }
    expect(held(DECEMBER, doc({ steps: [long] }))).toBe(0)
  })

  it('has what is left for what stands halfway before it', () => {
    const halfwayCosts = { since: DECEMBER - 2 * HOUR, perHour: 10, left: 50, budget: 'ml-monthly', until: DECEMBER }
    expect(held(DECEMBER, doc({ hold: { ...hold, dollars: 273.83 } }, { halfwayCosts }))).toBe(198.79)
  })

  it('stays where it holds nothing, or its plan is not the one at hand', () => {
    for (const given of [doc({ hold: null }), doc({ digest: 'another' }), wanted()])
      expect(withHoldOfThisMonth({ plan: planRow, now: DECEMBER }, given)).toBe(given)
    expect(withHoldOfThisMonth({ plan: null, now: DECEMBER }, doc()).run?.hold).toBe(hold)
  })

  it('falls at a look, and what costs is looked at where a month begins', () => {
    const wait = { kind: 'wait', note: 'running', until: null, running: true } as const
    const look = (now: number) => settleStepped(viewOf({ doc: doc(), plan: planRow, now }), 'train', wait)
    expect(look(DECEMBER - HOUR / 2).rest?.until).toBe(DECEMBER)
    expect(nextMonth(DECEMBER)).toBe(Date.UTC(2027, 0, 1))
    expect(look(DECEMBER).doc.run?.hold).toEqual({ ...hold, dollars: 168.79 })
  })
})
