import { expect, it } from 'vitest'
import { isLoopback, unreached } from '../../../effects/images/unreached.ts'
import { NotAllowed, Refused } from '../../../flows/ports.ts'

const failed = (cause: unknown) => new TypeError('fetch failed', { cause })
const coded = (code: string, message = code) => Object.assign(new Error(message), { code })

it.each<[string, unknown, RegExp]>([
  [
    'a name that is none',
    failed(coded('ENOTFOUND')),
    /^there is no host of that name, or this machine has no network or reaches it through a proxy alone: check how the image is written, and the network$/,
  ],
  [
    'nobody there, at any of its addresses',
    failed(new AggregateError([coded('ECONNREFUSED')])),
    /^nobody listens there$/,
  ],
  ['a server that is slow', failed(coded('UND_ERR_CONNECT_TIMEOUT')), /^nobody answered in time$/],
  ['a time that is over', new DOMException('timeout', 'TimeoutError'), /^nobody answered in time$/],
  ['anything else, in its own words', failed(coded('EPIPE', 'write EPIPE')), /^write EPIPE$/],
  ['nothing at all', undefined, /./],
])('%s may be tried again', (_, error, says) => {
  const said = unreached('ghcr.io/a', error)
  expect(said).not.toBeInstanceOf(NotAllowed)
  expect(said.message).toMatch(says)
})

it.each<[string, unknown, RegExp]>([
  [
    'a certificate of its own',
    failed(coded('DEPTH_ZERO_SELF_SIGNED_CERT')),
    /not trusted here \(DEPTH_ZERO_SELF_SIGNED_CERT\).*NODE_EXTRA_CA_CERTS/,
  ],
  ['an authority of a proxy', failed(coded('SELF_SIGNED_CERT_IN_CHAIN')), /NODE_EXTRA_CA_CERTS/],
  ['a certificate of another name', failed(coded('ERR_TLS_CERT_ALTNAME_INVALID')), /not trusted/],
  ['a certificate over its time', failed(coded('CERT_HAS_EXPIRED')), /not trusted/],
  ['no TLS', failed(coded('EPROTO', 'ssl3_get_record:wrong version number')), /it speaks no TLS/],
  ['what it answers', new Refused('is too large'), /^ghcr\.io\/a: is too large$/],
])('%s is not cured by another try', (_, error, says) => {
  const said = unreached('ghcr.io/a', error)
  expect(said).toBeInstanceOf(NotAllowed)
  expect(said.message).toMatch(says)
})

it('what could not be sent, a login perhaps, is repeated nowhere', () => {
  const error = new TypeError('invalid header value hunter2')
  expect(unreached('ghcr.io/a', error)).toBe(error)
})

it('http is for this machine alone', () => {
  for (const host of ['localhost', 'registry.localhost', '127.0.0.1', '127.1.2.3', '[::1]', 'LOCALHOST'])
    expect(isLoopback(host)).toBe(true)
  for (const host of ['localhost.example.com', '128.0.0.1', '127.0.0.1.example.com', 'registry', '10.0.0.1'])
    expect(isLoopback(host)).toBe(false)
})
