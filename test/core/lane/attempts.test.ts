import { describe, expect, it } from 'vitest'
import { mayRepeat, nextAttempt, settleAgain } from '../../../core/lane/attempts.ts'
import type { LaneDocument } from '../../../core/lane/document.ts'
import { TRANSIENT_FAILURES } from '../../../core/reasons.ts'
import { approvedBy, HOUR, NOW, viewOf, wanted } from './fixture.ts'

const ended = (over: Partial<NonNullable<LaneDocument['outcome']>>): LaneDocument['outcome'] => ({
  kind: 'failed',
  reason: 'node-lost',
  detail: 'the node is gone',
  generation: 1,
  attempt: 1,
  at: NOW,
  against: null,
  stages: ['train'],
  ...over,
})

describe('another attempt', () => {
  it('is at the same generation, within the budget, and keeps what was finished', () => {
    const kept = [{ step: 'train', key: 'k', row: 'r' }]
    const outcome = {
      kind: 'failed' as const,
      reason: 'node-lost' as const,
      detail: '',
      generation: 1,
      attempt: 1,
      at: NOW,
      against: null,
      stages: [],
    }
    const doc = wanted({ outcome, kept, attemptsLeft: 2, approved: approvedBy({ begun: true, spent: 5 }) })
    const change = settleAgain(viewOf({ doc }))
    expect(change.doc).toMatchObject({
      generation: 1,
      attempt: 2,
      outcome: null,
      attemptsLeft: 1,
      kept,
      approved: { spent: 5 },
    })
    expect(change.counts).toEqual(['again'])
    expect(nextAttempt(doc, NOW + 1)).toMatchObject({ attempt: 2, since: NOW + 1 })
  })

  it('asks again where what was approved was not begun in its time; what has begun under it asks nobody', () => {
    const late = NOW + 4 * HOUR + 1
    const approvedLater = (over: Parameters<typeof approvedBy>[0], now: number) =>
      nextAttempt(wanted({ approved: approvedBy(over) }), now).approved
    expect(approvedLater({}, late)).toBeNull()
    expect(approvedLater({}, NOW)).not.toBeNull()
    expect(approvedLater({ begun: true }, late)).not.toBeNull()
  })
})

describe('a failed attempt', () => {
  it('is repeated exactly for the failures that another may cure, and within its budget', () => {
    for (const reason of [
      'exit-code',
      'gate',
      'node-lost',
      'image-pull',
      'nccl-timeout',
      'bound-reached',
      'denied',
    ] as const) {
      const doc = wanted({ outcome: ended({ reason }) })
      expect(mayRepeat({ doc }), reason).toBe(TRANSIENT_FAILURES.has(reason))
      expect(mayRepeat({ doc: { ...doc, attemptsLeft: 0 } })).toBe(false)
    }
    // What says nothing of the work uses no attempt up, unless a person wants none.
    for (const reason of ['halfway-bound', 'other-machines'] as const) {
      const doc = wanted({ outcome: ended({ reason }), attemptsLeft: 0 })
      expect(mayRepeat({ doc })).toBe(true)
      expect(settleAgain(viewOf({ doc })).doc).toMatchObject({ attempt: 2, attemptsLeft: 0 })
      expect(mayRepeat({ doc: { ...doc, attemptsLeft: -1 } })).toBe(false)
    }
    for (const kind of ['succeeded', 'rejected', 'cancelled', 'refused'] as const)
      expect(mayRepeat({ doc: wanted({ outcome: ended({ kind, reason: 'node-lost' }) }) }), kind).toBe(false)
  })
})
