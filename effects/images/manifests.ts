/** What a manifest is, as far as it matters which machines it is for. */
export type Manifest =
  /** One image each, for its platform where the index says it. */
  | { kind: 'index'; images: { digest: string; platform: string | null }[] }
  /** An image, whose configuration says its platform. */
  | { kind: 'image'; config: string }
  /** Something else that registries keep: no machine matters. */
  | { kind: 'artifact' }
  /** Of a time before digests named content. */
  | { kind: 'outdated' }
  | { kind: 'unread' }

const INDEXES = ['application/vnd.oci.image.index.v1+json', 'application/vnd.docker.distribution.manifest.list.v2+json']
const IMAGES = ['application/vnd.oci.image.manifest.v1+json', 'application/vnd.docker.distribution.manifest.v2+json']
const CONFIGS: ReadonlySet<string> = new Set([
  'application/vnd.oci.image.config.v1+json',
  'application/vnd.docker.container.image.v1+json',
])

/** Asked for: with an index left out, a registry would answer one of its images. */
export const ACCEPTED = [...INDEXES, ...IMAGES].join(', ')

const DIGEST = /^sha256:[0-9a-f]{64}$/

/** What a manifest’s bytes say. Total: of anything else it is none. */
export const manifestIn = (bytes: Uint8Array): Manifest => {
  const value = jsonIn(bytes)
  if (value === null) return { kind: 'unread' }
  const { schemaVersion, manifests, config } = value
  if (schemaVersion === 1) return { kind: 'outdated' }
  if (schemaVersion !== 2) return { kind: 'unread' }
  if (Array.isArray(manifests)) return { kind: 'index', images: manifests.flatMap(imageIn) }
  const { digest, mediaType } = recordOf(config)
  if (typeof digest !== 'string') return { kind: 'unread' }
  return CONFIGS.has(String(mediaType)) && DIGEST.test(digest)
    ? { kind: 'image', config: digest }
    : { kind: 'artifact' }
}

/** The platform in the bytes of an image’s configuration; null where it says none. */
export const platformIn = (bytes: Uint8Array): string | null => platformOf(jsonIn(bytes))

const jsonIn = (bytes: Uint8Array): Record<string, unknown> | null => {
  try {
    const value = JSON.parse(Buffer.from(bytes).toString('utf8')) as unknown
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null
  } catch {
    return null
  }
}

const recordOf = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}

/** What is beside images in an index (where they are from, signatures) is for no machine, and builders say so. */
const imageIn = (value: unknown): { digest: string; platform: string | null }[] => {
  const { digest, platform, annotations } = recordOf(value)
  if (typeof digest !== 'string' || !DIGEST.test(digest)) return []
  if (recordOf(annotations)['vnd.docker.reference.type'] !== undefined) return []
  if (platform === undefined || platform === null) return [{ digest, platform: null }]
  const known = platformOf(recordOf(platform))
  return known === null ? [] : [{ digest, platform: known }]
}

const NAME = /^[a-z0-9][a-z0-9._-]{0,39}$/
/** What the variant of a processor is anyway. */
const USUAL: Readonly<Record<string, string>> = { arm64: 'v8' }

const platformOf = (value: Record<string, unknown> | null): string | null => {
  const { os, architecture, variant } = value ?? {}
  if (!isName(os) || !isName(architecture) || os === 'unknown') return null
  const more = isName(variant) && variant !== USUAL[architecture] ? `/${variant}` : ''
  return `${os}/${architecture}${more}`
}

const isName = (value: unknown): value is string => typeof value === 'string' && NAME.test(value)
