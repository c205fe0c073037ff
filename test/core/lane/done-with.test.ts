import { describe, expect, it } from 'vitest'
import type { TrainDesired } from '../../../core/desired.ts'
import type { LaneDocument } from '../../../core/lane/document.ts'
import { doneBefore, doneWith, isDoneWith, saidNoMore, saysOtherwise } from '../../../core/lane/done-with.ts'
import type { Ended } from '../../../core/lane/ended.ts'
import { pipeline } from '../../../core/lane-kinds/pipeline.ts'
import { desired } from '../training-fixture.ts'
import { NOW, policy, wanted } from './fixture.ts'

const kind = pipeline as never
const key = pipeline.keyOf(desired)
const ended = (over: Partial<Ended> = {}): Ended => ({
  kind: 'succeeded',
  reason: null,
  detail: '',
  generation: 1,
  attempt: 1,
  at: NOW,
  against: null,
  stages: [],
  ...over,
})
const of = (outcome: Ended | null, over: Partial<LaneDocument> = {}) => {
  const doc = wanted({ order: 'b', outcome, doneWith: null, ...over })
  return doneWith({ doc, kind }, doc).doneWith
}

describe('what is over for good, once something else is wanted', () => {
  it.each<[string, Partial<Ended>]>([
    ['succeeded', {}],
    ['was denied', { kind: 'rejected' }],
    ['was answered by nobody', { kind: 'expired' }],
    ['was cancelled', { kind: 'cancelled' }],
    ['failed by its work', { kind: 'failed', reason: 'exit-code' }],
  ])('is what %s', (_, outcome) => {
    expect(of(ended(outcome))).toEqual({ order: 'b', key })
  })

  it.each<[string, Ended | null]>([
    ['is under way', null],
    ['was superseded', ended({ kind: 'superseded' })],
    ['was refused', ended({ kind: 'refused', reason: 'budget-exceeded' })],
    ['lost its rule', ended({ kind: 'cancelled', reason: 'not-configured' })],
    ['would be tried again', ended({ kind: 'failed', reason: 'node-lost' })],
  ])('is not what %s: what was before stays', (_, outcome) => {
    expect(of(outcome)).toBeUndefined()
    expect(of(outcome, { doneWith: { order: 'a', key: 'k' } })).toEqual({ order: 'a', key: 'k' })
  })

  it('is the last of all that are, whichever ended last; of what has no order nothing is known', () => {
    const doc = wanted({ doneWith: { order: 'c', key: 'k' } })
    const done = { ...wanted({ order: 'b', outcome: ended() }) }
    expect(doneWith({ doc, kind }, done).doneWith).toEqual({ order: 'c', key: 'k' })
    expect(doneWith({ doc, kind }, done, { ...done, order: 'd' }).doneWith).toEqual({ order: 'd', key })
    expect(of(ended(), { order: null })).toBeUndefined()
    expect(doneWith({ doc: {}, kind } as never, wanted())).toEqual({})
  })

  it('is known without what it was for: nothing of the same is begun once more by itself', () => {
    const slot = { kind: 'schedule', slot: NOW, cron: '0 2 * * *', zone: 'UTC' }
    const again: TrainDesired = { ...desired, occasion: slot } as never
    for (const outcome of [ended(), ended({ kind: 'cancelled' })])
      expect(of(outcome, { desired: again, doneWith: { order: 'b', key } })).toEqual({ order: 'b', key })
  })

  it('is what ran before what is wanted, once it has ended', () => {
    const { attemptsLeft, approved, kept, since } = wanted()
    const before = {
      desired,
      generation: 1,
      attempt: 1,
      order: 'a',
      outcome: null,
      attemptsLeft,
      approved,
      kept,
      since,
    }
    const doc = wanted({ doneWith: null })
    expect(doneBefore({ doc, kind, policy }, { before }, ended())).toEqual({ doneWith: { order: 'a', key } })
    expect(doneBefore({ doc, kind, policy }, { before }, ended({ generation: 2 }))).toEqual({})
    expect(doneBefore({ doc, kind, policy }, {}, ended())).toEqual({})
  })
})

describe('what its source says no more', () => {
  it('leaves the lane where it was after what is done with; where an earlier release did not say what that is, where it is', () => {
    const at = (doneWithIt: LaneDocument['doneWith']) => saidNoMore(wanted({ order: 'b', doneWith: doneWithIt })).order
    expect([at({ order: 'a', key: 'k' }), at(null)]).toEqual(['a', null])
    const { doneWith: _, ...earlier } = wanted({ order: 'b' })
    expect(saidNoMore(earlier)).toBe(earlier)
    expect(saysOtherwise('it is gone')).toMatchObject({
      kind: 'superseded',
      detail: expect.stringMatching(/: it is gone$/),
    })
  })

  it('and what is done with is not begun again by it', () => {
    const doc = { order: 'a', doneWith: { order: 'a', key: 'k' } }
    expect([
      isDoneWith(doc, 'a', 'k'),
      isDoneWith(doc, null, 'k'),
      isDoneWith(doc, 'a', 'l'),
      isDoneWith({ ...doc, order: 'b' }, 'a', 'k'),
    ]).toEqual([true, true, false, false])
    // Written again since, it is no longer what was done with.
    expect(isDoneWith(doc, 'b', 'k')).toBe(false)
    expect(isDoneWith({ order: null, doneWith: null }, null, 'k')).toBe(false)
  })
})

it('a place that a version is wanted from is all that changes when it is read elsewhere', () => {
  const read: TrainDesired = {
    ...desired,
    key: 'support-chats/b/manifest.json',
    etag: 'e9',
    presets: { x: 9 },
    requester: 'R',
  }
  const pinned = { ...desired, presets: { x: 1 }, named: [{ key: 'k', size: 1 }] }
  const { named: _, ...rest } = pinned
  expect(pipeline.placedAs?.(pinned, read)).toEqual({ ...rest, key: read.key, etag: 'e9' })
})
