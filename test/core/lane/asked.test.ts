import { describe, expect, it } from 'vitest'
import { asked, awaitingAnswer, rejection } from '../../../core/lane/asked.ts'
import type { Run } from '../../../core/lane/document.ts'
import type { Question } from '../../../core/lane/question.ts'
import { ANA, asking, BEN, HOUR, MINUTE, NOW, planRow, policyWith, viewOf, wanted } from './fixture.ts'

const at = (over: Partial<Question> = {}, now = NOW, more: Parameters<typeof viewOf>[0] = {}) => {
  const run = asking(over)
  const view = viewOf({ doc: wanted({ run }), plan: planRow, now, ...more })
  return { view, run, question: run.question as Question }
}
const actAt = (...given: Parameters<typeof at>) => {
  const { view, run, question } = at(...given)
  return asked(view, run, question)
}
const restOf = ({ view, run, question }: { view: ReturnType<typeof viewOf>; run: Run; question: Question }) =>
  awaitingAnswer(view, run, question)

describe('a run that people are asked about', () => {
  it('waits for them until it has to remind them, or until a minute after its end', () => {
    expect(actAt()).toEqual({ kind: 'rest', rest: restOf(at()) })
    expect(restOf(at())).toMatchObject({
      why: 'asked',
      text: 'waits for 1 of the approvers, about generation 1, attempt 1',
      until: NOW + 3 * HOUR,
    })
    expect(restOf(at({ reminded: true })).until).toBe(NOW + 4 * HOUR + MINUTE)
    // A short one reminds nobody.
    expect(restOf(at({ until: NOW + 2 * HOUR })).until).toBe(NOW + 2 * HOUR + MINUTE)
  })

  it('reminds them once, and ends unanswered, but not while a vote is unread', () => {
    expect(actAt({}, NOW + 3 * HOUR)).toEqual({ kind: 'remind' })
    expect(actAt({ reminded: true }, NOW + 3 * HOUR).kind).toBe('rest')
    const over = NOW + 4 * HOUR + MINUTE
    expect(actAt({ reminded: true }, over)).toEqual({ kind: 'expire' })
    expect(actAt({ reminded: true }, over, { unread: true }).kind).toBe('rest')
  })

  it('is told of more that must agree by now', () => {
    const policy = policyWith((config) => {
      config.approvals.need = 2
    })
    expect(restOf(at({}, NOW, { policy })).text).toContain('waits for 2 of the approvers')
  })

  it('is reminded of before an edit of the policy is looked at', () => {
    const policy = policyWith((config) => {
      config.approvals.expiry = '24h'
    })
    expect(actAt({}, NOW, { policy })).toEqual({ kind: 'plan' })
    expect(actAt({}, NOW + 3 * HOUR, { policy })).toEqual({ kind: 'remind' })
  })
})

it('a denial names who said it, and why', () => {
  const votes = [
    { by: ANA, verdict: 'approve' as const, reason: null, at: NOW },
    { by: BEN, verdict: 'deny' as const, reason: 'not today', at: NOW },
  ]
  const { view, question } = at({ state: 'rejected', votes })
  expect(rejection(view, question)).toEqual({ kind: 'rejected', reason: null, detail: 'denied by ben: not today' })
  expect(actAt({ state: 'rejected', votes })).toEqual({ kind: 'close', outcome: rejection(view, question) })
})
