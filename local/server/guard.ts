import { timingSafeEqual } from 'node:crypto'
import type { MiddlewareHandler } from 'hono'
import { type Problem, refuse } from './body.ts'

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

/** What only reads (RFC 9110): whatever else is asked for may write, by whatever route. */
const READING = new Set(['GET', 'HEAD'])

/** Whoever writes shows the token of the data folder, before anything of what they send is read; who only reads needs none. */
export const tokenToWrite =
  (token: string): MiddlewareHandler =>
  async (context, next) => {
    const { method } = context.req
    if (!READING.has(method) && !hasToken(context.req.header('authorization'), token)) return refuse(context, NO_TOKEN)
    await next()
  }

const NO_TOKEN: Problem = {
  status: 401,
  error: 'no-token',
  detail:
    'send `Authorization: Bearer <token>`, or the token as the password of basic authentication: it is `token` in secrets.json of the data folder; the page by its whole address and the command line have it',
}

/** Whether it is ours, in constant time. */
const hasToken = (header: string | undefined, token: string): boolean => {
  const given = Buffer.from(givenToken(header ?? ''))
  const right = Buffer.from(token)
  return given.length > 0 && given.length === right.length && timingSafeEqual(given, right)
}

/** A bearer's token, or the password beside any name: as MLflow's clients send what their environment gives them. */
const givenToken = (header: string): string => {
  const [, scheme = '', value = ''] = /^(\S+) +(\S+)$/.exec(header) ?? []
  if (/^bearer$/i.test(scheme)) return value
  if (!/^basic$/i.test(scheme)) return ''
  const pair = Buffer.from(value, 'base64').toString()
  return pair.includes(':') ? pair.slice(pair.indexOf(':') + 1) : ''
}
