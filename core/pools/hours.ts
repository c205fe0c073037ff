import { reachedBy, whenShown } from './local-time.ts'

/** Days of the week in the order in which they come. */
export const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const
type Day = (typeof DAYS)[number]

/** Ceilings of a pool by local time. Outside of all of them its own ceiling is in force. */
export interface Hours {
  /** Of the IANA database. */
  zone: string
  ceilings: readonly Span[]
}

/** A ceiling from a time until a time of each of these days: one that ends no later than it begins ends the next day. */
interface Span {
  days: readonly Day[]
  /** `22:00`. */
  from: string
  /** `06:00`; `24:00` is the end of the day. */
  to: string
  maxGpus: number
}

/** Minutes of a day, and of a week. */
const DAY = 1440
const WEEK = 7 * DAY
/** The day on which the epoch began, counted from Monday. */
const EPOCH_DAY = 3

/** One span on one day: minutes of the week from Monday's beginning, and how many it lasts. */
export interface Turn {
  begins: number
  lasts: number
  maxGpus: number
  /** Which of the spans it is. */
  span: number
}

const minutesOf = (time: string): number => {
  const [hours, minutes] = time.split(':').map(Number)
  return (hours ?? 0) * 60 + (minutes ?? 0)
}

/** Every turn of a week, by span and day. */
export const turnsOf = ({ ceilings }: Pick<Hours, 'ceilings'>): Turn[] =>
  ceilings.flatMap(({ days, from, to, maxGpus }, span) => {
    const [begin, end] = [minutesOf(from), minutesOf(to)]
    const lasts = end > begin ? end - begin : end + DAY - begin
    return days.map((day) => ({ begins: DAYS.indexOf(day) * DAY + begin, lasts, maxGpus, span }))
  })

/** How far a minute of the week is after another: the week goes round. */
const after = (minute: number, begin: number): number => (((minute - begin) % WEEK) + WEEK) % WEEK

/** Two spans that are in force at once, by their places in the list; null: none are. */
export const overlapIn = (hours: Pick<Hours, 'ceilings'>): { span: number; other: number } | null => {
  const turns = turnsOf(hours)
  for (const [index, one] of turns.entries())
    for (const [place, other] of turns.entries())
      if (place !== index && after(other.begins, one.begins) < one.lasts)
        return { span: Math.max(one.span, other.span), other: Math.min(one.span, other.span) }
  return null
}

const minuteOfWeek = (wall: number): number => (Math.floor(wall / 60_000) + EPOCH_DAY * DAY) % WEEK

/** The ceiling that hours say is in force; null: none, the pool's own is. */
export const inForceAt = (hours: Hours, at: number): number | null => {
  const minute = minuteOfWeek(reachedBy(hours.zone, at))
  return turnsOf(hours).find(({ begins, lasts }) => after(minute, begins) < lasts)?.maxGpus ?? null
}

/** When another may be in force: the next beginning or end, or the clock is set before that. Later than `at`. */
export const nextTurn = (hours: Hours, at: number): number => {
  const reached = reachedBy(hours.zone, at)
  const minute = minuteOfWeek(reached)
  const waits = turnsOf(hours).flatMap(({ begins, lasts }) =>
    [begins, begins + lasts].map((edge) => after(edge, minute) || WEEK),
  )
  return whenShown(hours.zone, reached + Math.min(...waits) * 60_000, at)
}
