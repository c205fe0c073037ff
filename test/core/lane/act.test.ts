import { describe, expect, it } from 'vitest'
import { asksItself, awaySide, awayText, frozen, rest } from '../../../core/lane/act.ts'
import type { SideRow } from '../../../core/rows.ts'
import { HOUR, MINUTE, NOW, PIPELINE, planRow, viewOf } from './fixture.ts'

const row = (over: Partial<SideRow> = {}): SideRow => ({
  side: 'cluster',
  since: NOW,
  said: '503',
  refuses: false,
  probe: 'pipeline/other',
  until: NOW + HOUR,
  ...over,
})

describe('who asks a far side that did not answer', () => {
  it.each<[string, SideRow | undefined, boolean]>([
    ['it answers', undefined, true],
    ['another lane asks it', row(), false],
    ['this lane is to ask it', row({ probe: PIPELINE }), true],
    ['whoever was to ask it had its time', row({ until: NOW }), true],
    ['it lets another lane not in: rights differ', row({ refuses: true }), true],
  ])('%s', (_, away, asks) => {
    expect(asksItself(away, PIPELINE, NOW)).toBe(asks)
    const act = awaySide(viewOf({ sides: away === undefined ? {} : { cluster: away } }), 'cluster')
    expect(act === null).toBe(asks)
  })

  it('waits for the one that does, says since when, and looks for itself in the end', () => {
    expect(awaySide(viewOf({ sides: { cluster: row() } }), 'cluster')).toMatchObject({
      kind: 'rest',
      rest: {
        why: 'unavailable',
        side: 'cluster',
        until: NOW + HOUR,
        text: 'cluster does not answer since 2026-11-24 09:00 UTC: 503',
      },
    })
    const short = awaySide(viewOf({ sides: { cluster: row({ until: NOW + 1 }) } }), 'cluster')
    expect(short?.kind === 'rest' && short.rest.until).toBe(NOW + 5 * MINUTE)
    expect(awayText('bus', { since: null, said: '503' })).toBe('bus does not answer: 503')
  })

  it('is asked of that far side alone', () => {
    expect(awaySide(viewOf({ sides: { chat: row({ side: 'chat' }) } }), 'cluster')).toBeNull()
  })
})

it('a freeze holds until it is over', () => {
  expect(frozen(viewOf())).toBeNull()
  expect(frozen(viewOf({ frozenUntil: NOW }))).toBeNull()
  expect(frozen(viewOf({ frozenUntil: NOW + HOUR }))).toMatchObject({
    rest: { why: 'frozen', until: NOW + HOUR, text: 'frozen until 2026-11-24 10:00 UTC' },
  })
})

it('a freeze of a pool holds for whoever’s plan takes of it, and names it; the last that ends counts', () => {
  const frozenPools = { 'pool/gpu-train': NOW + HOUR, 'pool/gpu-serve': NOW + 2 * HOUR }
  expect(frozen(viewOf({ frozenPools }))).toBeNull()
  expect(frozen(viewOf({ frozenPools, plan: planRow, frozenUntil: NOW + 1 }))).toMatchObject({
    rest: { why: 'frozen', until: NOW + HOUR, text: 'pool/gpu-train is frozen until 2026-11-24 10:00 UTC' },
  })
  expect(frozen(viewOf({ frozenPools, plan: planRow, frozenUntil: NOW + 2 * HOUR }))).toMatchObject({
    rest: { text: 'frozen until 2026-11-24 11:00 UTC' },
  })
  expect(frozen(viewOf({ frozenPools: { 'pool/gpu-train': NOW }, plan: planRow }))).toBeNull()
})

it('a rest is an act with its reason', () => {
  expect(rest(viewOf(), { why: 'parked', text: 't' })).toEqual({
    kind: 'rest',
    rest: { why: 'parked', text: 't', since: NOW, until: null, side: null, tries: 1 },
  })
})
