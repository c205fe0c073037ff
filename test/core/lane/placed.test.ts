import { expect, it } from 'vitest'
import type { TrainDesired } from '../../../core/desired.ts'
import { placed } from '../../../core/lane/placed.ts'
import type { OutcomeKind } from '../../../core/reasons.ts'
import { desired } from '../training-fixture.ts'
import { NOW, viewOf, wanted } from './fixture.ts'

const outcomeOf = (kind: OutcomeKind) => ({
  ...{ kind, reason: null, detail: '', generation: 1, attempt: 1, at: NOW, against: 'it', stages: [] },
})
/** What another attempt at it comes to, read there, written before what moved the lane. */
const attempt = (kind: OutcomeKind, over: Partial<TrainDesired> = {}, order = '2') => {
  const doc = wanted({ outcome: outcomeOf(kind), order: '3' })
  const intent = { order, onNewer: 'finish' as const, desired: { ...desired, ...over } }
  return placed(viewOf({ doc }), intent, { kind: 'want', doc: { ...doc, attempt: 2 }, why: '' })
}

it('what was refused begins where it was read, though something since has moved the lane’s order', () => {
  expect(attempt('refused')).toMatchObject({ kind: 'want', doc: { attempt: 2 } })
})

it('nothing begins that was written before what moved the lane: elsewhere, or otherwise ended', () => {
  const other = { key: 'support-chats/elsewhere/manifest.json' }
  for (const came of [attempt('refused', other), attempt('superseded')])
    expect(came).toMatchObject({ kind: 'ignore', reason: 'older-than-current' })
})

it('another attempt begins from where its source was read just now', () => {
  const key = 'support-chats/elsewhere/manifest.json'
  expect(attempt('refused', { key }, '4')).toMatchObject({ kind: 'want', doc: { desired: { key } } })
})
