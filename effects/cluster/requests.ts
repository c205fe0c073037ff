import type { RequestOptions } from 'node:https'
import type { KubeConfig } from '@kubernetes/client-node'
import { Agent, fetch } from 'undici'
import { parsedBody, type RetryOptions, retryAfterOf, retrying, type Tried } from '../http/retrying.ts'

export interface Call {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  path: string
  query?: Record<string, string>
  /** An object is sent as JSON, a text as it is. */
  body?: object | string
  /** Of the body, JSON unless told. */
  type?: string
}

export interface Answer {
  status: number
  /** Parsed when it is JSON, else the text. */
  body: unknown
}

export interface RequestsOptions extends RetryOptions {
  /** Of one try, milliseconds. 10 s unless told. */
  deadline?: number
  /** Sent with each request besides those that authenticate: impersonation, for example. */
  headers?: Record<string, string>
}

/** How long a header that authenticates is used before the configuration is asked again: exec plugins and tokens rotate. */
const HEADERS_FOR = 60_000

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
    connect: { ca, cert, key, rejectUnauthorized, ...(servername === undefined ? {} : { servername }) } as object,
  })
  let headers: { value: Record<string, string>; until: number } | null = null
  const authentication = async (): Promise<Record<string, string>> => {
    if (headers === null || headers.until < performance.now())
      headers = { value: headersOf(await settingsOf(config)), until: performance.now() + HEADERS_FOR }
    return headers.value
  }

  const once = async ({ method, path, query, body, type = 'application/json' }: Call): Promise<Tried> => {
    const url = `${server.replace(/\/$/, '')}${path}${query === undefined ? '' : `?${new URLSearchParams(query)}`}`
    const content = body === undefined ? {} : { 'content-type': type }
    const answer = await fetch(url, {
      method,
      dispatcher,
      signal: AbortSignal.timeout(deadline),
      headers: { accept: 'application/json', ...(await authentication()), ...content, ...options.headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    const text = await answer.text()
    return {
      status: answer.status,
      body: parsedBody(text),
      retryAfter: retryAfterOf(answer.headers.get('retry-after')),
    }
  }
  const answered = async (call: Call): Promise<Tried> => {
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

const settingsOf = async (config: KubeConfig): Promise<RequestOptions> => {
  const options: RequestOptions = { headers: {} }
  await config.applyToHTTPSOptions(options)
  return options
}

const headersOf = ({ headers, auth }: RequestOptions): Record<string, string> => ({
  ...(headers as Record<string, string>),
  ...(typeof auth === 'string' ? { authorization: `Basic ${Buffer.from(auth).toString('base64')}` } : {}),
})
