import { describe, expect, it } from 'vitest'
import type { Run } from '../../../core/lane/document.ts'
import { isHeeded } from '../../../core/lane/heeded.ts'
import type { Choice, Question } from '../../../core/lane/question.ts'
import type { Policy } from '../../../core/policy.ts'
import { emptyWorld } from '../training-fixture.ts'
import { asking, planRow, policy, policyWith, viewOf, wanted } from './fixture.ts'

const heeded = (question: Partial<Question> = {}, by: Policy = policy, world = emptyWorld()): boolean => {
  const run: Run = asking(question)
  return isHeeded(viewOf({ policy: by, doc: wanted({ run }), plan: planRow, world }), run, { kept: {} })
}
const { bounds, digest } = planRow.plan

describe('a yes to what people are asked about', () => {
  it('is heeded while it is planned to the same, for no more', () => {
    expect(heeded()).toBe(true)
    expect(heeded({ digest: 'other' })).toBe(false)
    expect(heeded({ bounds: { ...bounds, dollars: bounds.dollars - 1 } })).toBe(false)
    expect(heeded({ bounds: { ...bounds, dollars: bounds.dollars + 1 } })).toBe(true)
  })

  it('is none to anything else, also where nobody need be asked about that', () => {
    const free = policyWith((config) => {
      config.approvals.autoApproveBelow = 1e6
    })
    expect([heeded({}, free), heeded({ digest: 'other' }, free)]).toEqual([true, false])
  })

  it('is heeded by nobody where there is no plan', () => {
    const small = policyWith((config) => {
      config.budget.dollars = 1
    })
    expect(heeded({}, small)).toBe(false)
  })

  it('counts for each way that is offered: one that the policy does not have is not there', () => {
    const choice: Choice = { name: 'spot', id: 'i', digest, bounds, votes: [] }
    expect(heeded({ choices: [choice] })).toBe(false)
  })

  it('is to a question alone', () => {
    const run = { ...asking(), question: null }
    expect(isHeeded(viewOf({ doc: wanted({ run }), world: emptyWorld() }), run, { kept: {} })).toBe(false)
  })
})
