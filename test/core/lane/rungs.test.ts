import { describe, expect, it } from 'vitest'
import { next } from '../../../core/lane/next.ts'
import { asksAlways, asksInVain, isLetGo, keptByRung } from '../../../core/lane/rungs.ts'
import { settle } from '../../../core/lane/settle.ts'
import { monthBegin } from '../../../core/money/months.ts'
import type { RungRow } from '../../../core/money/rungs.ts'
import {
  docOf,
  HOUR,
  markOf,
  NOW,
  planRow,
  policyWith,
  questionOf,
  runOf,
  SERVICE,
  seenWorld,
  served,
  viewOf,
  wanted,
} from './fixture.ts'

const policy = policyWith((config) => {
  const ladder = [
    { at: 0.8, do: 'ask-always' as const },
    { at: 0.9, do: 'no-new-runs' as const },
  ]
  config.budget = { name: 'ml-monthly', dollars: 1000, ladder }
})
const row = (name: string, over: Partial<RungRow> = {}): RungRow => ({
  ...{ lane: 'budget/ml-monthly', name, at: 0.9, since: NOW - HOUR, until: monthBegin(NOW, 1) },
  ...{ spent: 912, dollars: 1000, saves: 0 },
  ...over,
})
const rungs = [row('ask-always', { at: 0.8 }), row('no-new-runs')]

describe('a rung that keeps runs from beginning', () => {
  it('names itself, the budget and when it is over at the latest', () => {
    const run = runOf({ phase: 'planned' })
    const view = viewOf({ policy, rungs, doc: wanted({ run }), plan: planRow })
    expect(keptByRung(view, run)).toMatchObject({
      kind: 'rest',
      rest: {
        why: 'rung',
        until: monthBegin(NOW, 1),
        text: expect.stringMatching(/^no-new-runs: \$912\.00 of nodes have crossed 90 % of ml-monthly/),
      },
    })
    expect(keptByRung({ ...view, rungs: [] }, run)).toBeNull()
    expect(keptByRung({ ...view, now: monthBegin(NOW, 1) }, run)).toBeNull()
    expect(keptByRung({ ...view, policy: policyWith() }, run)).toBeNull()
  })

  it('gives back what was granted and has begun nothing, and keeps nothing from going on that was paid for', () => {
    const granted = runOf({ phase: 'steps', hold: { gpus: {}, dollars: 1 } as never, steps: [markOf()] })
    const view = viewOf({ policy, rungs, doc: wanted({ run: granted }), plan: planRow })
    expect(next(view)).toEqual({ kind: 'leave-line' })
    const carries = runOf({ steps: [markOf({ state: 'done', by: null })] })
    expect(keptByRung(view, carries)).toBeNull()
  })

  it('keeps back a service that nothing was judged of, and no version in another’s place', () => {
    const first = runOf({ desired: served('1') })
    const view = viewOf({ policy, rungs, doc: docOf({ lane: SERVICE, desired: served('1'), run: first }) })
    expect(keptByRung(view, first)).toMatchObject({ kind: 'rest', rest: { why: 'rung' } })
    const baseline = { generation: 1, desired: served('1'), replicas: 2 }
    const second = runOf({ desired: served('2') })
    expect(keptByRung({ ...view, doc: { ...view.doc, baseline } }, second)).toBeNull()
    const none = runOf({ desired: { kind: 'none', model: 'm' } as never })
    expect(keptByRung(view, none)).toBeNull()
  })

  it('is over for who rests on it once it is in force no more', () => {
    const rest = { why: 'rung', text: '', since: NOW, until: null, side: null, tries: 1 } as const
    const seen = { policy, rungs, now: NOW }
    expect(isLetGo({ rest }, seen)).toBe(false)
    expect(isLetGo({ rest }, { ...seen, rungs: [rungs[0] as RungRow] })).toBe(true)
    expect(isLetGo({ rest: { ...rest, why: 'frozen' } }, { ...seen, rungs: [] })).toBe(false)
  })
})

describe('a rung that asks', () => {
  it('says why, while it is in force', () => {
    expect(asksAlways({ policy, rungs, now: NOW })).toMatch(/^ask-always: \$912\.00 of nodes have crossed 80 %/)
    expect(asksAlways({ policy, rungs: [row('no-new-runs')], now: NOW })).toBeUndefined()
    expect(asksAlways({ policy, rungs, now: monthBegin(NOW, 1) })).toBeUndefined()
  })
})

describe('people who are asked for nothing but a rung', () => {
  const open = policyWith((config) => {
    config.budget = { name: 'ml-monthly', dollars: 1e6, ladder: [{ at: 0.8, do: 'ask-always' }] }
    config.approvals.autoApproveBelow = 1e9
  })
  const approval = { required: true, why: 'ask-always', need: 1, rung: true as const }
  const plan = { ...planRow, plan: { ...planRow.plan, policy: open.version, approval } }
  const doc = wanted({ run: runOf({ phase: 'asked', question: questionOf(), asked: 1 }) })
  const view = viewOf({ policy: open, doc, plan, world: seenWorld, rungs: [] })

  it('are asked in vain once it is over, lifted or of another month; not for a price, nor by a plan of another digest', () => {
    const crossed = { ...view, rungs: [row('ask-always', { at: 0.8 })] }
    const lifted = { ...view, rungs: [row('ask-always', { at: 0.8, lifted: { by: 'ana', at: NOW } })] }
    expect([view, lifted, { ...crossed, now: monthBegin(NOW, 1) }].map(asksInVain)).toEqual([true, true, true])
    const priced = { ...plan, plan: { ...plan.plan, approval: { required: true, why: '$9', need: 1 } } }
    const other = { ...plan, plan: { ...plan.plan, digest: 'other' } }
    const others = [crossed, { ...view, plan: priced }, { ...view, plan: other }, { ...view, doc: wanted() }]
    expect(others.map(asksInVain)).toEqual([false, false, false, false])
    expect([next(view), next(crossed).kind]).toEqual([{ kind: 'plan' }, 'rest'])
  })

  it('are asked no more: the plan is made anew, and their question is closed and used up for nothing', () => {
    const change = settle(view, { kind: 'plan' }, { kind: 'seen', kept: {} })
    expect(change.doc.run).toMatchObject({ phase: 'planned', asked: 0, question: { state: 'closed' } })
    expect(change.plan?.plan.approval).toMatchObject({ required: false })
    expect(change.tellings).toContainEqual({ kind: 'card', generation: 1, attempt: 1 })
    expect(change.moments[0]?.text).toBe('the rung that had it asked about is over: the question was closed')
  })
})
