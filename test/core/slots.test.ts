import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { wallAt } from '../../core/pools/local-time.ts'
import { lastSlot, longestPause, nextSlot, whyNoSchedule } from '../../core/slots.ts'

const BERLIN = 'Europe/Berlin'
const at = (text: string): number => Date.parse(text)
const last = (cron: string, now: string, zone = BERLIN) => {
  const slot = lastSlot({ cron, zone }, at(now))
  return slot === null ? null : new Date(slot).toISOString().slice(0, 16)
}

describe('the last time that a schedule says', () => {
  it('is by the zone’s clocks, and counts from the very moment on', () => {
    expect(last('0 2 * * *', '2026-11-24T00:59:59.999Z')).toBe('2026-11-23T01:00')
    expect(last('0 2 * * *', '2026-11-24T01:00:00Z')).toBe('2026-11-24T01:00')
    expect(last('0 2 * * *', '2026-07-24T12:00:00Z')).toBe('2026-07-24T00:00')
    expect(last('0 2 * * mon', '2026-11-26T12:00:00Z', 'UTC')).toBe('2026-11-23T02:00')
  })

  it('that a clock leaves out comes when it is set; one that it shows twice comes once; each hour comes each hour', () => {
    expect(last('30 2 * * *', '2026-03-29T00:59:00Z')).toBe('2026-03-28T01:30')
    expect(last('30 2 * * *', '2026-03-29T12:00:00Z')).toBe('2026-03-29T01:00')
    expect(last('30 2 * * *', '2026-10-25T00:30:00Z')).toBe('2026-10-25T00:30')
    expect(last('30 2 * * *', '2026-10-25T12:00:00Z')).toBe('2026-10-25T00:30')
    expect(last('0 * * * *', '2026-10-25T01:30:00Z')).toBe('2026-10-25T01:00')
  })

  it('is so of each of a list or a range of fixed times', () => {
    // The hour that is left out: both come once the clock is set, which is one time.
    expect(last('0,30 2 * * *', '2026-03-29T12:00:00Z')).toBe('2026-03-29T01:00')
    expect(last('45 1-3 * * *', '2026-03-29T01:30:00Z')).toBe('2026-03-29T01:00')
    // The hour that comes twice: each comes once, the first time.
    expect(last('0,30 2 * * *', '2026-10-25T01:59:00Z')).toBe('2026-10-25T00:30')
    expect(last('45 1-3 * * *', '2026-10-25T02:30:00Z')).toBe('2026-10-25T00:45')
    expect(last('5,35 8-10,14 * * mon-fri', '2026-11-27T23:00:00Z')).toBe('2026-11-27T13:35')
    // What has a step comes as the hours pass.
    expect(last('*/30 2 * * *', '2026-10-25T01:59:00Z')).toBe('2026-10-25T01:30')
    expect(last('0-59 0-23 * * *', '2026-11-24T12:34:56Z')).toBe('2026-11-24T12:34')
  })

  it('is the same for whoever looks until the next one, and shows what the schedule says wherever no clock was set', () => {
    const zone = fc.constantFrom(BERLIN, 'America/New_York', 'Asia/Kolkata', 'UTC', 'Australia/Lord_Howe')
    const now = fc.integer({ min: at('2024-01-01T00:00:00Z'), max: at('2028-01-01T00:00:00Z') })
    fc.assert(
      fc.property(zone, fc.nat(59), fc.nat(23), now, fc.nat(86_400_000), (of, minute, hour, first, more) => {
        const schedule = { cron: `${minute} ${hour} * * *`, zone: of }
        const [a, b] = [lastSlot(schedule, first) ?? 0, lastSlot(schedule, first + more) ?? 0]
        expect([a <= first, first - a <= 26 * 3_600_000, a <= b, lastSlot(schedule, a)]).toEqual([true, true, true, a])
        if (b > first) expect(lastSlot(schedule, b - 1)).toBeLessThan(b)
        else expect(b).toBe(a)
        const shown = wallAt(of, a) % 86_400_000
        const isSet = wallAt(of, a) - wallAt(of, a - 4 * 3_600_000) !== 4 * 3_600_000
        if (!isSet) expect(shown).toBe((hour * 60 + minute) * 60_000)
      }),
      { numRuns: 60 },
    )
  })
})

it.each([
  ['0 2 * * *', null],
  ['0 0 30 2 *', /no day ever has that date/],
  ['0 25 * * *', /write the five fields of cron.*; `25` is no hour$/],
  ['0 3 * * ? *', /; these are 6, as AWS has them with a year: leave that out; `\*` is any, and not `\?`$/],
  ['0 0 2 * * *', /write the five fields/],
  ['each night', /write the five fields/],
])('%s as a schedule', (cron, why) => {
  const said = whyNoSchedule({ cron, zone: 'UTC' })
  if (why === null) expect(said).toBeNull()
  else expect(said).toMatch(why)
})

describe('the first time after now', () => {
  it('is the last one once it has come, and none lies between', () => {
    const zone = fc.constantFrom(BERLIN, 'America/New_York', 'UTC', 'Australia/Lord_Howe')
    const cron = fc.constantFrom('30 2 * * *', '0,30 2 * * *', '45 1-3 * * *', '*/30 2 * * *', '0 * * * *', '0 3 1 * *')
    const now = fc.integer({ min: at('2024-01-01T00:00:00Z'), max: at('2028-01-01T00:00:00Z') })
    fc.assert(
      fc.property(zone, cron, now, (of, said, from) => {
        const schedule = { cron: said, zone: of }
        const next = nextSlot(schedule, from) ?? 0
        expect(next).toBeGreaterThan(from)
        expect(lastSlot(schedule, next)).toBe(next)
        expect(lastSlot(schedule, next - 1)).toBeLessThanOrEqual(from)
      }),
      {
        numRuns: 300,
        examples: [
          [BERLIN, '0,30 2 * * *', at('2026-10-24T23:00:00Z')],
          [BERLIN, '30 2 * * *', at('2026-03-28T23:00:00Z')],
          [BERLIN, '30 2 * * *', at('2026-10-25T00:40:00Z')],
        ],
      },
    )
  })
})

describe('the longest that passes between two times of a schedule', () => {
  it.each([
    ['0 2 * * *', 'UTC', 24],
    // The night in which the clocks are set back.
    ['0 2 * * *', BERLIN, 25],
    ['*/5 * * * *', 'UTC', 1 / 12],
    ['0 2 * * mon-fri', 'UTC', 72],
    ['0 2 1 * *', 'UTC', 31 * 24],
    ['0 0 29 2 *', 'UTC', (8 * 365 + 1) * 24],
  ])('%s in %s', (cron, zone, hours) => {
    expect(longestPause({ cron, zone }) / 3_600_000).toBeCloseTo(hours, 6)
  })
})
