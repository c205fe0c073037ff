import { describe, expect, it } from 'vitest'
import { besideLadder, rungsAfter, settleClimb } from '../../../core/lane/laddering.ts'
import { next } from '../../../core/lane/next.ts'
import type { View } from '../../../core/lane/view.ts'
import { monthBegin, monthOf } from '../../../core/money/months.ts'
import type { Metered } from '../../../core/money/rungs.ts'
import { docOf, NOW, policyWith, viewOf } from './fixture.ts'

const policy = policyWith((config) => {
  config.budget = { name: 'ml-monthly', dollars: 1000, ladder: [{ at: 0.5, do: 'notify' }] }
})
const metered = (spent: number | null, month = monthOf(NOW)): Metered => ({
  month,
  spent,
  perHour: 10,
  forecast: null,
  saves: { notify: 0, 'ask-always': 0, 'no-new-runs': 5, 'suspend-preemptible': 6, 'cap-pools': 7 },
  caps: { 'gpu-train': 8 },
})
const budgetView = (spent: number | null, over: Partial<View> = {}): View =>
  viewOf({ doc: docOf({ lane: 'budget/ml-monthly' }), policy, metered: metered(spent), ...over })

describe('the lane of a budget', () => {
  it('rests while its rungs are what the money says, and climbs where they are not', () => {
    expect(next(budgetView(499)).kind).toBe('rest')
    expect(next(budgetView(null)).kind).toBe('rest')
    expect(next(budgetView(500))).toEqual({ kind: 'climb' })
    // A ladder that has left the policy is nobody's.
    expect(next(budgetView(500, { policy: policyWith() })).kind).toBe('rest')
    const look = { kind: 'fold' } as const
    expect(besideLadder(budgetView(500), look)).toBe(look)
  })

  it('says of a long ladder what keeps people from most first, and all of it', () => {
    const at = [0.5, 0.8, 0.9, 0.95, 1, 1.2]
    const does = ['notify', 'ask-always', 'no-new-runs', 'suspend-preemptible', 'cap-pools', 'notify'] as const
    const long = policyWith((config) => {
      const ladder = does.map((one, index) => ({ at: at[index] ?? 1, do: one }))
      config.budget = { name: 'ml-monthly', dollars: 1000, ladder }
    })
    const view = budgetView(920, { policy: long })
    const act = next({ ...view, rungs: rungsAfter([], settleClimb(view)) })
    const text = act.kind === 'rest' ? act.rest.text : ''
    expect(text).toMatch(
      /^\$920\.00 of \$1,000\.00 are spent on nodes; 90 %.*no-new-runs is in force.*; 80 %.*; 50 %.*; ahead: /,
    )
    expect(text).toMatch(
      /ahead: suspend-preemptible from \$950\.00 on, cap-pools from \$1,000\.00 on, notify@1\.2 from \$1,200\.00 on$/,
    )
  })

  it('crosses nothing by what was read of another month, as the month turns', () => {
    const read = metered(612.5, '2026-10')
    expect(next(budgetView(0, { metered: read })).kind).toBe('rest')
    expect(settleClimb(budgetView(0, { metered: read })).rungs).toEqual([])
  })

  it('forgets what is written of a ladder that has left the policy', () => {
    const view = budgetView(612.5)
    const rungs = rungsAfter([], settleClimb(view))
    const bare = { ...view, rungs, policy: policyWith() }
    expect(next(bare)).toEqual({ kind: 'climb' })
    expect(rungsAfter(rungs, settleClimb(bare))).toEqual([])
  })

  it('writes each rung once, tells it, and then rests until its month is over', () => {
    const view = budgetView(612.5)
    const change = settleClimb(view)
    expect(change.rungs).toMatchObject([{ gone: false, row: { name: 'notify@0.5', lane: 'budget/ml-monthly' } }])
    expect(change).toMatchObject({
      moments: [{ kind: 'step', text: expect.stringContaining('$612.50 of nodes have crossed 50 % of ml-monthly') }],
      counts: ['rung:notify@0.5'],
      tellings: [{ kind: 'note', card: { tone: 'bad', question: null } }],
    })
    const rungs = rungsAfter([], change)
    expect(next({ ...view, rungs })).toMatchObject({
      kind: 'rest',
      rest: { why: 'done', until: monthBegin(NOW, 1), text: expect.stringMatching(/\$612\.50 of \$1,000\.00.*50 %/) },
    })
    // The month turns: it is forgotten, and nobody is told of a notice that is over.
    const turned = { ...budgetView(0), rungs, now: monthBegin(NOW, 1) }
    const over = settleClimb(turned)
    expect([over.rungs.map(({ gone }) => gone), over.tellings]).toEqual([[true], []])
    expect(rungsAfter(rungs, over)).toEqual([])
  })
})
