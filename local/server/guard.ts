import { timingSafeEqual } from 'node:crypto'
import type { MiddlewareHandler } from 'hono'
import { refuse } from './body.ts'

const LOCAL = new Set(['127.0.0.1', 'localhost', '[::1]'])

/** Only this machine, only by its own name: a page from elsewhere can neither read nor press (DNS rebinding, CSRF). */
export const guard: MiddlewareHandler = async (context, next) => {
  // Before there is an answer: on one that is made each header would make it anew.
  for (const [name, value] of HEADERS) context.header(name, value)
  const host = context.req.header('host') ?? ''
  const name = host.replace(/:\d+$/, '')
  if (!LOCAL.has(name))
    return refuse(context, { status: 403, error: 'wrong-host', detail: 'open it as 127.0.0.1 or localhost' })
  const origin = context.req.header('origin')
  if (origin !== undefined && origin !== `http://${host}`)
    return refuse(context, { status: 403, error: 'wrong-origin', detail: 'other pages may not call this one' })
  await next()
}

/** What every answer says to the browser that shows it. */
const HEADERS: readonly (readonly [string, string])[] = [
  ['x-content-type-options', 'nosniff'],
  ['referrer-policy', 'no-referrer'],
  [
    'content-security-policy',
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  ],
]

/** Whether the bearer token is ours, in constant time. */
export const hasToken = (header: string | undefined, token: string): boolean => {
  const given = Buffer.from(header?.replace(/^Bearer /, '') ?? '')
  const right = Buffer.from(token)
  return given.length === right.length && timingSafeEqual(given, right)
}
