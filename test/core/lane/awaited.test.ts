import { describe, expect, it } from 'vitest'
import { askedText, whoIsAwaited } from '../../../core/lane/awaited.ts'
import { ANA, asking, BEN, docOf, NOW, policy, policyWith, runOf } from './fixture.ts'

const vote = (by: string) => ({ by, verdict: 'approve' as const, at: NOW, reason: null })

describe('who is awaited', () => {
  it('is whoever may still answer, by name', () => {
    expect(whoIsAwaited(docOf({ run: asking() }), policy)).toBe('waits for ana or ben')
    expect(whoIsAwaited(docOf({ run: asking({ need: 2 }) }), policy)).toBe('waits for 2 of ana, ben')
    expect(whoIsAwaited(docOf({ run: asking({ need: 2, votes: [vote(ANA)] }) }), policy)).toBe('waits for ben')
  })

  it('leaves out who asked, where they may not approve; and is somebody where nobody of the policy is left', () => {
    const strict = policyWith(({ approvals }) => {
      approvals.requesterMayApprove = false
    })
    expect(whoIsAwaited(docOf({ run: asking({ requester: BEN }) }), strict)).toBe('waits for ana')
    const alone = docOf({ run: asking({ requester: BEN, votes: [vote(ANA)], need: 2 }) })
    expect(whoIsAwaited(alone, strict)).toBe('waits for an approver')
  })

  it('is one more for each yes of who was revoked, and as many as the policy needs by now', () => {
    const doc = docOf({ run: asking({ need: 2, votes: [vote('T0SIGNAL/U0GONE')] }) })
    expect(whoIsAwaited(doc, policy)).toBe('waits for 2 of ana, ben')
    const more = policyWith(({ approvals }) => {
      approvals.need = 2
    })
    expect(whoIsAwaited(docOf({ run: asking({ need: 1, votes: [vote(ANA)] }) }), more)).toBe('waits for ben')
  })

  it('is nobody where no question is open', () => {
    for (const run of [null, runOf(), asking({ state: 'approved' })]) {
      expect(whoIsAwaited(docOf({ run }), policy)).toBeNull()
      expect(askedText(docOf({ run }), policy)).toBeNull()
    }
  })

  it('says which plan is to be answered, and before when', () => {
    const doc = docOf({ run: asking({ until: Date.UTC(2026, 10, 23, 16) }) })
    expect(askedText(doc, policy)).toBe(`waits for ana or ben to answer ${doc.name}-g1a1 before 2026-11-23 16:00 UTC`)
  })
})
