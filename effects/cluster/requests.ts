import type { RequestOptions } from 'node:https'
import type { KubeConfig } from '@kubernetes/client-node'
import { Agent } from 'undici'
import { isRecord } from '../../core/record.ts'
import { byPassword, byToken } from '../http/credentials.ts'
import { parsedBody, type RetryOptions, retryAfterOf, retrying, type Tried } from '../http/retrying.ts'

export interface Call {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  path: string
  query?: Record<string, string>
  /** An object is sent as JSON, a text as it is. */
  body?: object | string
  /** Of the body, JSON unless told. */
  type?: string
  /** What the answer shall be, JSON unless told. */
  accept?: string
  /** That it answers with a text, which may look like JSON; left out: what is JSON is parsed. */
  reads?: 'text'
}

export interface Answer {
  status: number
  /** Parsed when it is JSON, else the text; the text too where that was asked for. */
  body: unknown
  /** What the server warns of while it does as it was asked; left out: of nothing. */
  warnings?: string[]
}

export interface RequestsOptions extends RetryOptions {
  /** Of one try, milliseconds. 10 s unless told. */
  deadline?: number
  /** Sent with each request besides those that authenticate: impersonation, for example. */
  headers?: Record<string, string>
}

const JSON_TYPE = 'application/json'

/** How long a header that authenticates is used before the configuration is asked again: exec plugins and tokens rotate. */
const HEADERS_FOR = 60_000

/**
 * HTTP/1.1 over kept connections: for small requests Node's HTTP/2 and `fetch` cost several times their time. Connections
 * go before the server would close them (90 s), and a burst queues for them instead of opening thousands.
 */
const CONNECTIONS = { allowH2: false, keepAliveTimeout: 60_000, connections: 64 }

/** Requests to one API server over connections that are kept. */
export interface Requests {
  /** Rejects with `Unavailable` when no try was answered, or each with 429 or 5xx. Every other status is an answer. */
  send(call: Call): Promise<Answer>
  close(): Promise<void>
}

/**
 * The client library's configuration and authentication with our own transport: its own opens a TLS connection for each
 * request (a quarter of the rate), and its serializer drops fields that it does not know before they are sent.
 */
export const openRequests = async (config: KubeConfig, options: RequestsOptions = {}): Promise<Requests> => {
  const { deadline = 10_000 } = options
  const server = config.getCurrentCluster()?.server
  if (server === undefined) throw new Error('the kubeconfig names no cluster: choose a context')
  const { ca, cert, key, rejectUnauthorized, servername } = await settingsOf(config)
  const dispatcher = new Agent({
    ...CONNECTIONS,
    connect: { ca, cert, key, rejectUnauthorized, ...(servername === undefined ? {} : { servername }) } as object,
  })
  // A server may lie behind a path of a proxy.
  const { origin, pathname } = new URL(server)
  const prefix = pathname.replace(/\/$/, '')
  let headers: { value: Record<string, string>; until: number } | null = null
  const authentication = async (): Promise<Record<string, string>> => {
    if (headers === null || headers.until < performance.now())
      headers = { value: headersOf(await settingsOf(config)), until: performance.now() + HEADERS_FOR }
    return headers.value
  }

  const once = async (call: Call): Promise<Tried & Answer> => {
    const { method, path, query, body, type = JSON_TYPE, accept = JSON_TYPE, reads } = call
    const content = body === undefined ? {} : { 'content-type': type }
    const head = { accept, ...(await authentication()), ...content, ...options.headers }
    return within(deadline, async (signal): Promise<Tried & Answer> => {
      const answer = await dispatcher.request({
        origin,
        path: `${prefix}${path}${query === undefined ? '' : `?${new URLSearchParams(query)}`}`,
        method,
        signal,
        headers: head,
        body: body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body),
      })
      const text = await answer.body.text()
      const isRead = reads === 'text' && answer.statusCode === 200
      return answerOf(answer.statusCode, answer.headers, isRead ? text : parsedBody(text))
    })
  }
  const answered = async (call: Call): Promise<Tried & Answer> => {
    const first = await once(call)
    if (first.status !== 401) return first
    // An expired token is minted again, once.
    headers = null
    return once(call)
  }
  return {
    send: (call) => retrying(`${call.method} ${call.path}`, () => answered(call), options),
    close: () => dispatcher.destroy(),
  }
}

/**
 * Whether the server could not read what was applied, a list with one key twice as a rule: it says 500 of that (kube-apiserver 1.36), and
 * would say it each time.
 */
const isOfObject = (status: number, body: unknown): boolean => {
  const { message } = isRecord(body) ? body : {}
  return status === 500 && typeof message === 'string' && message.startsWith('failed to create typed patch object')
}

/** As it says of every other object that it does not take. */
const UNPROCESSABLE = 422

const answerOf = (
  status: number,
  { 'retry-after': retryAfter, warning = [] }: Record<string, string | string[] | undefined>,
  body: unknown,
): Tried & Answer => {
  const warnings = [warning].flat().flatMap(warningIn)
  return {
    status: isOfObject(status, body) ? UNPROCESSABLE : status,
    body,
    retryAfter: retryAfterOf(typeof retryAfter === 'string' ? retryAfter : null),
    ...(warnings.length === 0 ? {} : { warnings }),
  }
}

/** The text of `299 - "text"`: Kubernetes writes each as a header of its own, and proxies may join them. */
const warningIn = (header: string): string[] =>
  [...header.matchAll(/\d{3} \S+ "((?:[^"\\]|\\.)*)"/g)].map(([, text = '']) => text.replace(/\\(.)/g, '$1'))

/** Work that is broken off after so many milliseconds; its timer goes with it. */
const within = async <T>(milliseconds: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> => {
  const controller = new AbortController()
  const timer = setTimeout(() => controller.abort(new Error(`no answer within ${milliseconds} ms`)), milliseconds)
  try {
    return await work(controller.signal)
  } finally {
    clearTimeout(timer)
  }
}

const settingsOf = async (config: KubeConfig): Promise<RequestOptions> => {
  const options: RequestOptions = { headers: {} }
  await config.applyToHTTPSOptions(options)
  return options
}

const CREDENTIAL = {
  where: 'the credential of the kubeconfig’s user',
  write: 'a token, or a name and a password, there or where it is read from',
}

const headersOf = ({ headers, auth }: RequestOptions): Record<string, string> => {
  const { Authorization: given = '', ...others } = headers as Record<string, string>
  // A file with a token ends with a line end as a rule: kubectl passes over it too.
  const [, token] = /^Bearer (.*)$/s.exec(given) ?? []
  return {
    ...others,
    ...(token === undefined ? {} : byToken(token.trim(), CREDENTIAL)),
    ...(typeof auth === 'string' ? byPassword(auth, CREDENTIAL) : {}),
  }
}
