/** A part of a repository’s name, and of a registry’s host. */
export const PART = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*'
const PORT = '(?::[0-9]{1,5})?'
export const TAG = '[A-Za-z0-9_][A-Za-z0-9._-]{0,127}'
export const DIGEST = 'sha256:[0-9a-f]{64}'
const NAME = `(?:${PART}${PORT}/)?${PART}(?:/${PART})*`

/** An image as clusters take it: by digest. */
export const BY_DIGEST = new RegExp(`^${NAME}(?::${TAG})?@${DIGEST}$`)

/** An image as a person may write it: by digest, or by a tag, which a lock file has the digest of. Hosts have no case. */
export const WRITTEN = new RegExp(
  `^(?:(?:${PART.replaceAll('a-z', 'A-Za-z')}${PORT}/)?${PART}(?:/${PART})*:${TAG}|${NAME}(?::${TAG})?@${DIGEST})$`,
)

/** An image by its whole name: what several spellings of it have in common. */
export interface ImageReference {
  /** Host of the registry, with its port where one is said: `docker.io`, `localhost:5000`. */
  registry: string
  /** Name within the registry: `library/ubuntu`. */
  repository: string
  tag: string | null
  /** `sha256:` and 64 hex digits. */
  digest: string | null
}

/** What a text says, split and not yet made whole. */
interface Split {
  /** What stands before the first slash, where that is a host and no part of a name. */
  host: string | null
  path: string
  tag: string | null
  digest: string | null
}

/** Where images are that name no registry, and what it is called besides. */
const HUB = 'docker.io'
const HUBS: ReadonlySet<string> = new Set([HUB, 'index.docker.io'])
/** Longest name of a repository, its registry with it. Characters. */
const LONGEST = 255

const SHAPE = new RegExp(`^([^@:]*(?::[0-9]{1,5}(?=/)[^@:]*)?)(?::(${TAG}))?(?:@(${DIGEST}))?$`)
const HOST = new RegExp(`^${PART}${PORT}$`)
const PATH = new RegExp(`^${PART}(?:/${PART})*$`)

/** A first part is a host where no repository could be called so: Docker’s own rule. */
const isHost = (first: string): boolean => /[.:]/.test(first) || first === 'localhost' || first !== first.toLowerCase()

/** What no image is called: it reads as a digest that has lost its name. */
const BARE = new RegExp(`^${DIGEST}$`)

const split = (text: string): Split | null => {
  if (BARE.test(text)) return null
  const [, name, tag = null, digest = null] = SHAPE.exec(text) ?? []
  if (name === undefined || name.length > LONGEST) return null
  const slash = name.indexOf('/')
  const first = slash < 0 ? '' : name.slice(0, slash)
  const host = first !== '' && isHost(first) ? first.toLowerCase() : null
  const path = host === null ? name : name.slice(slash + 1)
  return PATH.test(path) && (host === null || HOST.test(host)) ? { host, path, tag, digest } : null
}

/** An image’s whole name; null where a text names none. What names no registry is Docker Hub’s, its official images in `library/`. */
export const parseReference = (text: string): ImageReference | null => {
  const found = split(text)
  if (found === null) return null
  const { host, path, tag, digest } = found
  const isOfHub = host === null || HUBS.has(host)
  const repository = isOfHub && !path.includes('/') ? `library/${path}` : path
  return { registry: isOfHub ? HUB : host, repository, tag, digest }
}

/** The whole name as a text, equal for all spellings of it. */
export const printReference = ({ registry, repository, tag, digest }: ImageReference): string =>
  `${registry}/${repository}${tag === null ? '' : `:${tag}`}${digest === null ? '' : `@${digest}`}`

/** An image by tag, as its whole name; null where a text is none, or names a digest. */
export const taggedReference = (text: string): (ImageReference & { tag: string }) | null => {
  const found = parseReference(text)
  return found === null || found.tag === null || found.digest !== null ? null : { ...found, tag: found.tag }
}

/** The same image by digest alone, its name as it was written: the bytes that a person would have written who knew it. */
export const atDigest = (text: string, digest: string): string => {
  const found = split(text)
  if (found === null) return text
  return `${found.host === null ? '' : `${found.host}/`}${found.path}@${digest}`
}
