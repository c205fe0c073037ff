import { describe, expect, it } from 'vitest'
import { isZone, reachedBy, wallAt, whenShown } from '../../../core/pools/local-time.ts'

const MINUTE = 60_000
const utc = (text: string): number => Date.parse(`${text}Z`)
const shown = (wall: number): string => new Date(wall).toISOString().slice(0, 16)

describe('a zone', () => {
  it.each(['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'UTC'])('%s is one', (zone) =>
    expect(isZone(zone)).toBe(true),
  )
  it.each(['Europe/Berln', '+01:00', '', 'Mars/Olympus', '01:00', '../etc'])('%j is none', (zone) =>
    expect(isZone(zone)).toBe(false),
  )
})

describe('the clock on the wall', () => {
  it('is before or after UTC as the zone says at that time', () => {
    expect(shown(wallAt('Europe/Berlin', utc('2026-11-24T12:00')))).toBe('2026-11-24T13:00')
    expect(shown(wallAt('Europe/Berlin', utc('2026-07-24T12:00')))).toBe('2026-07-24T14:00')
    expect(shown(wallAt('Asia/Kolkata', utc('2026-07-24T23:45')))).toBe('2026-07-25T05:15')
  })

  it('set back, has reached what it showed the first time, until it shows more', () => {
    // In Berlin 03:00 becomes 02:00 at 01:00 UTC.
    const reached = (text: string) => shown(reachedBy('Europe/Berlin', utc(text)))
    expect(reached('2026-10-25T00:59')).toBe('2026-10-25T02:59')
    expect(reached('2026-10-25T01:00')).toBe('2026-10-25T02:59')
    expect(reached('2026-10-25T01:59')).toBe('2026-10-25T02:59')
    expect(reached('2026-10-25T02:00')).toBe('2026-10-25T03:00')
  })

  it.each(['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'America/St_Johns', 'UTC'])(
    'in %s never goes back, and shows a time when it is said to',
    (zone) => {
      for (const begin of [utc('2026-10-03T00:00'), utc('2026-10-24T00:00'), utc('2026-10-31T18:00')])
        for (let at = begin, last = 0; at < begin + 40 * 60 * MINUTE; at += 7 * MINUTE) {
          const reached = reachedBy(zone, at)
          expect(reached).toBeGreaterThanOrEqual(last)
          last = reached
          const when = whenShown(zone, reached + 90 * MINUTE, at)
          expect(when).toBeGreaterThan(at)
          expect(reachedBy(zone, when - MINUTE)).toBeLessThan(reached + 90 * MINUTE)
        }
    },
  )
})
