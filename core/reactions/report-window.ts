import { sha256Hex } from '../digest.ts'

/** The window that a report is of, as far as its place and its content tell. */
export interface ReportWindow {
  /** What tells it from the one before: the same again is the same window. */
  id: string
  /** The latest date in its key, milliseconds since the epoch; left out: there is none that can be believed, or it may be no window's. */
  date?: number
  /** That date, where it is too long before its report to be the window's: what is dated by windows has come before. */
  before?: number
  /** That date is a folder's, in which reports are written over one another: it says nothing of the order of windows. Left out: nobody knows. */
  folder?: true
}

/** Dates as they stand in keys: year, month and day, and hour and minute where they are there and no other date begins so. */
const FORMS: readonly RegExp[] = [
  /year=(?<y>\d{4})\/month=(?<m>\d{1,2})\/day=(?<d>\d{1,2})(?:\/hour=(?<h>\d{1,2}))?/gi,
  /(?<![0-9a-z])(?<y>\d{4})(?<sep>[-_./])(?<m>\d\d)\k<sep>(?<d>\d\d)(?:[t_ /-](?!\d{4}[-_./]\d\d(?!\d))(?<h>\d\d)(?:[:-]?(?<n>\d\d))?(?:[:-]?\d\d)?z?)?(?![0-9a-z])/gi,
  /(?<![0-9a-z])(?<y>\d{4})(?<m>\d\d)(?<d>\d\d)(?:[t_-]?(?!\d{4}[-_./]\d\d(?!\d))(?<h>\d\d)(?<n>\d\d)(?:\d\d)?z?)?(?![0-9a-z])/gi,
]

/** How far ahead of its report a window may be called, by clocks of elsewhere or by its end; and how long before any date may be. Milliseconds. */
const [AHEAD, BEFORE] = [2 * 86_400_000, 10 * 366 * 86_400_000]
/** For how long a date may be a window's: a week's is dated by its beginning, and its report is written a day later. Milliseconds. */
export const DATES = 8 * 86_400_000

/** For how long a report is written again for one window, by a pod that failed or a job that somebody repeats after a weekend. Milliseconds. */
const AGAIN = 4 * 86_400_000

/**
 * The window of a report, by the rest of its key and the digest of its bytes. Where its key has the window's date the same key is the same window,
 * whatever is written there; where it has none what lies there may be another one each time, and only the same bytes are the same. Of a date of long
 * before nobody knows whether it is the window's, which may be a month, or that of a folder, as a model has: the same key is the same window for some
 * days, and once it is written later than that it is none, as where it has no date. `at`: when it was written; `known`: the last window, and when that
 * was written first.
 */
export const reportWindow = (
  rest: string,
  { sha256, at }: { sha256: string; at: number },
  known: { window?: ReportWindow; last?: number } = {},
): ReportWindow => {
  const date = dateIn(rest, at)
  const own = idOf(rest)
  if (date !== null && date >= at - DATES) return { id: own, date }
  const bytes = idOf(`${rest}\n${sha256}`)
  if (date === null) return { id: bytes }
  const { window, last = 0 } = known
  if (window?.id === own) return at - last < AGAIN ? window : { id: bytes, before: date, folder: true }
  // It is known to be written over for longer than that, or an earlier release read it.
  return window?.before === date ? { id: bytes, before: date, folder: true } : { id: own, before: date }
}

const idOf = (of: string): string => sha256Hex(of).slice(0, 16)

/** The latest: what else a key is dated by, a model, a dataset or a reference, was there before the window was. */
const dateIn = (rest: string, at: number): number | null => {
  const dates = FORMS.flatMap((form) => [...rest.matchAll(form)].flatMap(({ groups }) => dateOf(groups ?? {}, at)))
  return dates.length === 0 ? null : Math.max(...dates)
}

/** None where it is no date, or cannot be believed: one that is misdated would be newer than whatever comes in all that time (law 14). */
const dateOf = ({ y, m, d, h = '0', n = '0' }: Record<string, string | undefined>, at: number): number[] => {
  const [year, month, day, hour, minute] = [Number(y), Number(m), Number(d), Number(h), Number(n)]
  const date = Date.UTC(year, month - 1, day, hour, minute)
  const isDate = month >= 1 && month <= 12 && day >= 1 && day <= 31 && hour < 24 && minute < 60
  return isDate && date <= at + AHEAD && date >= at - BEFORE ? [date] : []
}
