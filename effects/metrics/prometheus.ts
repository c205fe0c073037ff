import { Agent, fetch } from 'undici'
import type { AlertRule } from '../../core/alerting.ts'
import type { Metrics } from '../../flows/metrics-port.ts'
import { NotAllowed } from '../../flows/ports.ts'
import { parsedBody, type RetryOptions, retryAfterOf, retrying, type Tried } from '../http/retrying.ts'
import { alertRulesIn, dataOf, samplesIn } from './answers.ts'
import type { Signing } from './signing.ts'

export interface PrometheusOptions extends RetryOptions {
  /** Where the API begins, before `/api/v1`: `http://prometheus.monitoring:9090`, `…/workspaces/ws-…`, `http://mimir/prometheus`. */
  url: string
  sign?: Signing
  /** Of one try, milliseconds. 10 s unless told. */
  deadline?: number
  /** In place of the network. */
  send?: Send
}

/** One request to an address, with these headers. */
export type Send = (address: string, headers: Record<string, string>) => Promise<Tried>

export interface Prometheus extends Metrics {
  query(expression: string): Promise<NonNullable<Awaited<ReturnType<Metrics['query']>>>>
  rules(alert: string): Promise<AlertRule[]>
  close(): Promise<void>
}

/** A Prometheus, or whoever speaks its HTTP API, over connections that are kept. Opening asks nothing. */
export const openPrometheus = (options: PrometheusOptions): Prometheus => {
  const { url, sign = async () => ({}), deadline = 10_000 } = options
  const dispatcher = new Agent()
  const send = options.send ?? sending(dispatcher, deadline)
  const ask = async (path: string, query: Record<string, string>): Promise<unknown> => {
    const answer = await retrying(
      `Prometheus ${path}`,
      async () => {
        const base = baseOf(url)
        const at = new URL(`${base}/api/v1/${path}`)
        // As it is signed: a space is %20.
        const pairs = Object.entries(query).map(([key, value]) => `${encoded(key)}=${encoded(value)}`)
        return send(`${at.href}?${pairs.join('&')}`, {
          accept: 'application/json',
          ...(await sign({ url: at, query })),
        })
      },
      options,
    )
    return dataOf(answer, path)
  }
  return {
    query: async (expression) => samplesIn(await ask('query', { query: expression })),
    // Servers that know no names of rules answer all of them.
    rules: async (alert) => {
      const all = alertRulesIn(await ask('rules', { type: 'alert', 'rule_name[]': alert }))
      return all.filter((rule) => rule.alert === alert)
    },
    close: () => dispatcher.destroy(),
  }
}

const sending =
  (dispatcher: Agent, deadline: number): Send =>
  async (address, headers) => {
    const answer = await fetch(address, {
      dispatcher,
      // A credential goes to the address that it was given for, and no further.
      redirect: 'manual',
      signal: AbortSignal.timeout(deadline),
      headers,
    })
    const body = parsedBody(await answer.text())
    return { status: answer.status, body, retryAfter: retryAfterOf(answer.headers.get('retry-after')) }
  }

/** RFC 3986, as AWS' signature has it. */
const encoded = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`)

/** Without a last slash, and without the query's own path, which consoles show. An address that holds a password is shown wherever it is. */
const baseOf = (url: string): string => {
  const { username, password } = URL.canParse(url) ? new URL(url) : { username: '', password: '' }
  if (username === '' && password === '') return url.replace(/\/+$/, '').replace(/\/api\/v1(\/query)?$/, '')
  throw new NotAllowed(
    'the address of Prometheus holds a name or a password: write it without, and `basic NAME:PASSWORD` into its token',
  )
}
