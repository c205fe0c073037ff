import { expect, it } from 'vitest'
import { ignored } from '../../../core/lane/ignoring.ts'
import type { Ignored, OutcomeKind } from '../../../core/reasons.ts'
import { lookLetter, NOW, viewOf, wanted } from './fixture.ts'

const outcome = (kind: OutcomeKind) => ({
  ...{ kind, reason: null, detail: 'over the budget', generation: 1, attempt: 1, at: NOW, against: 'it', stages: [] },
})
const told = (kind: OutcomeKind, reason: Ignored, over: Parameters<typeof wanted>[0] = {}) => {
  const doc = wanted({ outcome: outcome(kind), order: '5', doneWith: { order: '3', key: 'before' }, ...over })
  const letters = [lookLetter({ from: 'resync' })]
  return { doc, change: ignored(viewOf({ doc }), letters, { kind: 'ignore', reason, detail: 'it is gone' }) }
}

it('what was refused and is gone from its source is wanted no more: the lane is where it was', () => {
  const { change } = told('refused', 'source-gone')
  expect(change.doc).toMatchObject({ outcome: { kind: 'superseded', generation: 1 }, order: '3' })
  expect(change.moments.at(-1)?.text).toBe('ignore: it is gone')
})

it('what ended otherwise, or cannot be read, stays as it is', () => {
  for (const { doc, change } of [told('failed', 'source-gone'), told('refused', 'bad-manifest')])
    expect([change.doc.outcome, change.doc.order]).toEqual([doc.outcome, doc.order])
})

it('what an occasion took the place of is as it was', () => {
  const { desired, generation, attempt, since, order, attemptsLeft, approved, kept } = wanted()
  const gaveWay = { desired, generation, attempt, since, order, attemptsLeft, approved, kept, outcome: null }
  const { change } = told('refused', 'source-gone', { gaveWay })
  expect(change.doc).toMatchObject({ outcome: null, order })
})
