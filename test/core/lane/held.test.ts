import { describe, expect, it } from 'vitest'
import { type Held, heldAfter } from '../../../core/lane/held.ts'
import { NOW } from './fixture.ts'

const given = { detail: 'x', at: NOW, place: 'here', told: true }
const bad: Held = { reason: 'bad-manifest', detail: 'x', at: NOW, place: 'here' }

describe('what is shown as held back', () => {
  it('names its place where it is about that alone, and is news once', () => {
    expect(heldAfter(null, { ...given, reason: 'bad-manifest' })).toEqual({ held: bad, fresh: true })
    expect(heldAfter(bad, { ...given, reason: 'bad-manifest' })).toEqual({ held: bad, fresh: false })
    expect(heldAfter(null, { ...given, reason: 'held-failed' }).held).not.toHaveProperty('place')
  })

  it('ends when its place says otherwise, or all is as it should be; not by what another place says', () => {
    expect(heldAfter(bad, { ...given, reason: 'source-gone' }).held).toBeNull()
    expect(heldAfter(bad, { ...given, reason: 'source-gone', place: 'there' }).held).toEqual(bad)
    expect(heldAfter(bad, { ...given, reason: 'already-true', place: 'there' }).held).toBeNull()
    expect(heldAfter(bad, { ...given, reason: 'replayed' })).toEqual({ held: bad, fresh: false })
  })

  it('is that its place is gone, where what waits to begin was read there; of others that is no news', () => {
    const gone = { ...given, reason: 'source-gone' as const }
    expect(heldAfter(null, { ...gone, awaited: true }).held).toMatchObject({ reason: 'source-gone', place: 'here' })
    expect(heldAfter(null, gone)).toEqual({ held: null, fresh: false })
  })

  it('stays what was told, whatever else resync finds amiss', () => {
    const found = { ...given, place: 'there', detail: 'y', reason: 'missed-deadline' as const }
    expect(heldAfter(bad, { ...found, told: false })).toEqual({ held: bad, fresh: false })
    expect(heldAfter(bad, found).held).toMatchObject({ reason: 'missed-deadline', place: 'there' })
    expect(heldAfter(null, { ...found, told: false }).fresh).toBe(true)
    // What was refused is found as often: neither is news in turn.
    const refused: Held = { reason: 'held-refused', detail: 'x', at: NOW }
    expect(heldAfter(refused, { ...found, told: false })).toEqual({ held: refused, fresh: false })
    expect(heldAfter({ ...refused, reason: 'held-failed' }, { ...found, told: false }).fresh).toBe(true)
  })
})
