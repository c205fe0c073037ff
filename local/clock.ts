import type { Clock } from '../flows/ports.ts'

/** A clock that stands still until it is set. Setting it back throws `RangeError`: time does not. */
export interface VirtualClock extends Clock {
  set(ms: number): void
}

export const virtualClock = (start: number): VirtualClock => {
  let now = start
  return {
    now: () => now,
    set: (ms) => {
      if (!(ms >= now)) throw new RangeError(`the clock stands at ${now} and does not go back to ${ms}`)
      now = ms
    },
  }
}

/** A clock that runs `speed` times as fast as the real one from `start` on. */
export const scaledClock = ({
  start,
  speed,
  realNow = Date.now,
}: {
  start: number
  speed: number
  realNow?: () => number
}): Clock => {
  const begun = realNow()
  return { now: () => Math.floor(start + (realNow() - begun) * speed) }
}

/**
 * A clock that never says a time later than what `reserve` was told: whoever goes on from there after a kill, at any moment,
 * finds nothing in the future. Told only when a time is used up, and then so many milliseconds more than is needed.
 */
export const reservingClock = (clock: Clock, ahead: number, reserve: (until: number) => void): Clock => {
  let reserved = Number.NEGATIVE_INFINITY
  return {
    now: () => {
      const now = clock.now()
      if (now > reserved) {
        reserve(now + ahead)
        reserved = now + ahead
      }
      return now
    },
  }
}
