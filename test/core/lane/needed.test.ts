import { expect, it } from 'vitest'
import { askingMore } from '../../../core/lane/more.ts'
import { askedNow, isAskedOfOthers, neededOf } from '../../../core/lane/needed.ts'
import { settleRecount } from '../../../core/lane/votes.ts'
import { ANA, asking, NOW, planRow, policyWith, questionOf, viewOf, wanted } from './fixture.ts'

const two = policyWith((config) => {
  config.approvals.need = 2
})
const oneMore = policyWith((config) => {
  config.approvals.unknownRequester = 'one-more'
})
const yes = { by: ANA, verdict: 'approve' as const, reason: null, at: NOW }

it('as many are needed as the policy says, and one more where who asked is unknown, unless the policy itself wants it', () => {
  const { kind } = viewOf({})
  expect([neededOf({ kind, policy: two }, asking()), neededOf({ kind, policy: oneMore }, asking())]).toEqual([2, 2])
  expect(neededOf({ kind: { ...kind, isOfPolicy: () => true }, policy: oneMore }, asking())).toBe(1)
})

it('a question follows that, up and down, while it is open', () => {
  const [view, run] = [viewOf({}), asking()]
  expect(askedNow({ ...view, policy: two }, run, questionOf({ need: 1 })).need).toBe(2)
  expect(askedNow(view, run, questionOf({ need: 2 })).need).toBe(1)
  expect(isAskedOfOthers(view, run, questionOf({ need: 1, votes: [yes] }))).toBe(false)
  expect(isAskedOfOthers(view, run, questionOf({ need: 1, votes: [{ ...yes, by: 'T0SIGNAL/U0GONE' }] }))).toBe(true)
  expect(isAskedOfOthers(view, run, questionOf({ need: 2, state: 'approved' }))).toBe(false)
})

it('so does one for more of a run under way: who has agreed already is enough where fewer are needed', () => {
  const more = { dollars: 50, why: 'it goes on', step: 'train' }
  const run = { ...asking({ more, need: 2, votes: [yes] }), phase: 'steps' as const }
  const view = viewOf({ doc: wanted({ run }), plan: planRow })
  expect(askingMore(view, run)).toEqual({ kind: 'recount' })
  expect(settleRecount(view).doc.run?.question).toMatchObject({ state: 'approved', need: 1 })
})
