import { describe, expect, it } from 'vitest'
import { reservingClock, scaledClock, virtualClock } from '../../local/clock.ts'

describe('a virtual clock', () => {
  it('stands still until it is set', () => {
    const clock = virtualClock(1000)
    expect(clock.now()).toBe(1000)
    clock.set(5000)
    expect(clock.now()).toBe(5000)
    clock.set(5000)
    expect(clock.now()).toBe(5000)
  })

  it.each([4999, Number.NaN])('does not go to %d from 5000', (ms) => {
    const clock = virtualClock(5000)
    expect(() => clock.set(ms)).toThrow(RangeError)
    expect(clock.now()).toBe(5000)
  })
})

describe('a scaled clock', () => {
  const passing = (speed: number, start = 1_000_000) => {
    let real = 77
    const clock = scaledClock({ start, speed, realNow: () => real })
    return { clock, pass: (ms: number) => (real += ms) }
  }

  it('begins at its start', () => {
    expect(passing(60).clock.now()).toBe(1_000_000)
  })

  it('passes 60 seconds in a real one at speed 60, and half a second at speed 0.5', () => {
    const [fast, slow] = [passing(60), passing(0.5)]
    fast.pass(1000)
    slow.pass(1000)
    expect(fast.clock.now()).toBe(1_060_000)
    expect(slow.clock.now()).toBe(1_000_500)
  })

  it('is real time at speed 1 from now', () => {
    const { clock, pass } = passing(1, 77)
    pass(12_345)
    expect(clock.now()).toBe(77 + 12_345)
  })

  it('says whole milliseconds', () => {
    const { clock, pass } = passing(0.3)
    pass(1)
    expect(clock.now()).toBe(1_000_000)
    pass(3)
    expect(clock.now()).toBe(1_000_001)
  })
})

describe('a reserving clock', () => {
  it('says no time that was not reserved before, and reserves no more often than it must', () => {
    const base = virtualClock(1000)
    const told: number[] = []
    const clock = reservingClock(base, 100, (until) => told.push(until))
    for (const at of [1000, 1001, 1100, 1101, 5000]) {
      base.set(at)
      expect(clock.now()).toBe(at)
      expect(told.at(-1)).toBeGreaterThanOrEqual(at)
    }
    expect(told).toEqual([1100, 1201, 5100])
  })

  it('says nothing when what it says could not be written down', () => {
    const clock = reservingClock(virtualClock(1), 100, () => {
      throw new Error('no space left')
    })
    expect(() => clock.now()).toThrow('no space left')
    expect(() => clock.now()).toThrow('no space left')
  })
})
