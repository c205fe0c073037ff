/** Between two wakes of one lane, at least. Milliseconds. */
export const APART = 2_000
/** Between two wakes for an object that only flaps, at most. Milliseconds. */
export const LONGEST = 30_000
/** After so long without a change whatever comes is news again. Milliseconds. */
const CALM = 4 * LONGEST
/** States of an object that are remembered to know a flapping one. */
const REMEMBERED = 16

/** Something that was seen of an object. */
export interface Heard {
  /** The object's uid. */
  object: string
  /** Whom it may concern. */
  lane: string
  /** The object's state, as far as it matters. */
  news: string
}

/** What is due: a lane, and the last change of each object that it is woken for, the latest first. */
export interface Ring<T> {
  lane: string
  changes: T[]
}

interface Pulse {
  news: string
  /** States that it had since it was last calm. */
  seen: string[]
  /** Whether nothing but these came since the last wake for it. */
  flaps: boolean
  /** Until the next wake for it. */
  pause: number
  heardAt: number
  rungAt: number
}

interface Pending<T> {
  lane: string
  at: number
  last: T
}

/**
 * When lanes are woken for what changes, so that flapping wakes nobody often and nothing is lost: a change that is news wakes at
 * once, later ones at the end of `APART` with the last of them. For an object that goes back and forth between states that it
 * had before, pauses double up to `LONGEST`. Knows no clock: every call says when it is.
 */
export interface Pacing<T> {
  /** Takes what was seen; false when nothing that matters has changed. */
  hear(heard: Heard, last: T, now: number): boolean
  /** What was seen without waking anybody, as where a list was compared already. */
  know(heard: Pick<Heard, 'object' | 'news'>, now: number): void
  /** An object that is gone needs no memory. */
  forget(object: string): void
  /** Whom to wake by now: each lane once, for all that was seen of it; everything that is held back when `now` is infinite. */
  due(now: number): Ring<T>[]
  /** When the next is due; null: nothing is held back. */
  next(): number | null
}

export const openPacing = <T>(): Pacing<T> => {
  const pulses = new Map<string, Pulse>()
  const pending = new Map<string, Pending<T>>()
  const rungAt = new Map<string, number>()
  const ring = (lane: string, now: number): Ring<T> => {
    const held = [...pending].filter(([, one]) => one.lane === lane)
    // Whoever looks now sees what was heard of all of them.
    for (const [object] of held) {
      pending.delete(object)
      const pulse = pulses.get(object)
      if (pulse !== undefined) pulses.set(object, rung(pulse, now))
    }
    rungAt.set(lane, now)
    return { lane, changes: held.map(([, { last }]) => last).reverse() }
  }
  return {
    hear: ({ object, lane, news }, last, now) => {
      const before = pulses.get(object)
      if (before?.news === news) return false
      const pulse = felt(before, news, now)
      pulses.set(object, pulse)
      const at = Math.max(now, pulse.rungAt + pulse.pause, (rungAt.get(lane) ?? Number.NEGATIVE_INFINITY) + APART)
      // What is told last stands last: it is what the lane is woken with.
      pending.delete(object)
      pending.set(object, { lane, at, last })
      return true
    },
    know: ({ object, news }, now) => void pulses.set(object, felt(pulses.get(object), news, now)),
    forget: (object) => void pulses.delete(object),
    due: (now) => {
      const lanes = new Set([...pending.values()].filter(({ at }) => at <= now).map(({ lane }) => lane))
      return [...lanes].map((lane) => ring(lane, now))
    },
    next: () => (pending.size === 0 ? null : Math.min(...[...pending.values()].map(({ at }) => at))),
  }
}

/** A state that it had before is flapping; any other is news. */
const felt = (before: Pulse | undefined, news: string, now: number): Pulse => {
  const rungAt = before?.rungAt ?? Number.NEGATIVE_INFINITY
  const fresh: Pulse = { news, seen: [news], flaps: false, pause: APART, heardAt: now, rungAt }
  if (before === undefined || now - before.heardAt > CALM) return fresh
  const { seen } = before
  if (!seen.includes(news)) return { ...fresh, seen: [...seen, news].slice(-REMEMBERED) }
  return { ...before, news, heardAt: now }
}

const rung = (pulse: Pulse, now: number): Pulse => ({
  ...pulse,
  rungAt: now,
  flaps: true,
  pause: pulse.flaps ? Math.min(LONGEST, pulse.pause * 2) : APART,
})
