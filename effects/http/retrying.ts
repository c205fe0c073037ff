import { setTimeout as sleep } from 'node:timers/promises'
import { NotAllowed, Unavailable } from '../../flows/ports.ts'

/** What one try of a request came to. */
export interface Tried {
  /** `UNANSWERED` when nobody answered: the body then says why. */
  status: number
  /** Parsed when it is JSON, else the text. */
  body: unknown
  /** Seconds that the server asks to wait. */
  retryAfter: number
}

/** In place of a status: nobody answered. */
export const UNANSWERED = 0

export interface RetryOptions {
  /** Tries of one request, 5 unless told. */
  tries?: number
  /** Of a request that must not be done twice: tried again only after 429, which says that nothing was done. */
  onlyRefused?: boolean
  /** Between 0 and 1: spreads retries of many callers. */
  random?: () => number
  /** Waits before another try. Milliseconds. */
  pause?: (milliseconds: number) => Promise<unknown>
}

const LONGEST_PAUSE = 8_000
/** Of a sentence that a far side said: it is written down and shown. Characters. */
const LONGEST_SENTENCE = 300

/**
 * Tries until there is an answer other than 429 and 5xx: the only place where an HTTP request is tried again. Rejects
 * with `Unavailable`, which names `what`, when the last try was none, or when the server asks to be left alone for longer
 * than somebody can wait here: then `retryAfter` says how long. A credential that may not be read or sent (`NotAllowed`) is told at
 * once, and so is a request that could not be built, as a bug of ours.
 */
export const retrying = async <T extends Tried>(
  what: string,
  once: () => Promise<T>,
  { tries = 5, onlyRefused = false, random = Math.random, pause = sleep }: RetryOptions,
): Promise<T> => {
  const tried = (): Promise<T | Tried> =>
    once().catch((error: unknown) => {
      if (error instanceof NotAllowed) throw error
      const reason = reasonOf(error)
      if (isOfCode(reason)) throw new Error(`${what}: the request could not be built (${reason.name})`)
      return { status: UNANSWERED, body: reason.message, retryAfter: 0 }
    })
  const mayRepeat = ({ status }: Tried): boolean => (onlyRefused ? status === REFUSED : isTransient(status))
  let last = await tried()
  const mayWait = ({ retryAfter }: Tried): boolean => retryAfter * 1000 <= LONGEST_PAUSE
  for (let attempt = 1; attempt < tries && mayRepeat(last) && mayWait(last); attempt++) {
    const grown = 100 * 2 ** (attempt - 1) * (0.5 + random())
    await pause(Math.max(last.retryAfter * 1000, Math.min(LONGEST_PAUSE, grown)))
    last = await tried()
  }
  if (!isTransient(last.status)) return last as T
  throw Object.assign(new Unavailable(`${what}: ${saidBy(last)}`), { retryAfter: last.retryAfter })
}

/** Too many requests: come again. */
const REFUSED = 429

const isTransient = (status: number): boolean => status === UNANSWERED || status === REFUSED || status >= 500

/** Why there is no answer, with the server's own sentence where it has one. */
const saidBy = ({ status, body }: Tried): string => {
  if (status === UNANSWERED) return String(body)
  const message = (body as { message?: unknown } | null)?.message
  return typeof message === 'string' && message !== ''
    ? `it answers ${status}: ${message.slice(0, LONGEST_SENTENCE)}`
    : `it answers ${status}`
}

/** What a `Retry-After` header asks for, as a number of seconds or as a date; 0 when it asks for nothing that we understand. */
export const retryAfterOf = (header: string | null, now: number = Date.now()): number => {
  if (header === null) return 0
  const seconds = /^\d+$/.test(header.trim()) ? Number(header) : (Date.parse(header) - now) / 1000
  return Number.isFinite(seconds) ? Math.max(0, seconds) : 0
}

/** JSON as its value, anything else as its text. */
export const parsedBody = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return text
  }
}

/** The cause that a person can act on: `fetch failed` alone says nothing. */
const reasonOf = (error: unknown): Error => {
  const said = error instanceof Error ? error : new Error(String(error))
  return said.cause instanceof Error ? said.cause : said
}

/** What the language itself throws, about what it was given: it repeats that, a credential too, so its text goes nowhere. */
const isOfCode = ({ name }: Error): boolean =>
  ['TypeError', 'RangeError', 'SyntaxError', 'ReferenceError', 'URIError'].includes(name)
