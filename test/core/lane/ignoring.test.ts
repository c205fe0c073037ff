import { expect, it } from 'vitest'
import { ignored, isRefusedElsewhere } from '../../../core/lane/ignoring.ts'
import { next } from '../../../core/lane/next.ts'
import { settle } from '../../../core/lane/settle.ts'
import type { Ignored, OutcomeKind } from '../../../core/reasons.ts'
import { AT, lookLetter, NOW, policyWith, viewOf, wanted } from './fixture.ts'

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

it('nor does it keep anything back where something else is there that begins nothing, which is shown', () => {
  for (const reason of ['bad-manifest', 'missed-deadline', 'not-configured'] as const)
    expect(told('refused', reason).change.doc).toMatchObject({ outcome: { kind: 'superseded' }, order: '3' })
  expect(told('refused', 'bad-manifest').change.doc.held).toMatchObject({ reason: 'bad-manifest', place: AT })
})

it('what was refused and lies under no rule of its lane any more is wanted no more, though nobody tells of it', () => {
  const doc = wanted({ outcome: outcome('refused'), order: '5', doneWith: { order: '3', key: 'before' } })
  const policy = policyWith((config) => {
    config.pipelines!['support-chats']!.on = { dataset: { bucket: 'acme-datasets', prefix: 'elsewhere/' } }
  })
  const without = policyWith((config) => {
    config.pipelines = {}
  })
  expect([isRefusedElsewhere(viewOf({ doc })), isRefusedElsewhere(viewOf({ doc, policy: without }))]).toEqual([
    false,
    false,
  ])
  const view = viewOf({ doc, policy })
  const act = next(view)
  const change = settle(view, act, { kind: 'nothing' })
  expect(change.doc).toMatchObject({ outcome: { kind: 'superseded', generation: 1 }, order: '3' })
  expect(change.moments.map(({ text }) => text)).toEqual([
    expect.stringContaining('the policy has no rule for its source'),
  ])
  expect(next({ ...view, doc: change.doc }).kind).toBe('rest')
})

it('what ended otherwise, or is there still, stays as it is', () => {
  for (const { doc, change } of [told('failed', 'source-gone'), told('refused', 'held-refused')])
    expect([change.doc.outcome, change.doc.order]).toEqual([doc.outcome, doc.order])
})

it('what an occasion took the place of is as it was', () => {
  const { desired, generation, attempt, since, order, attemptsLeft, approved, kept } = wanted()
  const gaveWay = { desired, generation, attempt, since, order, attemptsLeft, approved, kept, outcome: null }
  const { change } = told('refused', 'source-gone', { gaveWay })
  expect(change.doc).toMatchObject({ outcome: null, order })
})
