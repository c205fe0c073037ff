import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  card,
  laneOfQuestion,
  questionId,
  settleAsk,
  settleExpire,
  settleMoveCard,
  settleRemind,
} from '../../../core/lane/asking.ts'
import { asking, HOUR, MINUTE, NOW, PIPELINE, planRow, questionOf, runOf, viewOf, wanted } from './fixture.ts'

describe('a question', () => {
  const view = viewOf({ doc: wanted({ run: runOf() }), plan: planRow })
  const change = settleAsk(view)

  it('binds the plan’s digest and bounds, and is open before any card is posted', () => {
    const { plan } = planRow
    expect(change.doc.run).toMatchObject({ phase: 'asked', asked: 1 })
    expect(change.doc.run?.question).toEqual({
      id: expect.stringContaining(`${PIPELINE}#1.${plan.digest.slice(0, 16)}.`),
      digest: plan.digest,
      bounds: plan.bounds,
      openedAt: NOW,
      until: plan.bounds.until - 5 * MINUTE,
      need: 1,
      requester: 'T0SIGNAL/U0CARLA',
      votes: [],
      state: 'open',
      reminded: false,
      channel: 'C0GPUOPS',
    })
    expect(change.tellings).toEqual([card({ generation: 1, attempt: 1 })])
    expect(change.moments[0]?.text).toMatch(/^asked 1 of the approvers: \$223\.83 in the bad case/)
  })

  it('uses none up where a rung that came or went has outdated the one before it', () => {
    const floored = { ...view.policy, floored: 'it makes do with its floor' }
    const again = (run: typeof change.doc.run, policy: typeof view.policy) =>
      settleAsk({ ...view, policy, doc: { ...change.doc, run } }).doc.run
    const [second, third] = [again(change.doc.run, floored), again(again(change.doc.run, floored), view.policy)]
    expect([second?.asked, third?.asked]).toEqual([1, 1])
    expect(again(change.doc.run, view.policy)?.asked).toBe(2)
  })

  it('closes for votes before its plan must begin, and leaves half of what is left to both where that is little', () => {
    const { plan } = planRow
    const now = plan.bounds.until - 4 * MINUTE
    expect(settleAsk({ ...view, now }).doc.run?.question?.until).toBe(now + 2 * MINUTE)
    const late = settleAsk({ ...view, now: plan.bounds.until + 1 })
    expect(late.doc.run?.question?.until).toBe(plan.bounds.until)
  })

  it('takes what was approved before away: it is asked because that no longer covers it', () => {
    const approved = { question: questionOf(), spent: 0, begun: false }
    expect(settleAsk({ ...view, doc: { ...view.doc, approved } }).doc.approved).toBeNull()
  })

  it('counts questions, so that a plan that keeps changing is not asked about for ever', () => {
    const again = settleAsk({ ...view, doc: wanted({ run: runOf({ asked: 1 }) }) })
    expect(again.doc.run?.asked).toBe(2)
  })
})

describe('the id of a question', () => {
  const given = { generation: 3, digest: 'ab'.repeat(32), at: NOW }

  it('names the lane, and differs with what was seen and when it was asked', () => {
    const id = questionId(PIPELINE, given)
    expect(laneOfQuestion(id)).toBe(PIPELINE)
    const others = [
      { ...given, generation: 4 },
      { ...given, digest: 'cd'.repeat(32) },
      { ...given, at: NOW + 1 },
    ]
    expect(new Set([id, ...others.map((other) => questionId(PIPELINE, other))]).size).toBe(4)
  })

  it('of every lane of ours leads back to it', () => {
    const name = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,40}$/)
    fc.assert(
      fc.property(
        fc.constantFrom('pipeline', 'service', 'pool', 'budget'),
        name,
        fc.nat(99_999),
        (kind, of, generation) => {
          expect(laneOfQuestion(questionId(`${kind}/${of}`, { ...given, generation }))).toBe(`${kind}/${of}`)
        },
      ),
    )
  })

  it('is none of what is anything else', () => {
    fc.assert(fc.property(fc.string(), (text) => laneOfQuestion(text) === null))
    for (const text of [
      '',
      PIPELINE,
      `${PIPELINE}#1`,
      `${PIPELINE}#1.xx.1`,
      `a b/c#1.${'0'.repeat(16)}.0`,
      `a/b/c#1.${'0'.repeat(16)}.0`,
      `${questionOf().id}\n`,
    ])
      expect(laneOfQuestion(text), text).toBeNull()
  })
})

describe('its end', () => {
  const view = viewOf({ doc: wanted({ run: asking() }), plan: planRow })

  it('is reminded of once', () => {
    const change = settleRemind(view)
    expect(change.doc.run?.question?.reminded).toBe(true)
    expect(change.moments[0]?.text).toBe('nobody has answered yet: it expires at 13:00 UTC')
    expect(change.tellings).toEqual([card({ generation: 1, attempt: 1 })])
  })

  it('is the same where the policy asks in another channel: the card moves, and asks no more where it stood', () => {
    const moved = settleMoveCard(viewOf({ doc: wanted({ run: asking({ channel: 'C0BEFORE' }) }), plan: planRow }))
    const { channel } = moved.doc.run?.question ?? {}
    expect(channel).toBe(settleAsk(view).doc.run?.question?.channel)
    expect(moved.doc.run?.question).toEqual({ ...asking().question, channel })
    expect(moved.tellings).toEqual(
      [1, 2].map((n) => ({ ...card({ generation: 1, attempt: 1 }), ...(n === 2 && { left: 'C0BEFORE' }) })),
    )
  })

  it('without an answer is a no: the run is over, and its question expired', () => {
    const change = settleExpire({ ...view, now: NOW + 5 * HOUR })
    expect(change.doc).toMatchObject({ run: null, outcome: { kind: 'expired' } })
    expect(change.past[0]?.run.question?.state).toBe('expired')
    expect(change.past[0]?.run.hold).toBeNull()
  })
})
