import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { PlanFinished } from '../../events/contract.ts'
import { planFinished, planFinishedEvent } from '../../events/plan-finished.ts'
import { samplesOf } from './samples.ts'

const finished: fc.Arbitrary<PlanFinished> = fc.record({
  type: fc.constant('plan-finished' as const),
  id: fc.string({ minLength: 1 }),
  at: fc.integer({ min: 0, max: 4e12 }),
  lane: fc.string({ minLength: 1 }),
  generation: fc.integer({ min: 1 }),
  attempt: fc.integer({ min: 1 }),
  plan: fc.string({ minLength: 1 }),
  outcome: fc.constantFrom('succeeded', 'failed', 'refused', 'rejected', 'expired', 'superseded', 'cancelled'),
  reason: fc.option(fc.string()),
  detail: fc.string(),
  cost: fc.double({ min: 0, max: 1e9, noNaN: true }),
})

describe('our own event', () => {
  it.each(samplesOf('plan-finished'))('$name is accepted', ({ event }) => {
    expect(planFinished.parse(event)).toMatchObject({ ok: true })
  })

  it('what is published is read back, to the letter', () => {
    fc.assert(
      fc.property(finished, (event) => {
        const { source, detailType, detail } = planFinishedEvent(event)
        const envelope = {
          id: event.id,
          source,
          'detail-type': detailType,
          time: '2026-11-23T12:00:00Z',
          detail: JSON.parse(JSON.stringify(detail)),
        }
        expect(planFinished.parse(envelope)).toEqual({ ok: true, event: JSON.parse(JSON.stringify(event)) })
      }),
    )
  })

  it('is total', () => {
    fc.assert(
      fc.property(fc.anything(), (input) => {
        const parsed = planFinished.parse(input)
        if (!parsed.ok) expect(parsed.detail).not.toBe('')
      }),
    )
  })
})
