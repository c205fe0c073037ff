import type * as z from 'zod/mini'
import { nearest } from './nearest.ts'
import { shown } from './shown.ts'

/** What people of another notation write, and what they mean by it; null: that is not known. `isWhole`: a whole number stands there. */
export const habit = (issue: z.core.$ZodIssue, input: unknown, isWhole = false): string | null => {
  const expected = issue.code === 'invalid_type' ? issue.expected : ''
  const [one] = Array.isArray(input) && input.length === 1 ? input : []
  if (typeof one === 'string' && expected !== 'object' && expected !== 'record')
    return `write it without the list, ${shown(one)}`
  if (expected === 'string' && issue.message === '' && ['number', 'boolean'].includes(typeof input))
    return `write it in quotes, "${input}"`
  if (expected === 'string' && typeof input === 'object' && input !== null) return 'write a text, in quotes'
  if (typeof input !== 'string') return null
  if (expected === 'number' || expected === 'int') return numberMeant(input, issue.path, isWhole)
  if (expected === 'boolean' && /^(yes|no|on|off|true|false)$/i.test(input))
    return `write ${/^(yes|on|true)$/i.test(input)} without quotes`
  return issue.code === 'invalid_value' ? valueMeant(issue, input) : null
}

/** `"8"`, and `"20,000"`, `"20 000"` or `"$50"`; of `"20.000"` nobody knows which of two it is. */
const numberMeant = (text: string, path: readonly PropertyKey[], isWhole: boolean): string | null => {
  if (isWhole && text.trim().endsWith('%'))
    return 'write a count, such as 1: nobody reckons here what part of all that is'
  const plain = text
    .trim()
    .replace(/^\$/, '')
    .replace(/(?<=\d)[,_'’ ](?=\d{3}(?!\d))/g, '')
  if (/^[1-9]\d{0,2}(\.\d{3})+$/.test(plain)) {
    const [thousands, fraction] = [Number(plain.replaceAll('.', '')), Number(plain)]
    return `write it without quotes, ${thousands}${Number.isNaN(fraction) ? '' : `, or ${fraction}`}`
  }
  if (plain !== '' && Number.isFinite(Number(plain))) return `write it without quotes, ${Number(plain)}`
  const counted = withUnit(plain, path)
  return counted === null ? null : `write a number alone, ${counted}`
}

/** Hours of what people count time in. */
const HOURS: Readonly<Record<string, number>> = { s: 1 / 3600, m: 1 / 60, h: 1, d: 24 }

/** `1h` and `90min` in hours or minutes, whichever are told there; `32k` of tokens, of which some count 1,024 as a thousand; `80%`. */
const withUnit = (text: string, path: readonly PropertyKey[]): string | null => {
  const [, digits = '', unit = ''] = /^(\d{1,9}(?:\.\d{1,6})?)\s*([a-z%]{1,7})$/i.exec(text) ?? []
  if (digits === '') return null
  const number = Number(digits)
  if (unit === '%') return String(rounded(number / 100))
  if (/^k$/i.test(unit)) return `${rounded(number * 1024)} or ${rounded(number * 1000)}`
  const inHours = /^(s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?)$/i.test(unit)
    ? HOURS[unit.charAt(0).toLowerCase()]
    : undefined
  if (inHours === undefined) return null
  if (path.includes('hours')) return String(rounded(number * inHours))
  return path.some((step) => /minutes$/i.test(String(step))) ? String(rounded(number * inHours * 60)) : null
}

const rounded = (number: number): number => Math.round(number * 1e4) / 1e4

const valueMeant = ({ values }: z.core.$ZodIssueInvalidValue, text: string): string | null => {
  if (values.some((value) => typeof value === 'number' && String(value) === text)) return 'write it without quotes'
  const [known, meant] = [values.map(String), { gt: '>=', gte: '>=', ge: '>=', lt: '<=', lte: '<=', le: '<=' }]
  const like = nearest(Object.hasOwn(meant, text) ? meant[text as keyof typeof meant] : text, known)
  return like === null ? null : `did you mean \`${like}\`?`
}
