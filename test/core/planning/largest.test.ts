import { expect, it } from 'vitest'
import type { Plan } from '../../../core/plan.ts'
import { ifKept } from '../../../core/planning/largest.ts'

it('a plan is kept whole or refused on paper, in bytes and with what to do about it', () => {
  const saying = (undo: string) => ifKept({ undo } as Plan, 'make it shorter')
  expect(saying('x'.repeat(329_000))).toMatchObject({ kind: 'plan' })
  expect(saying('漢'.repeat(110_000))).toEqual({
    kind: 'refuse',
    reason: 'plan-too-large',
    detail: 'the plan has 330011 bytes, and at most 330000 are kept: make it shorter',
  })
})
