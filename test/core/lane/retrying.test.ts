import { describe, expect, it } from 'vitest'
import type { LaneDocument } from '../../../core/lane/document.ts'
import type { Ended } from '../../../core/lane/ended.ts'
import { fold } from '../../../core/lane/fold.ts'
import { next } from '../../../core/lane/next.ts'
import { lookForRetry, placeForRetry } from '../../../core/lane/retrying.ts'
import type { Facts } from '../../../core/reactions/reaction.ts'
import { desired } from '../training-fixture.ts'
import { command, facts, NOW, runOf, SERVICE, served, viewOf, wanted } from './fixture.ts'

const ended = (kind: Ended['kind'] = 'failed'): Ended => ({
  kind,
  reason: kind === 'failed' ? 'exit-code' : null,
  detail: 'x',
  generation: 1,
  attempt: 1,
  at: NOW,
  against: null,
  stages: ['train', 'evaluate'],
})
const kept = [{ step: 'train', key: 'k', row: 'r' }]
const about = (over: Partial<LaneDocument> = {}, from: string | null = null) =>
  viewOf({
    doc: wanted({ outcome: ended(), order: 'b', doneWith: null, ...over }),
    letters: [command('retry', { from })],
  })

describe('before a retry is said to begin', () => {
  it('its source is asked where it was read, in the look that answers it', () => {
    const view = about()
    expect(lookForRetry(view)).toMatchObject({ event: { key: desired.key } })
    expect(next(view)).toEqual({ kind: 'look' })
  })

  it.each<[string, ReturnType<typeof about>]>([
    ['goes on from what was made', about({ kept })],
    ['is in progress', about({ run: runOf() })],
    ['never wanted anything', about({ desired: null })],
    ['has no such stage', about({}, 'x')],
    [
      'has no place of its own',
      viewOf({ doc: { ...wanted({ outcome: ended() }), lane: SERVICE, desired: served('8') } }),
    ],
    ['is not tried again at all', { ...about(), letters: [command('cancel')] }],
  ])('nothing is asked of what %s', (_, view) => {
    expect(lookForRetry({ ...view, letters: view.letters.length > 0 ? view.letters : [command('retry')] })).toBeNull()
  })

  it('also of what is done anew though it was finished', () => {
    expect(lookForRetry(about({ kept }, 'train'))).not.toBeNull()
  })
})

describe('what a retry comes to', () => {
  const folded = (said: Facts | undefined, over: Partial<LaneDocument> = {}, from: string | null = null) => {
    const view = about(over, from)
    const letter = lookForRetry(view)
    if (letter === null) throw new Error('nothing is asked')
    return fold(view, said === undefined ? {} : { [placeForRetry(view, letter)]: said }, { kept: {} })
  }
  const unread: Facts = { kind: 'unreadable', side: 'objects', detail: 'away', retryAfter: 0 }

  it.each<[string, Facts | undefined]>([
    ['says the same', facts()],
    ['does not answer', unread],
    ['was not asked', undefined],
  ])('it begins where its source %s', (_, said) => {
    expect(folded(said).doc).toMatchObject({ attempt: 2, outcome: null })
  })

  it.each<[string, Facts]>([
    ['is gone', { kind: 'gone' }],
    ['says something else', facts({ sha256: 'ef'.repeat(32) })],
    ['is not whole yet', facts({ missing: ['x'], missingCount: 1 })],
  ])('it is refused where its source %s, and begins anew where it is found again, nothing before it', (_, said) => {
    const { doc, moments } = folded(said)
    expect(doc).toMatchObject({
      attempt: 1,
      outcome: { kind: 'superseded', reason: null },
      order: null,
      passedOver: about().doc.order,
    })
    const since = { outcome: ended('superseded') }
    expect(folded(said, since).doc).toMatchObject({ outcome: { kind: 'superseded' }, order: null })
    expect(moments.at(-1)?.data).toMatchObject({
      reason: 'source-says-otherwise',
      detail: expect.stringContaining('Upload it there again, its manifest last; what is to be found elsewhere'),
    })
  })

  it('what has finished something keeps that, and stays as it is', () => {
    const { doc } = folded({ kind: 'gone' }, { kept }, 'train')
    expect(doc).toEqual(about({ kept }).doc)
  })

  it('what has succeeded stays so', () => {
    const succeeded = { outcome: ended('succeeded') }
    const { doc, counts } = folded({ kind: 'gone' }, succeeded)
    expect(doc).toEqual(about(succeeded).doc)
    expect(counts).toEqual(['refused:source-says-otherwise'])
  })
})
