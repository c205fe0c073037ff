import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { createServer as createSecure, request as secure } from 'node:https'
import type { AddressInfo } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'

/** What the proxy does with a request in place of passing it on at once. */
export type Trouble =
  | null
  | { answer: 429 | 500 | 503; retryAfter?: number }
  | { delay: number }
  /** It is carried out, and the answer is lost. */
  | { loseAnswer: true }

/** A certificate and its key: then it is reached over https. */
export interface Tls {
  cert: Buffer
  key: Buffer
}

/** A way to the API server on which things go wrong. Answers its address, and what it did. */
export const openProxy = async (
  target: string,
  troubleOf: (request: IncomingMessage) => Trouble,
  /** Ends a connection that says nothing for so long, as load balancers do (milliseconds); sends these headers in place of others. */
  { silence = 0, headers = {}, tls }: { silence?: number; headers?: Record<string, string>; tls?: Tls } = {},
): Promise<{ url: string; counts: Record<string, number>; close(): void }> => {
  const counts: Record<string, number> = {}
  const to = new URL(target)
  const answer = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const trouble = troubleOf(incoming)
    const kind = trouble === null ? 'passed' : String(Object.keys(trouble)[0])
    counts[kind] = (counts[kind] ?? 0) + 1
    if (trouble !== null && 'answer' in trouble) {
      incoming.resume()
      const headers = trouble.retryAfter === undefined ? {} : { 'retry-after': String(trouble.retryAfter) }
      outgoing.writeHead(trouble.answer, headers).end('{"kind":"Status","message":"a storm"}')
      return
    }
    if (trouble !== null && 'delay' in trouble) await pause(trouble.delay)
    const send = to.protocol === 'https:' ? secure : request
    const upstream = send(
      {
        host: to.hostname,
        port: to.port,
        method: incoming.method,
        path: incoming.url,
        headers: { ...incoming.headers, host: to.host, ...headers },
        rejectUnauthorized: false,
      },
      (answered) => {
        if (trouble !== null && 'loseAnswer' in trouble) {
          answered.resume()
          answered.on('end', () => outgoing.destroy())
          return
        }
        outgoing.writeHead(answered.statusCode ?? 502, answered.headers)
        answered.pipe(outgoing)
        if (silence > 0)
          outgoing.setTimeout(silence, () => {
            counts['silenced'] = (counts['silenced'] ?? 0) + 1
            outgoing.destroy()
          })
      },
    )
    upstream.on('error', () => outgoing.destroy())
    outgoing.on('close', () => upstream.destroy())
    incoming.pipe(upstream)
  }
  const server = tls === undefined ? createServer(answer) : createSecure(tls, answer)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    counts,
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

/** Seeded numbers between 0 and 1. */
export const seeded = (seed: number): (() => number) => {
  let state = seed
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296
    return state / 4_294_967_296
  }
}
