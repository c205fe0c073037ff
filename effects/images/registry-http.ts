import { Agent, type Dispatcher, EnvHttpProxyAgent, fetch, type Response } from 'undici'
import { NotAllowed, Refused, Unavailable } from '../../flows/ports.ts'
import { parsedBody, retryAfterOf, retrying, type Tried } from '../http/retrying.ts'
import { isLoopback, unreached } from './unreached.ts'

/** What an answer of a registry is made of. */
export interface Answer extends Tried {
  bytes: Uint8Array
  /** A header’s text; null where it is not there. */
  header(name: string): string | null
}

export interface HttpOptions {
  /** Ends everything that is under way. */
  signal?: AbortSignal
  /** Waits, milliseconds; told before that something is waited for. */
  pause: (milliseconds: number) => Promise<unknown>
  /** Between 0 and 1. */
  random?: () => number
  /** Of one request, milliseconds. 30 s unless told. */
  deadline?: number
}

export interface Asked {
  method?: 'GET' | 'HEAD' | 'POST'
  url: string
  headers: Record<string, string>
  body?: string
  /** Whether it may lead elsewhere; a login’s request may not. */
  follows: boolean
  /** 4 unless told. */
  tries?: number
}

export interface RegistryHttp {
  /** Any answer but 429 and 5xx, which are tried again for a while; `what` begins every sentence about it. */
  ask(what: string, asked: Asked): Promise<Answer>
  close(): Promise<void>
}

/** More is no manifest: registries themselves take 4 MiB. Bytes. */
const LARGEST = 8 * 1024 * 1024
/** Places that an answer may lead to, one after the other. */
const HOPS = 5
const TRIES = 4

/** HTTP as registries need it: through the user’s proxy, with redirects that take no credential along, and bounded. */
export const openRegistryHttp = ({ signal, pause, random, deadline = 30_000 }: HttpOptions): RegistryHttp => {
  const direct = new Agent()
  let proxied: EnvHttpProxyAgent | null = null
  // A proxy elsewhere knows nothing of this machine’s loopback.
  const via = ({ hostname }: URL): Dispatcher => {
    if (isLoopback(hostname)) return direct
    proxied ??= new EnvHttpProxyAgent()
    return proxied
  }
  const signals = (): AbortSignal => AbortSignal.any([AbortSignal.timeout(deadline), ...(signal ? [signal] : [])])
  const once = async (what: string, asked: Asked): Promise<Answer> => {
    const until = signals()
    try {
      return await read(await following(asked, { via, signal: until }))
    } catch (error) {
      signal?.throwIfAborted()
      throw unreached(what, error)
    }
  }
  return {
    ask: async (what, asked) => {
      const options = { tries: asked.tries ?? TRIES, pause, ...(random ? { random } : {}) }
      return retrying(what, () => once(what, asked), options).catch((error: unknown) => {
        signal?.throwIfAborted()
        throw withWhen(error)
      })
    },
    close: async () => {
      await Promise.all([direct.destroy(), proxied?.destroy()])
    },
  }
}

/** Who asks to be left alone says for how long. */
const withWhen = (error: unknown): unknown => {
  if (!(error instanceof Unavailable) || error.retryAfter <= 0) return error
  const { message, retryAfter } = error
  const when = retryAfter < 120 ? `${Math.ceil(retryAfter)} s` : `${Math.ceil(retryAfter / 60)} minutes`
  return Object.assign(new Unavailable(`${message}; it asks to be left alone for ${when}`), { retryAfter })
}

interface On {
  via: (url: URL) => Dispatcher
  signal: AbortSignal
}

/** Goes where an answer leads, as storage behind registries has it. A login is for the address that it was given for, and TLS stays. */
const following = async (asked: Asked, { via, signal }: On): Promise<Response> => {
  const { method = 'GET', body } = asked
  let [url, headers] = [new URL(asked.url), asked.headers]
  for (let hop = 0; hop <= HOPS; hop++) {
    const sent = {
      method,
      headers,
      signal,
      dispatcher: via(url),
      redirect: 'manual',
      ...(body ? { body } : {}),
    } as const
    const answer = await fetch(url.href, sent)
    const to = asked.follows ? leadsTo(answer) : null
    if (to === null) return answer
    await answer.body?.cancel()
    const next = nextOf(to, url)
    if (next.origin !== url.origin) headers = withoutLogin(headers)
    url = next
  }
  throw new Refused('it leads from one address to the next without an end')
}

const leadsTo = ({ status, headers }: Response): string | null =>
  status >= 300 && status < 400 ? headers.get('location') : null

const nextOf = (to: string, from: URL): URL => {
  const next = URL.canParse(to, from.href) ? new URL(to, from.href) : null
  if (next === null || !/^https?:$/.test(next.protocol)) throw new Refused('it leads to what is no address')
  if (from.protocol === 'https:' && next.protocol === 'http:')
    throw new NotAllowed(`it leads to ${next.host} without TLS`)
  return next
}

const withoutLogin = ({ authorization: _, ...headers }: Record<string, string>): Record<string, string> => headers

const read = async (answer: Response): Promise<Answer> => {
  const pieces: Uint8Array[] = []
  let size = 0
  for await (const piece of answer.body ?? []) {
    size += piece.byteLength
    if (size > LARGEST) throw new Refused('answers more than 8 MiB, which no manifest has')
    pieces.push(piece)
  }
  const bytes = Buffer.concat(pieces)
  const { status, headers } = answer
  return {
    status,
    bytes,
    body: inWords(parsedBody(bytes.toString('utf8'))),
    retryAfter: retryAfterOf(headers.get('retry-after')),
    header: (name) => headers.get(name),
  }
}

/** Registries say errors in a list: its first sentence stands where others have theirs. */
const inWords = (body: unknown): unknown => {
  const errors = (body as { errors?: unknown } | null)?.errors
  const first = Array.isArray(errors) ? (errors[0] as { code?: unknown; message?: unknown } | null) : null
  if (first === null) return body
  return { ...(body as object), code: first?.code, message: first?.message || first?.code }
}
