import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { laneOfNotice } from '../../../core/money/notice-lane.ts'
import { besideText, noticeCard, noticeText } from '../../../core/money/notice-text.ts'
import { foldNotice, isPlausible, type NoticeRow, type OwnFigure } from '../../../core/money/notices.ts'
import { anomalyMonitorName, awsBudgetName } from '../../../core/policy/names-in-aws.ts'
import { parsePolicy } from '../../../core/policy.ts'
import type { BudgetCrossed } from '../../../events/contract.ts'
import example from '../../example.ts'

const NOVEMBER = { from: Date.UTC(2026, 10, 1), until: Date.UTC(2026, 11, 1) }
const usd = (value: number) => ({ value, unit: 'USD' })
const notice = (given: Partial<BudgetCrossed> = {}): BudgetCrossed => ({
  ...{ type: 'budget-crossed', id: 'i', at: 1000, of: 'aws-budget', name: 'gpus', key: 'k' },
  ...{ amount: usd(16_120.33), budgeted: usd(20_000), threshold: usd(16_000), isForecast: false, days: NOVEMBER },
  ...{ ofNodes: true, text: 'Cost', replayed: false },
  ...given,
})
const own = (dollars: number, more: Partial<OwnFigure> = {}): OwnFigure => ({
  ...{ dollars, since: NOVEMBER.from, unpricedHours: 0 },
  ...more,
})
const LANE = 'budget/ml-monthly'
const fold = (before: NoticeRow | null, event: BudgetCrossed) =>
  foldNotice(before, event, { lane: LANE, own: null, plausible: true, now: event.at * 3_600_000 * 24 })
const heard = (given: Partial<BudgetCrossed> = {}, beside: OwnFigure | null = null) => {
  const event = notice(given)
  const plausible = isPlausible(event, { own: beside, dollars: 20_000 })
  return foldNotice(null, event, { lane: LANE, own: beside, plausible, now: 0 })!.heard
}

describe('what is told', () => {
  it('each crossing once, however often and in whatever order it comes; what is shown is the newest', () => {
    const event = fc.record({ at: fc.integer({ min: 1, max: 9 }), key: fc.constantFrom('a', 'b', 'c') })
    fc.assert(
      fc.property(fc.array(event, { minLength: 1, maxLength: 20 }), (events) => {
        let row: NoticeRow | null = null
        const told: string[] = []
        for (const one of events) {
          const folded = fold(row, notice(one))
          if (folded?.tells) told.push(one.key)
          row = folded?.row ?? row
        }
        expect(told).toEqual([...new Set(events.map(({ key }) => key))])
        const first = events.filter((one, index) => events.findIndex(({ key }) => key === one.key) === index)
        expect(row?.last.at).toBe(Math.max(...first.map(({ at }) => at)))
      }),
    )
  })

  it('of what grows: shown as it grows, told again once it is twice what was told, and never by what is older or less', () => {
    const of = 'anomaly'
    const first = fold(null, notice({ of, amount: usd(100), at: 1 }))!
    const more = fold(first.row, notice({ of, amount: usd(150), at: 2 }))!
    expect([more.tells, more.row.last.amount]).toEqual([false, usd(150)])
    expect(fold(more.row, notice({ of, amount: usd(150), at: 3 }))).toBeNull()
    expect(fold(more.row, notice({ of, amount: usd(900), at: 1 }))).toBeNull()
    expect(fold(more.row, notice({ of, amount: usd(120), at: 1 }))).toBeNull()
    expect(fold(more.row, notice({ of, amount: usd(90), at: 4 }))).toBeNull()
    const twice = fold(more.row, notice({ of, amount: usd(200), at: 4 }))!
    expect([twice.tells, twice.row.told]).toEqual([true, { k: 200 }])
  })

  it('of one name a dozen a day at most are told, and the rest is written down', () => {
    let row: NoticeRow | null = null
    const told = Array.from({ length: 30 }, (_, n) => {
      const folded = foldNotice(row, notice({ key: `window ${n}`, at: n + 1 }), {
        ...{ lane: LANE, own: null, plausible: true, now: n < 20 ? 0 : 86_400_000 },
      })
      row = folded?.row ?? row
      return folded?.tells
    })
    expect([told.slice(0, 20).filter(Boolean).length, told.slice(20).filter(Boolean).length]).toEqual([12, 10])
  })

  it('a row keeps as many keys as a month has, and no more', () => {
    let row: NoticeRow | null = null
    for (let n = 0; n < 200; n++) row = fold(row, notice({ at: n + 1, key: `day ${n}` }))?.row ?? row
    expect(Object.keys(row?.told ?? {})).toHaveLength(40)
    expect(fold(row, notice({ at: 300, key: 'day 199' }))).toBeNull()
  })
})

