import { describe, expect, it } from 'vitest'
import { milliseconds } from '../../../core/duration.ts'
import { leftAfter } from '../../../core/lane/bound.ts'
import type { Mark } from '../../../core/lane/document.ts'
import { askingMore, moreAt, settleNoMore } from '../../../core/lane/more.ts'
import { workOf } from '../../../core/lane/more-hours.ts'
import { stepping } from '../../../core/lane/next-step.ts'
import { isSuspendedOtherwise, restOfSuspended } from '../../../core/lane/suspending.ts'
import type { View } from '../../../core/lane/view.ts'
import { monthBegin } from '../../../core/money/months.ts'
import type { RungRow } from '../../../core/money/rungs.ts'
import { graceOfPods } from '../../../core/steps/job-times.ts'
import { approvedBy, HOUR, NOW, planRow, policyWith, questionOf, running, runOf, viewOf, wanted } from './fixture.ts'

const MINUTE = 60_000
const policyOf = (onBound: 'ask' | 'end' = 'ask') =>
  policyWith((config) => {
    config.budget = { name: 'ml-monthly', dollars: 1000, ladder: [{ at: 0.95, do: 'suspend-preemptible' }] }
    const pipeline = config.pipelines?.['support-chats']
    if (pipeline === undefined) return
    pipeline.onBound = onBound
    const [stage] = pipeline.stages
    if (stage !== undefined) stage.preemptible = true
  })
const policy = policyOf()
const row: RungRow = {
  ...{ lane: 'budget/ml-monthly', name: 'suspend-preemptible', at: 0.95, since: NOW - HOUR },
  ...{ until: monthBegin(NOW, 1), spent: 951, dollars: 1000, saves: 55.04 },
}
const made = { ref: { kind: 'Job', namespace: 'training', name: 'j' }, uid: 'u', at: NOW, result: null } as never
const has = { is: true, since: NOW - HOUR, at: NOW - HOUR, by: 'me', fence: 4 }
/** What a rung had suspended after so many minutes at work. */
const still = (minutes: number, over: Partial<Mark> = {}): Mark =>
  running({ touched: true, made, ran: minutes * MINUTE, ranTo: NOW - HOUR, suspended: has, ...over })
const viewWith = (mark: Mark, over: Partial<View> = {}, run: object = {}): View => {
  const hold = { gpus: { 'gpu-train': 8 }, budget: 'ml-monthly', dollars: 223.83 }
  return viewOf({
    policy,
    doc: wanted({ run: runOf({ phase: 'steps', hold, steps: [mark], ...run }), approved: approvedBy({ begun: true }) }),
    plan: planRow,
    ...over,
  })
}
const runIn = ({ doc }: View) => doc.run as NonNullable<typeof doc.run>
const asksAt = (view: View) => moreAt(view, runIn(view))
const [step] = planRow.plan.steps
const { perHour = 0, beside = 0 } = step?.kind === 'launch-job' ? step : {}
const GRACE = step?.kind === 'launch-job' ? graceOfPods(step) / MINUTE : 0
/** Minutes of work after which nothing would be left once another node was started. */
const LAST = (() => {
  const view = viewWith(still(0))
  return (leftAfter({ ...view, plan: planRow.plan }, runIn(view), beside) / perHour) * 60
})()

describe('what a rung had suspended, and is to go on', () => {
  it('is asked about first where people would have less than a quarter of an hour afterwards, and not where they have it', () => {
    expect(asksAt(viewWith(still(LAST - GRACE - 16)))).toBeNull()
    for (const minutes of [LAST - GRACE - 14, LAST, LAST + 20]) expect(asksAt(viewWith(still(minutes)))).toBe(NOW)
    const view = viewWith(still(LAST + 20))
    const work = workOf(view, runIn(view))
    expect(work).toMatchObject({ hours: 3, at: NOW, until: NOW + milliseconds(policy.approvals.expiry) })
    expect(work?.still?.node).toBe(beside)
    expect(work?.still?.left).toBeCloseTo(beside - perHour / 3, 1)
  })

  it.each<[string, Mark, Partial<View>, object]>([
    ['a rung keeps it suspended', still(LAST), { rungs: [row] }, {}],
    ['a freeze does', still(LAST), { frozenUntil: NOW + HOUR }, {}],
    ['the policy does not ask', still(LAST), { policy: policyOf('end') }, {}],
    ['it never stood still', still(LAST, { ranFrom: NOW - MINUTE }), {}, {}],
    ['somebody else has suspended it', still(LAST, { suspended: { ...has, left: 'somebody' } }), {}, {}],
    ['its Job may run no longer', still(9 * 60), {}, {}],
    [
      'somebody said no',
      still(LAST),
      {},
      { question: questionOf({ state: 'rejected', more: { dollars: 1, why: '' } }) },
    ],
  ])('is not asked about so where %s', (_, mark, over, run) => {
    const at = asksAt(viewWith(mark, over, run))
    expect(at === null || at !== NOW).toBe(true)
  })

  const asked = (over: Partial<View> = {}, mark = still(LAST)) =>
    viewWith(mark, over, {
      question: questionOf({ more: { dollars: 100, why: 'w', step: 'train', starts: true }, until: NOW + HOUR }),
    })
  const act = (view: View) => askingMore(view, runIn(view)) ?? stepping(view, runIn(view))

  it('stays suspended until they have answered, and nobody is woken for it before', () => {
    expect(act(asked())).toEqual({ kind: 'see', step: 'train' })
    expect(restOfSuspended(asked(), still(LAST))).toEqual({ why: 'working', text: '', until: null })
    expect([isSuspendedOtherwise(asked()), isSuspendedOtherwise(asked({ rungs: [row] }))]).toEqual([false, true])
    // So does what could not be let go before.
    const kept = still(LAST, { suspended: { ...has, is: false, at: NOW - 10 * MINUTE, why: 'the pool is full' } })
    expect(act(asked({}, kept))).toEqual({ kind: 'see', step: 'train' })
    expect(act(viewWith(still(LAST - 60)))).toEqual({ kind: 'mark-suspend', step: 'train', is: false })
    expect(act(viewWith(still(LAST)))).toEqual({ kind: 'ask-more' })
  })

  it('is asked about no more where a rung or a freeze keeps it again, and anew after that', () => {
    for (const over of [{ rungs: [row] }, { frozenUntil: NOW + HOUR }]) {
      expect(act(asked(over))).toEqual({ kind: 'no-more' })
      const { doc } = settleNoMore(asked(over))
      expect(doc.run?.question).toMatchObject({ state: 'closed', more: { stood: true } })
      expect(asksAt(viewWith(still(LAST), {}, { question: doc.run?.question }))).toBe(NOW)
    }
  })

  it('is asked for that rather than whether it shall end for GPUs that it has no more', () => {
    const question = questionOf({ more: { dollars: 0, why: 'w', step: 'train', ends: true }, until: NOW + HOUR })
    const mark = still(LAST, { idle: { asked: true } as never })
    const view = viewWith(mark, {}, { question })
    expect(askingMore(view, runIn(view))).toEqual({ kind: 'no-more' })
    const { doc } = settleNoMore(view)
    expect(doc.run?.question?.state).toBe('closed')
    expect(askingMore({ ...view, doc }, runIn({ ...view, doc }))).toEqual({ kind: 'ask-more' })
  })
})
