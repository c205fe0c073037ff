import { sha256Hex } from '../../core/digest.ts'
import type { ImageReference } from '../../core/images/reference.ts'
import { NotAllowed, Refused, Unavailable } from '../../flows/ports.ts'
import type { KnownLogin, Logins } from './docker-logins.ts'
import { ACCEPTED } from './manifests.ts'
import { howToLogIn, refusal } from './refusals.ts'
import type { Answer, RegistryHttp } from './registry-http.ts'
import { type Authenticated, authenticate } from './tokens.ts'
import { isHere } from './unreached.ts'

/** One repository of a registry, and what it lets us in with. */
export interface Repository {
  /** Address of the manifest of a tag. */
  addressOf(tag: string): string
  /** The digest that it says a tag has, without its bytes, which counts against no limit of pulls; null: some do not know how. */
  digestOf(tag: string): Promise<string | null>
  /** The bytes of a manifest or of what it names, which are what their digest says. Throws what anything but 200 means. */
  bytes(kind: 'manifests' | 'blobs', reference: string): Promise<{ bytes: Uint8Array; digest: string }>
  /** The error that this repository’s image is refused with. */
  refused(why: string): Refused
}

const DIGEST_HEADER = 'docker-content-digest'

/** Opens a repository; a login is looked for once it asks for one. */
export const openRepository = (
  http: RegistryHttp,
  { registry, repository }: Pick<ImageReference, 'registry' | 'repository'>,
  loginOf: Logins,
): Repository => {
  const name = `${registry}/${repository}`
  const base = `${originOf(registry)}/v2/${repository}`
  let known: KnownLogin = { login: null }
  let as: Authenticated = { header: {}, hasLogin: false }
  const once = (method: 'GET' | 'HEAD', path: string): Promise<Answer> => {
    const headers = { accept: ACCEPTED, ...as.header }
    // What a HEAD does not find out, a GET does.
    const asked = { method, url: `${base}/${path}`, headers, follows: true, ...(method === 'HEAD' ? { tries: 1 } : {}) }
    return http.ask(name, asked).catch((error: unknown) => {
      throw as.hasLogin ? error : limited(error, registry)
    })
  }
  const ask = async (method: 'GET' | 'HEAD', path: string): Promise<Answer> => {
    const answer = await once(method, path)
    if (answer.status !== 401) return answer
    known = await loginOf(registry)
    const authenticated = await authenticate(http, answer, { registry, repository, known })
    if (authenticated === null) return answer
    as = authenticated
    return once(method, path)
  }
  const refused = (why: string): Refused => new Refused(`${name}: ${why}`)
  return {
    refused,
    addressOf: (tag) => `${base}/manifests/${tag}`,
    digestOf: async (tag) => {
      const answer = await ask('HEAD', `manifests/${tag}`).catch(unheard)
      return answer?.status === 200 ? answer.header(DIGEST_HEADER) : null
    },
    bytes: async (kind, reference) => {
      const answer = await ask('GET', `${kind}/${reference}`)
      const problem = 'problem' in known ? known.problem : null
      if (answer.status !== 200)
        throw refusal(answer, { registry, repository, reference, hasLogin: as.hasLogin, problem })
      const digest = `sha256:${sha256Hex(answer.bytes)}`
      const told = [answer.header(DIGEST_HEADER), reference].find((one) => one?.startsWith('sha256:') && one !== digest)
      if (told !== undefined) throw refused(`${differs(reference, digest)} ${told}: ${BROKEN}`)
      return { bytes: answer.bytes, digest }
    },
  }
}

const differs = (reference: string, digest: string): string =>
  `the bytes of ${reference} are ${digest}, and it calls them`
const BROKEN = 'something between changes them, or it is broken; nothing is taken from it'

/** Registries speak TLS, but for those of this machine. */
const originOf = (registry: string): string => {
  if (registry === 'docker.io') return 'https://registry-1.docker.io'
  return `${isHere(registry) ? 'http' : 'https'}://${registry}`
}

/** A registry that knows no HEAD may answer anything to it. */
const unheard = (error: unknown): null => {
  if (error instanceof Unavailable && !(error instanceof NotAllowed)) return null
  throw error
}

/** Limits are higher for who is known. */
const limited = (error: unknown, registry: string): unknown => {
  if (!(error instanceof Unavailable) || error.retryAfter === 0) return error
  const more = new Unavailable(`${error.message}; who is logged in may ask more often: ${howToLogIn(registry)}`)
  return Object.assign(more, { retryAfter: error.retryAfter })
}
