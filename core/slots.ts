import { Cron } from 'croner'

/** When something begins by the clock: five fields of cron, on clocks of a zone of the IANA database. */
export interface Schedule {
  cron: string
  zone: string
}

/** Parsed ones, by what they say: each is looked at whenever resync looks. What they answer depends on the schedule and the instant alone. */
const parsed = new Map<string, Cron>()

/** Of which nothing is ever started: no function is given. Throws for what is no schedule. */
const cronOf = ({ cron, zone }: Schedule): Cron => {
  const name = nameOfSchedule({ cron, zone })
  const known = parsed.get(name)
  if (known !== undefined) return known
  const made = new Cron(cron, { timezone: zone, mode: '5-part' })
  parsed.set(name, made)
  return made
}

/** `0 2 * * * Europe/Berlin`. */
export const nameOfSchedule = ({ cron, zone }: Schedule): string => `${cron} ${zone}`

/** Fixed times of one schedule that are asked for one by one: more are no list that somebody writes. */
const MOST = 96

/**
 * Its fixed times as a schedule each: of a list or a range croner would take what lies in an hour that comes twice twice, and lose what lies in
 * one that is left out. Itself alone, where its minute or hour is any or a step, or where they are more than 96.
 */
const fixedTimes = ({ cron, zone }: Schedule): Schedule[] => {
  const [minute = '', hour = '', ...days] = cron.trim().split(/\s+/)
  const [minutes, hours] = [numbersIn(minute), numbersIn(hour)]
  const times = minutes.flatMap((one) => hours.map((other) => ({ cron: [one, other, ...days].join(' '), zone })))
  return times.length > 1 && times.length <= MOST ? times : [{ cron, zone }]
}

/** `0,30` and `1-3`, number by number; none of what is no list. */
const numbersIn = (field: string): number[] => {
  if (!/^\d+(-\d+)?(,\d+(-\d+)?)*$/.test(field)) return []
  return field.split(',').flatMap((part) => {
    const [from = 0, to = from] = part.split('-').map(Number)
    return Array.from({ length: Math.max(0, to - from + 1) }, (_, n) => from + n)
  })
}

/**
 * The last time that it said by now, milliseconds since the epoch; null: none. What lies in an hour that is left out comes when the clock is
 * set; in one that comes twice a fixed time comes once, the first time, be it one of a list or of a range. What has a step or any minute or hour
 * (`*`) comes as the hours pass: twice there, and not at all in an hour that is left out.
 */
export const lastSlot = (schedule: Schedule, now: number): number | null => {
  // One that lies exactly at the reference does not count there.
  const last = (one: Schedule): number[] =>
    cronOf(one)
      .previousRuns(1, new Date(now + 1))
      .map((run) => run.getTime())
  return (
    fixedTimes(schedule)
      .flatMap(last)
      .toSorted((a, b) => b - a)[0] ?? null
  )
}

/** The first of its times after now, milliseconds since the epoch; null: none comes. By the same rules as the last. */
export const nextSlot = (schedule: Schedule, now: number): number | null => {
  const next = (one: Schedule): number[] =>
    cronOf(one)
      .nextRuns(1, new Date(now))
      .map((run) => run.getTime())
  return (
    fixedTimes(schedule)
      .flatMap(next)
      .toSorted((a, b) => a - b)[0] ?? null
  )
}

/** Times of a schedule that are looked at for the longest that lies between two. */
const MANY = 400
/** From where: it must be the same whenever it is asked. */
const SOME_DAY = Date.UTC(2026, 0, 1)

/** The longest that passes between two of its times as a rule, milliseconds: of a year, or of as many as there are. */
export const longestPause = (schedule: Schedule): number => {
  const slots = cronOf(schedule)
    .previousRuns(MANY, new Date(SOME_DAY))
    .map((slot) => slot.getTime())
  return Math.max(0, ...slots.slice(1).map((slot, index) => Math.abs((slots[index] ?? slot) - slot)))
}

/** Why that is no schedule, and what to write; null: it is one. */
export const whyNoSchedule = (schedule: Schedule): string | null => {
  try {
    return cronOf(schedule).previousRuns(1, new Date(0))[0] === undefined
      ? 'no day ever has that date: write another'
      : null
  } catch {
    return `write the five fields of cron, minute, hour, day of the month, month and day of the week: \`0 2 * * *\` is each night at two${oddField(schedule.cron)}`
  }
}

const FIELDS = ['minute', 'hour', 'day of the month', 'month', 'day of the week'] as const

/** Which of its fields is none; empty where none is by itself. */
const oddField = (cron: string): string => {
  const fields = cron.trim().split(/\s+/)
  const years = fields.length === 6 && cron.includes('?') ? ', as AWS has them with a year: leave that out' : ''
  const all = fields.length === FIELDS.length ? '' : `; these are ${fields.length}${years}`
  const sign = cron.includes('?') ? '; `*` is any, and not `?`' : ''
  if (all !== '' || sign !== '') return `${all}${sign}`
  const odd = FIELDS.findIndex((_, index) => !isField(fields[index] ?? '', index))
  return odd < 0 ? '' : `; \`${fields[odd]}\` is no ${FIELDS[odd]}`
}

const isField = (text: string, index: number): boolean => {
  try {
    cronOf({ cron: FIELDS.map((_, at) => (at === index ? text : '*')).join(' '), zone: 'UTC' })
    return true
  } catch {
    return false
  }
}
