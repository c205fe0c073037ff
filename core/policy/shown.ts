import { inSight, said } from '../text.ts'

/** Longest piece of what was found that is repeated. */
export const SHOWN = 60

/** As a sentence repeats what was found. What cannot be written as JSON is called by what it is. */
export const shown = (value: unknown): string => {
  if (typeof value === 'bigint') return said(`${value}n`, SHOWN)
  if (typeof value !== 'object' && typeof value !== 'string') return said(String(value), SHOWN)
  try {
    return said(inSight(JSON.stringify(value)), SHOWN)
  } catch {
    return Array.isArray(value) ? 'a list' : 'a map'
  }
}
