import { describe, expect, it } from 'vitest'
import { OTHERS } from '../../../core/money/instance.ts'
import { IDLE } from '../../../core/money/lines.ts'
import type { DayRow, MeterRow } from '../../../core/money/rows.ts'
import { meteredSpend, neededSince } from '../../../core/money/spend.ts'
import { spendText } from '../../../core/money/spend-text.ts'

const at = Date.UTC(2026, 10, 21)
const cell = (payer: string, dollars: number, unpriced = 0) => ({
  pool: 'gpu',
  payer,
  seconds: 3600,
  dollars,
  unpriced,
})
const days = (from: number, to: number, dollars: number): DayRow[] =>
  Array.from({ length: to - from + 1 }, (_, n) => ({
    day: `2026-11-${String(from + n).padStart(2, '0')}`,
    cells: [cell('pipeline/a', dollars), cell(OTHERS, 0.25 * dollars), cell(IDLE.tail, 0.25 * dollars)],
  }))
const meter: MeterRow = { at, since: Date.UTC(2026, 10, 1), others: at, rates: [cell('pipeline/a', 12)] }

describe('the spend of a month', () => {
  it('is by lane, by pool and by day, with what an hour costs now', () => {
    const spend = meteredSpend(days(1, 20, 100), { meter, month: '2026-11' })
    expect(spend.dollars).toBeCloseTo(3000)
    expect(spend.by.lane.map(({ of, dollars, perHour }) => [of, dollars, perHour])).toEqual([
      ['pipeline/a', 2000, 12],
      ['idle after the last pod', 500, 0],
      ['others', 500, 0],
    ])
    expect(spend.by.pool).toMatchObject([{ of: 'gpu', dollars: 3000, perHour: 12 }])
    expect(spend.by.day).toHaveLength(20)
  })

  it('comes at its end to what the last seven days would make of it', () => {
    const changing = [...days(1, 14, 0), ...days(15, 20, 100)]
    const { forecast } = meteredSpend(changing, { meter, month: '2026-11' })
    // Six of seven days at $150, and ten days are left.
    expect(forecast).toBeCloseTo(900 + 10 * 150, 0)
  })

  it('counts the days before it for what is to come, and no more of them than anybody has looked at', () => {
    const early = { ...meter, at: Date.UTC(2026, 10, 2), since: Date.UTC(2026, 9, 20) }
    const october: DayRow[] = [27, 28, 29, 30, 31].map((day) => ({
      day: `2026-10-${day}`,
      cells: [cell('pipeline/a', 60)],
    }))
    const both = [...october, { day: '2026-11-01', cells: [cell('pipeline/a', 60)] }]
    expect(meteredSpend(both, { meter: early, month: '2026-11' }).forecast).toBeCloseTo(60 + 29 * 60, 0)
    const young = { ...early, since: early.at - 60_000 }
    expect(meteredSpend(both, { meter: young, month: '2026-11' }).forecast).toBeNull()
    expect(neededSince('2026-11', early.at)).toBe('2026-10-27')
  })

  it('of one that is over is what it was', () => {
    const spend = meteredSpend(days(1, 20, 100), { meter: { ...meter, at: Date.UTC(2026, 11, 5) }, month: '2026-11' })
    expect([spend.perHour, spend.forecast]).toEqual([0, spend.dollars])
  })

  it('that nobody has seen is none, and says so', () => {
    const spend = meteredSpend([], { meter: null, month: '2026-11' })
    expect(spend).toMatchObject({ since: null, at: null, dollars: 0, forecast: null })
    expect(spendText(spend, { dollars: 100 }, at)).toEqual([
      'no node was looked at yet in 2026-11: the meter looks every minute',
    ])
  })

  it('says which hours have no price, and since when nobody has seen the cluster', () => {
    const unpriced = [{ day: '2026-11-20', cells: [cell('pipeline/a', 0, 7200)] }]
    const spend = meteredSpend(unpriced, { meter, month: '2026-11' })
    expect(spendText(spend, { dollars: 100 }, at + 3_600_000).slice(1)).toEqual([
      '2.0 node hours have no price, and are in no sum: set `pools.*.price`',
      'nobody has seen the cluster since 2026-11-21 00:00 UTC: what runs is counted until then',
    ])
  })
})
