import { NotAllowed } from '../../flows/ports.ts'
import { byPassword, byToken } from '../http/credentials.ts'
import { type Challenge, challengesIn } from './challenge.ts'
import type { KnownLogin, Login } from './docker-logins.ts'
import type { Answer, RegistryHttp } from './registry-http.ts'
import { isHere, isLoopback } from './unreached.ts'

export type Header = Record<string, string>

/** Whom a login is for. */
export interface Whose {
  registry: string
  repository: string
}

/** What is answered to a challenge: a header, and whether a login is behind it. */
export interface Authenticated {
  header: Header
  hasLogin: boolean
}

const KEPT = { where: 'the login that Docker keeps', write: 'it anew, by `docker login`' }
const CLIENT = 'signalbox'

/**
 * The header that a registry’s 401 asks for; null where it asks for nothing that a login or a token can be sent for. A token is asked for
 * at the address that the registry names, with the user’s login where there is one: over TLS, or on this machine’s loopback.
 */
export const authenticate = async (
  http: RegistryHttp,
  answer: Answer,
  { registry, repository, known }: Whose & { known: KnownLogin },
): Promise<Authenticated | null> => {
  const login = 'login' in known ? known.login : null
  if (login?.kind === 'bearer') return { header: byToken(login.token, KEPT), hasLogin: true }
  const challenges = challengesIn(answer.header('www-authenticate'))
  const bearer = challenges.find(({ scheme }) => scheme === 'bearer')
  if (bearer !== undefined) return tokenFor(http, bearer, { registry, repository, login })
  const isBasic = challenges.some(({ scheme }) => scheme === 'basic')
  return isBasic && login?.kind === 'password' ? { header: passwordOf(login), hasLogin: true } : null
}

const passwordOf = ({ name, password }: Extract<Login, { kind: 'password' }>): Header =>
  byPassword(`${name}:${password}`, KEPT)

/** Who gives out tokens, as a registry names it. */
const realmOf = ({ parameters }: Challenge, registry: string): URL => {
  const { realm = '' } = parameters
  const url = URL.canParse(realm) ? new URL(realm) : null
  const isBeside = url?.protocol === 'http:' && isHere(registry) && isLoopback(url.hostname)
  const isSafe = url?.protocol === 'https:' || isBeside
  if (url === null || !isSafe)
    throw new NotAllowed(`${registry}: it asks for a token from an address without TLS, and gets no login there`)
  return url
}

const tokenFor = async (
  http: RegistryHttp,
  challenge: Challenge,
  { registry, repository, login }: Whose & { login: Login | null },
): Promise<Authenticated | null> => {
  const realm = realmOf(challenge, registry)
  const { service, scope = `repository:${repository}:pull` } = challenge.parameters
  const wanted = { ...(service === undefined ? {} : { service }), scope }
  const what = `${registry}: the token of ${realm.host}`
  const answer =
    login?.kind === 'identity'
      ? await http.ask(what, exchanged(realm, wanted, login.token))
      : await http.ask(what, plain(realm, wanted, login))
  const hasLogin = login !== null
  if (answer.status === 401 || answer.status === 403) return hasLogin ? { header: {}, hasLogin } : null
  const { token, access_token: other } = (answer.body ?? {}) as { token?: unknown; access_token?: unknown }
  const text = typeof token === 'string' && token !== '' ? token : other
  if (answer.status !== 200 || typeof text !== 'string')
    throw new NotAllowed(`${what}: it answers ${answer.status}, and no token`)
  return { header: byToken(text, { where: 'the token that it gave', write: 'another' }), hasLogin }
}

const plain = (realm: URL, wanted: Record<string, string>, login: Login | null) => {
  const url = new URL(realm)
  for (const [key, value] of Object.entries(wanted)) url.searchParams.set(key, value)
  const headers = login?.kind === 'password' ? passwordOf(login) : {}
  return { url: url.href, headers: { accept: 'application/json', ...headers }, follows: false }
}

/** A token of a person for one of the registry, as OAuth2 has it. */
const exchanged = (realm: URL, wanted: Record<string, string>, refresh: string) => ({
  method: 'POST' as const,
  url: realm.href,
  headers: { accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' },
  body: `${new URLSearchParams({ grant_type: 'refresh_token', client_id: CLIENT, ...wanted, refresh_token: refresh })}`,
  follows: false,
})
