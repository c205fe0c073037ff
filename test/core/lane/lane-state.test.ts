import { expect, it } from 'vitest'
import { stateOf } from '../../../core/lane/lane-state.ts'
import { docOf, wanted } from './fixture.ts'

it('says in one word where the lane is', () => {
  expect(stateOf(docOf())).toBe('idle')
  expect(stateOf(wanted())).toBe('wanted')
  const outcome = {
    kind: 'expired' as const,
    reason: null,
    detail: '',
    generation: 1,
    attempt: 1,
    at: 0,
    against: null,
    stages: [],
  }
  expect(stateOf(wanted({ outcome }))).toBe('expired')
})
