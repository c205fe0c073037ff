import { repeatedKey } from '../../events/json-text.ts'

/** What people write as in JavaScript or YAML, and JSON has not: how it looks outside of strings, and what to write. */
const HABITS: readonly (readonly [looks: RegExp, say: string])[] = [
  [/^\/[/*]|^#/, 'JSON has no comments: leave it out, or write the policy as a .ts file'],
  [/^,/, 'JSON takes no comma before a closing bracket: leave it out'],
  [/^'/, 'JSON has texts in double quotes: write them so'],
  [/^[A-Za-z_$]/, 'JSON has keys in double quotes: write them so'],
]

/** A string, which is passed over; or the beginning of what JSON has not. */
const TOKEN = /"(?:[^"\\]|\\.)*"|\/[/*]|#|,(?=\s*[}\]])|'|(?<=[{,]\s*)[A-Za-z_$][\w$-]*(?=\s*:)/gs

/**
 * A policy in the bytes of a JSON file. A mark of byte order is no part of it. Of a key that is said twice the first would be lost
 * without a word. Where its schema lies, JSON says to editors alone. Throws what to write instead.
 */
export const configJson = (bytes: Uint8Array): unknown => {
  const text = textOf(bytes)
  if (text.trim() === '') throw new Error('the file is empty: write a policy, `{ … }`, as docs/policy.md has it')
  const value: unknown = parsed(text)
  const twice = repeatedKey(text)
  if (twice !== null) throw new Error(`it says \`${twice}\` twice at one place: leave one of them out, or rename it`)
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, '$schema')) return value
  return Object.fromEntries(Object.entries(value).filter(([key]) => key !== '$schema'))
}

const textOf = (bytes: Uint8Array): string => {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new Error('the file is no UTF-8: save it as that')
  }
}

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new Error(habitIn(text) ?? (error as Error).message)
  }
}

const habitIn = (text: string): string | null => {
  for (const { 0: token, index } of text.matchAll(TOKEN)) {
    const say = HABITS.find(([looks]) => looks.test(token))?.[1]
    if (say !== undefined) return `line ${text.slice(0, index).split('\n').length}: ${say}`
  }
  return null
}
