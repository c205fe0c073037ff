import { describe, expect, it } from 'vitest'
import { fold } from '../../../core/lane/fold.ts'
import type { Letter, LookLetter } from '../../../core/lane/letters.ts'
import { keptWaiting, postponed } from '../../../core/lane/postponing.ts'
import type { Facts, Unreadable } from '../../../core/reactions/reaction.ts'
import { desired } from '../training-fixture.ts'
import { ANA, AT, docOf, facts, lookLetter, NOW, policyWith, uploaded, viewOf } from './fixture.ts'

const ACCOUNT = '123456789012'
const policy = policyWith((config) => {
  config.approvals.requesters = { [ACCOUNT]: ANA }
})
const away: Unreadable = { kind: 'unreadable', side: 'objects', detail: '503', retryAfter: 0 }
const missing = facts({ missing: ['part-1'], missingCount: 1 })
/** A letter of S3's event about these bytes. */
const told = (id: string, etag: string = desired.etag, over: Partial<LookLetter> = {}): LookLetter =>
  lookLetter({ id, at: NOW + Number(id.slice(1)), event: { ...uploaded, etag, requester: ACCOUNT } as never, ...over })
const found = (id: string): LookLetter => lookLetter({ id, at: NOW, from: 'resync' })
/** Waiting since before: not due by itself. */
const waits = (letter: LookLetter): LookLetter => ({
  ...letter,
  due: NOW + 60_000,
  tries: 3,
  waits: { reason: 'objects-missing', detail: '', until: null, side: null },
})
const folded = (letters: Letter[], said: Facts, later: LookLetter[] = []) =>
  fold(viewOf({ doc: docOf(), policy, letters, later }), { [AT]: said }, { kept: {} })
const ids = (letters: readonly { id: string }[]): string[] => letters.map(({ id }) => id)

describe('letters of one place that wait', () => {
  it('keep what proves who asked of what stands there now, whichever came first, with the pauses that they had', () => {
    for (const first of [found('l1'), told('l1', 'written-over')]) {
      const change = folded([told('l2')], missing, [waits(first)])
      expect([ids(change.later), ids(change.removed)]).toEqual([['l2'], ['l1']])
      expect(change.later[0]).toMatchObject({ tries: 4 })
    }
    const change = folded([lookLetter({ id: 'l3' })], missing, [waits(told('l2'))])
    expect([ids(change.later), ids(change.removed)]).toEqual([['l2'], ['l3']])
  })

  it('keep all that may prove something while nobody knows what stands there, the same once, and the newest few', () => {
    const change = folded([found('l0'), told('l1'), told('l2', 'written-over'), told('l3')], away)
    expect([ids(change.later), ids(change.removed)]).toEqual([
      ['l1', 'l2'],
      ['l0', 'l3'],
    ])
    expect(new Set(change.later.map(({ due }) => due)).size).toBe(1)
    const many = Array.from({ length: 12 }, (_, n) => told(`l${n + 1}`, `bytes-${n}`))
    expect(ids(folded(many, away).later)).toEqual(ids(many.slice(-8)))
  })

  it('come to what the most of them say: who is proven is known, though another is read first', () => {
    const change = folded([found('l1'), told('l2', 'written-over'), told('l3')], facts())
    expect(change.doc.desired).toMatchObject({ requester: ANA, proven: true })
    expect(ids(change.removed)).toEqual(['l1', 'l2', 'l3'])
    expect(folded([found('l1'), told('l2', 'written-over')], facts()).doc.desired).not.toHaveProperty('proven')
  })

  it('are not moved by a replay, which is answered by itself', () => {
    const replay = lookLetter({ id: 'l9', event: { ...uploaded, replayed: true } })
    const change = folded([replay], missing, [waits(told('l2'))])
    expect([ids(change.later), ids(change.removed)]).toEqual([[], ['l9']])
    expect(change.moments.at(-1)?.data).toMatchObject({ reason: 'replayed', letters: ['l9'] })
  })
})

it('a far side that is away, or not asked yet, is what they wait for', () => {
  const view = viewOf({ doc: docOf(), letters: [told('l1')] })
  const side = ({ later }: ReturnType<typeof postponed>) => later[0]?.waits?.side
  expect(side(postponed(view, [told('l1')], away))).toBe('objects')
  expect(side(postponed(view, [told('l1')], undefined))).toBeNull()
  const given = { reason: 'objects-missing', detail: '', until: null, side: null, retryAfter: 0 } as const
  expect(keptWaiting(view, [told('l1')], { ...given, told: facts() }).counts).toEqual(['waiting:objects-missing'])
})
