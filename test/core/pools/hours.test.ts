import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DAYS, type Hours, inForceAt, nextTurn, overlapIn, turnsOf } from '../../../core/pools/hours.ts'
import { wallAt } from '../../../core/pools/local-time.ts'

const MINUTE = 60_000
const utc = (text: string): number => Date.parse(`${text}Z`)
const WEEKDAYS = DAYS.slice(0, 5)
const berlin = (
  ...ceilings: [days: readonly (typeof DAYS)[number][], from: string, to: string, maxGpus: number][]
) => ({
  zone: 'Europe/Berlin',
  ceilings: ceilings.map(([days, from, to, maxGpus]) => ({ days, from, to, maxGpus })),
})
const NIGHTS = berlin([WEEKDAYS, '20:00', '06:00', 32])

describe('hours', () => {
  it('are in force from when they begin until they end, by the clock of their zone', () => {
    const at = (text: string) => inForceAt(NIGHTS, utc(text))
    // A Tuesday in winter: 20:00 in Berlin is 19:00 UTC.
    expect([at('2026-11-24T18:59'), at('2026-11-24T19:00'), at('2026-11-25T04:59'), at('2026-11-25T05:00')]).toEqual([
      null,
      32,
      32,
      null,
    ])
    expect([at('2026-07-21T17:59'), at('2026-07-21T18:00')]).toEqual([null, 32])
  })

  it('that end the next day belong to the day on which they begin: Friday’s night is Saturday’s morning', () => {
    const at = (text: string) => inForceAt(NIGHTS, utc(text))
    expect([at('2026-11-28T04:00'), at('2026-11-28T20:00'), at('2026-11-30T04:00'), at('2026-11-30T20:00')]).toEqual([
      32,
      null,
      null,
      32,
    ])
  })

  it('go round the week: what begins on Sunday is in force on Monday', () => {
    const late = berlin([['sun'], '22:00', '04:00', 8])
    expect(inForceAt(late, utc('2026-11-30T02:00'))).toBe(8)
  })

  it('of a whole day end with it', () => {
    const sunday = berlin([['sun'], '00:00', '24:00', 0])
    expect(inForceAt(sunday, utc('2026-11-29T22:59'))).toBe(0)
    expect(inForceAt(sunday, utc('2026-11-29T23:00'))).toBeNull()
  })

  it('in spring, what begins or ends in the hour that is left out does so when the clock is set', () => {
    // 02:00 becomes 03:00 at 01:00 UTC.
    const early = berlin([DAYS, '22:00', '02:30', 16], [DAYS, '02:30', '05:00', 32], [DAYS, '05:00', '22:00', 8])
    const at = (text: string) => inForceAt(early, utc(text))
    expect([at('2026-03-29T00:59'), at('2026-03-29T01:00'), at('2026-03-29T02:59'), at('2026-03-29T03:00')]).toEqual([
      16, 32, 32, 8,
    ])
  })

  it('in autumn, what has ended in the hour that comes twice does not begin again', () => {
    // 03:00 becomes 02:00 at 01:00 UTC.
    const early = berlin([DAYS, '22:00', '02:30', 16], [DAYS, '02:30', '05:00', 32])
    const at = (text: string) => inForceAt(early, utc(text))
    expect([at('2026-10-25T00:29'), at('2026-10-25T00:30'), at('2026-10-25T01:10'), at('2026-10-25T03:59')]).toEqual([
      16, 32, 32, 32,
    ])
    expect(at('2026-10-25T04:00')).toBeNull()
  })

  it('overlap where one begins before another has ended, be that the next day or the next week', () => {
    expect(overlapIn(NIGHTS)).toBeNull()
    expect(overlapIn(berlin([['mon'], '20:00', '06:00', 8], [['tue'], '05:59', '07:00', 16]))).toEqual({
      span: 1,
      other: 0,
    })
    expect(overlapIn(berlin([['mon'], '00:00', '01:00', 8], [['sun'], '23:00', '00:01', 16]))).toEqual({
      span: 1,
      other: 0,
    })
    expect(overlapIn(berlin([['mon'], '20:00', '06:00', 8], [['tue'], '06:00', '07:00', 16]))).toBeNull()
  })
})

const minute = fc.integer({ min: 0, max: 1439 })
const timeOf = (minutes: number): string =>
  `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`
/** Hours that nobody may refuse: some days, and no two at once. */
const anyHours: fc.Arbitrary<Hours> = fc
  .record({
    zone: fc.constantFrom('Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kolkata', 'UTC'),
    ceilings: fc.array(
      fc.record({
        days: fc.subarray([...DAYS], { minLength: 1 }),
        from: minute.map(timeOf),
        to: minute.map(timeOf),
        maxGpus: fc.integer({ min: 0, max: 4 }).map((nodes) => 8 * nodes),
      }),
      { minLength: 1, maxLength: 4 },
    ),
  })
  .filter(
    ({ ceilings, ...rest }) =>
      ceilings.every(({ from, to }) => from !== to) && overlapIn({ ceilings, ...rest }) === null,
  )

/** Around days on which clocks are set in one of these zones, and one on which none is. */
const anyTime = fc
  .tuple(
    fc.constantFrom(
      '2026-03-08T05:00',
      '2026-03-29T00:00',
      '2026-04-04T14:00',
      '2026-10-03T14:00',
      '2026-10-25T00:00',
      '2026-11-01T05:00',
      '2026-07-01T00:00',
    ),
    fc.integer({ min: -3000, max: 3000 }),
  )
  .map(([day, minutes]) => utc(day) + minutes * MINUTE)

/**
 * What is in force as somebody says who watches the clock on the wall from long before, minute by minute: a time that it has not
 * shown before begins and ends what begins and ends by then, and one that it has shown does nothing.
 */
const watched = (hours: Hours, at: number): number | null => {
  let reached = Number.NEGATIVE_INFINITY
  for (let minutes = at - 240 * MINUTE; minutes <= at; minutes += MINUTE)
    reached = Math.max(reached, wallAt(hours.zone, minutes))
  const day = (new Date(reached).getUTCDay() + 6) % 7
  const now = day * 1440 + new Date(reached).getUTCHours() * 60 + new Date(reached).getUTCMinutes()
  const found = turnsOf(hours).find(({ begins, lasts }) =>
    [now, now + 7 * 1440].some((one) => begins <= one && one < begins + lasts),
  )
  return found?.maxGpus ?? null
}

describe('whatever the hours, also while clocks are set', () => {
  it('what is in force is what somebody sees who watches the clock', () => {
    fc.assert(
      fc.property(anyHours, anyTime, (hours, at) => {
        expect(inForceAt(hours, at)).toBe(watched(hours, at))
      }),
      { numRuns: 60 },
    )
  })

  it('nothing changes before the next turn, which lies ahead and within a week and a day', () => {
    fc.assert(
      fc.property(
        anyHours,
        anyTime,
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (hours, at, part) => {
          const turn = nextTurn(hours, at)
          expect(turn).toBeGreaterThan(at)
          expect(turn).toBeLessThanOrEqual(at + 8 * 24 * 60 * MINUTE)
          expect(inForceAt(hours, at + Math.floor((turn - at) * part))).toBe(inForceAt(hours, at))
        },
      ),
    )
  })
})
