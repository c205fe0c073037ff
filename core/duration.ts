/** A whole number and a unit: `90s`, `30m`, `4h`, `2d`. */
export const DURATION = /^\d+(s|m|h|d)$/

const UNITS: Readonly<Record<string, number>> = { s: 1e3, m: 6e4, h: 36e5, d: 864e5 }

/** Milliseconds of a duration such as `90s`, `30m`, `4h`, `2d`. */
export const milliseconds = (text: string): number => Number(text.slice(0, -1)) * (UNITS[text.slice(-1)] ?? Number.NaN)

/** Longest that a person may say, days: what is longer is a slip of the hand, and in the end no date at all. */
export const LONGEST_DAYS = 366

/** Whether a duration is longer than one may be. */
export const isTooLong = (text: string): boolean => milliseconds(text) > LONGEST_DAYS * 864e5
