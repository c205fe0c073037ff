import { NotAllowed, Refused } from '../../flows/ports.ts'

/** Names and addresses of this machine alone, where registries speak http. */
export const isLoopback = (host: string): boolean =>
  /^(?:localhost|[a-z0-9-]+\.localhost|127(?:\.\d{1,3}){3}|\[::1\])$/i.test(host)

/** Whether a registry, with its port or without, is one of this machine. */
export const isHere = (registry: string): boolean => isLoopback(registry.replace(/:\d+$/, ''))

/** What OpenSSL and Node call a certificate that they do not trust. */
const UNTRUSTED = /^(?:CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERR_TLS_CERT_|HOSTNAME_MISMATCH|ERR_SSL_TLSV1_ALERT)/
/** What comes of TLS with a server that speaks none. */
const NO_TLS = /wrong version number|packet length too long|ERR_SSL_WRONG_VERSION_NUMBER|ERR_SSL_PACKET_LENGTH/i

/** What a person reads for what a network says. */
const WORDS: Readonly<Record<string, string>> = {
  ENOTFOUND:
    'there is no host of that name, or this machine has no network or reaches it through a proxy alone: check how the image is written, and the network',
  EAI_AGAIN: 'its name cannot be looked up now: check the network, and how the image is written',
  ECONNREFUSED: 'nobody listens there',
  ECONNRESET: 'the connection was cut off',
  EHOSTUNREACH: 'no way leads there',
  ENETUNREACH: 'no network leads there',
  ETIMEDOUT: 'nobody answered in time',
}

const OUT_OF_TIME: ReadonlySet<string> = new Set([
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
])

/**
 * Why there is no answer, as an error that says what to do. What no other try cures is of a port’s own kinds, and begins with who was
 * asked; anything else is a sentence without that.
 */
export const unreached = (what: string, error: unknown): Error => {
  if (error instanceof NotAllowed) return new NotAllowed(`${what}: ${error.message}`)
  if (error instanceof Refused) return new NotAllowed(`${what}: ${error.message}`)
  // What could not even be sent: who tries it again says so, and repeats nothing of it.
  if (error instanceof TypeError && error.cause === undefined) return error
  const { code, message } = causeOf(error)
  if (UNTRUSTED.test(code))
    return new NotAllowed(
      `${what}: its certificate is not trusted here (${code}). Where a registry or a proxy of yours has an authority of its own, NODE_EXTRA_CA_CERTS names the file of that`,
    )
  if (NO_TLS.test(`${code} ${message}`))
    return new NotAllowed(`${what}: it speaks no TLS, and only registries on this machine’s loopback may do without`)
  const isLate = OUT_OF_TIME.has(code) || (error as Error | null)?.name === 'TimeoutError'
  return new Error(isLate ? 'nobody answered in time' : (WORDS[code] ?? (message || code || 'no answer')))
}

/** The innermost cause: what is thrown first says only that something failed, and of several addresses each has its own. */
const causeOf = (error: unknown): { code: string; message: string } => {
  const { cause, errors, code, message } = (error ?? {}) as {
    cause?: unknown
    errors?: unknown
    code?: unknown
    message?: unknown
  }
  if (cause instanceof Error) return causeOf(cause)
  if (Array.isArray(errors) && errors[0] instanceof Error) return causeOf(errors[0])
  return { code: typeof code === 'string' ? code : '', message: typeof message === 'string' ? message : String(error) }
}