describe('whose it is', () => {
  const policy = parsePolicy({
    ...example,
    budget: { ...example.budget, notices: { aws: ['gpus of ml'], anomalies: ['gpu services'], mlflow: ['bp-1'] } },
  })
  const laneOf = (of: BudgetCrossed['of'], name: string, text = '') => laneOfNotice(policy, { of, name, text })

  it('is the budget’s that names it under its own source, and a budget’s that the stack has made', () => {
    for (const [of, name] of [
      ['aws-budget', 'gpus of ml'],
      ['aws-action', 'gpus of ml'],
      ['anomaly', 'gpu services'],
      ['gateway', 'bp-1'],
    ] as const)
      expect(laneOf(of, name)).toBe(LANE)
    expect(laneOf('aws-budget', awsBudgetName(policy, [80]))).toBe(LANE)
    expect(laneOf('anomaly', anomalyMonitorName(policy))).toBe(LANE)
    const called = [anomalyMonitorName(policy)]
    expect(laneOfNotice(policy, { of: 'anomaly', name: 'arn:aws:ce::1:anomalymonitor/x', called, text: '' })).toBe(LANE)
    expect(laneOf('aws-action', '', `the budget ${awsBudgetName(policy, [80])}, which`)).toBe(LANE)
    expect(laneOf('aws-action', '', 'of gpus of ml.')).toBe(LANE)
  })

  it('is nobody’s else', () => {
    for (const [of, name] of [
      ['gateway', 'gpus of ml'],
      ['aws-budget', 'gpu services'],
      ['aws-budget', 'gpus'],
      ['aws-budget', 'signalbox-ml-monthly-'],
      ['aws-budget', 'signalbox-ml-monthly-0a1b2c3d4'],
      ['anomaly', awsBudgetName(policy, [80])],
    ] as const)
      expect(laneOf(of, name), name).toBeNull()
  })

  it('stays with the budget under another name', () => {
    const renamed = { ...policy, budget: { ...policy.budget, name: 'ml-2027', known: 'ml-monthly' } }
    expect(laneOfNotice(renamed, { of: 'gateway', name: 'bp-1', text: '' })).toBe(LANE)
  })
})

describe('what stands beside it', () => {
  it('our own figure of the same days, and how far they differ', () => {
    expect(noticeText(heard())).toBe('AWS Budgets counts $16,120.33 of gpus in 2026-11, over $16,000.00')
    expect(besideText(heard({}, own(15_800)))).toEqual([
      'our meter has $15,800.00 of nodes in the same days: it has $320.33 (2.0 %) more',
    ])
    expect(besideText(heard({}, own(16_500)))[0]).toContain('(2.3 %) less')
    expect(besideText(heard({}, own(16_120.33)))[0]).toContain('they agree')
  })

  it('since when our meter has looked, and hours without a price', () => {
    const [text] = besideText(heard({}, own(100, { since: Date.UTC(2026, 10, 20), unpricedHours: 3 })))
    expect(text).toContain('seen since 2026-11-20 00:00 UTC, without 3.0 node hours that have no price')
    expect(besideText(heard({}, own(0, { since: NOVEMBER.until })))).toEqual([
      'our meter looks since 2026-12-01 00:00 UTC, after these days',
    ])
    expect(besideText(heard({}, own(0, { since: null })))).toEqual(['our meter has seen no node yet'])
  })

  it('a forecast is called one, and no difference is made of it', () => {
    const told = heard({ isForecast: true, amount: usd(24_310) }, own(15_800))
    expect(noticeText(told)).toContain('reckons with $24,310.00 by the end')
    expect(besideText(told)).toEqual([
      'it is a forecast, not spend',
      expect.stringMatching(/\$15,800.00 of nodes in the same days so far$/),
    ])
  })

  it('other currencies, other things and what cannot be read are not compared', () => {
    expect(besideText(heard({ amount: { value: 10, unit: 'EUR' } }, own(1)))).toEqual([
      expect.stringContaining('they are not compared'),
    ])
    expect(besideText(heard({ of: 'gateway', ofNodes: false, amount: usd(204) }))).toEqual([
      expect.stringContaining('counts calls'),
    ])
    expect([noticeText(heard({ amount: null })), besideText(heard({ amount: null }))]).toEqual([
      expect.stringContaining('cannot be read'),
      [],
    ])
  })

  it('what cannot be so is said to be implausible: beside our meter, its own budget and ours', () => {
    const told = heard({ amount: usd(183_965_812_157.54) }, own(15_800))
    expect(told.plausible).toBe(false)
    expect(besideText(told).at(-1)).toContain('it is not plausible')
    expect(noticeCard(told, 'ml-monthly')).toMatchObject({ tone: 'neutral', question: null })
    expect(heard({ amount: usd(-1) }).plausible).toBe(false)
    expect(heard({ amount: usd(150_000) }, own(15_800)).plausible).toBe(true)
    expect(heard({ amount: usd(250_000) }, own(30_000)).plausible).toBe(true)
    expect(heard({ amount: { value: 1e12, unit: 'JPY' } }).plausible).toBeNull()
  })

  it('a card never asks, says that nothing was begun or stopped, and has nothing of others that Slack or a terminal obeys', () => {
    const hostile = heard({
      name: '<!channel>\u001b[31m\n*x*'.repeat(50),
      text: '\u202e'.repeat(300),
      of: 'anomaly',
    })
    const card = noticeCard(hostile, null)
    expect(card.question).toBeNull()
    expect(JSON.stringify(card)).not.toMatch(/\\u001b|\u202e|\\n/)
    expect(card.title.length).toBeLessThan(200)
    expect(noticeCard(heard(), 'ml-monthly').lines.at(-1)).toContain('nothing was begun or stopped')
  })
})
