const MINUTE = 60_000
/** The longest that any clock was ever set back by, with room: nobody looks further back for it. Milliseconds. */
const SET_BACK = 3 * 3_600_000

/** Formatters by zone: making one takes longer than a hundred uses of it. What they answer depends on the zone and the instant alone. */
const formats = new Map<string, Intl.DateTimeFormat>()

const formatOf = (zone: string): Intl.DateTimeFormat => {
  const known = formats.get(zone)
  if (known !== undefined) return known
  const number = 'numeric'
  const parts = { year: number, month: number, day: number, hour: number, minute: number, second: number } as const
  const made = new Intl.DateTimeFormat('en-US', { timeZone: zone, hourCycle: 'h23', calendar: 'gregory', ...parts })
  formats.set(zone, made)
  return made
}

/** Whether this is the name of a zone of the IANA database, `Europe/Berlin` or `UTC`. An offset such as `+01:00` is none: it knows no summer. */
export const isZone = (zone: string): boolean => {
  if (!/^[A-Za-z][A-Za-z0-9_+/-]*$/.test(zone)) return false
  try {
    formatOf(zone)
    return true
  } catch {
    return false
  }
}

/** What a clock on the wall of the zone shows, as milliseconds of a clock that shows the same in UTC; whole minutes. */
export const wallAt = (zone: string, at: number): number => {
  const shown: Record<string, number> = {}
  for (const { type, value } of formatOf(zone).formatToParts(at)) shown[type] = Number(value)
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0 } = shown
  return Date.UTC(year, month - 1, day, hour, minute)
}

/** `2026-12-01 03:00 Europe/Berlin`. */
export const wallText = (zone: string, at: number): string =>
  `${new Date(wallAt(zone, at)).toISOString().slice(0, 16).replace('T', ' ')} ${zone}`

const floor = (at: number): number => Math.floor(at / MINUTE) * MINUTE

/** How far the wall is before UTC. Milliseconds. */
const offsetAt = (zone: string, at: number): number => wallAt(zone, at) - floor(at)

/** The first minute after `from` at which the clock has been set otherwise, which it has by `to`. */
const settingBetween = (zone: string, { from, to }: { from: number; to: number }): number => {
  const before = offsetAt(zone, from)
  let [low, high] = [floor(from), floor(to)]
  while (high - low > MINUTE) {
    const middle = floor((low + high) / 2)
    if (offsetAt(zone, middle) === before) low = middle
    else high = middle
  }
  return high
}

/**
 * The latest time that the wall has shown by then. When the clock is set back an hour comes twice: what has begun or ended in it did so the
 * first time, and nothing begins or ends again before the wall shows what it has never shown.
 */
export const reachedBy = (zone: string, at: number): number => {
  const wall = wallAt(zone, at)
  const earlier = at - SET_BACK
  if (offsetAt(zone, earlier) <= offsetAt(zone, at)) return wall
  const set = settingBetween(zone, { from: earlier, to: at })
  return Math.max(wall, wallAt(zone, set - MINUTE))
}

/**
 * When the wall will first show at least this, or the clock is set before that: then it is asked again. Later than `at`, and exact to the
 * minute.
 */
export const whenShown = (zone: string, wall: number, at: number): number => {
  const expected = floor(at) + wall - wallAt(zone, at)
  if (offsetAt(zone, expected) === offsetAt(zone, at)) return expected
  return settingBetween(zone, { from: at, to: expected })
}
