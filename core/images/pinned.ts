import { sha256Hex } from '../digest.ts'
import { toldOfManifest } from '../policy/manifest-places.ts'
import { engineTagProblems } from './engine-tags.ts'
import type { Lock } from './lock.ts'
import { type ImagePlace, imagesIn, type WantedImage, wantedImages } from './places.ts'
import { lacking } from './platforms.ts'
import { atDigest, printReference, taggedReference } from './reference.ts'

/** A config as policies are made of it: every tag that a lock knows is the digest that it had when it was pinned. */
export interface Pinned {
  /** The very same value where no image is named by a tag that the lock knows. */
  config: unknown
  /** Images that cannot run where they are named, or serve as is said there: `path: why`. */
  problems: string[]
}

/** Whether a config names images by tag: only then it needs a lock. */
export const namesTags = (config: unknown): boolean =>
  imagesIn(config).some(({ text }) => taggedReference(text) !== null)

/**
 * Puts digests in the place of tags. A tag that the lock does not know stays, and is no image to a policy. Pure: nothing is looked up, so
 * that the same files are the same policy everywhere.
 */
export const pinned = (config: unknown, lock: Lock): Pinned => {
  const problems = engineTagProblems(config)
  let next = config
  for (const { path, text, needs } of imagesIn(config)) {
    const found = lockedAt(text, lock)
    if (found === null) continue
    const why = lacking(found.platforms, needs)
    if (why !== null)
      problems.push(`${toldOfManifest(config, path.join('.'))}: ${text} is not for its pool: ${why}. ${OTHERWISE}`)
    next = replaced(next, path, atDigest(text, found.digest))
  }
  return { config: next, problems }
}

/** The images that a config names by tag and a lock does not know. */
export const unpinned = (config: unknown, lock: Lock): WantedImage[] =>
  wantedImages(config).filter(({ image }) => !Object.hasOwn(lock, image))

/**
 * A lock that knows these as well, for the simulated cluster, which runs no image: a digest that is made of the name and that no registry
 * has, on whatever it is to run on. Equal names have equal ones.
 */
export const madeUpFor = (images: readonly WantedImage[], lock: Lock): Lock => ({
  ...lock,
  ...Object.fromEntries(
    images.map(({ image, needs }) => {
      const made = { digest: `sha256:${sha256Hex(image)}`, platforms: needs.flat(), from: 'nobody', resolved: 'never' }
      return [image, made] as const
    }),
  ),
})

const OTHERWISE = 'Name another tag and run `npx signalbox pin`, or another pool'

const lockedAt = (text: string, lock: Lock) => {
  const reference = taggedReference(text)
  const image = reference === null ? null : printReference(reference)
  return image !== null && Object.hasOwn(lock, image) ? (lock[image] ?? null) : null
}

/** A copy with another text at one place; what does not lead there is shared. */
const replaced = (value: unknown, [key, ...rest]: ImagePlace['path'], text: string): unknown => {
  if (key === undefined) return text
  const inner = replaced((value as Record<string | number, unknown>)[key], rest, text)
  if (Array.isArray(value)) return value.with(Number(key), inner)
  return { ...(value as object), [key]: inner }
}
