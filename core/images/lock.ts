import { inSight } from '../text.ts'
import { DIGEST, printReference, taggedReference } from './reference.ts'

/** What a tag was found to point to. */
export interface LockedImage {
  /** Of the image; of its index, where it is one of several platforms. */
  digest: string
  /** What it runs on: `linux/amd64`. */
  platforms: string[]
  /** The address that said so. */
  from: string
  /** When it first did, as ISO 8601 has it. */
  resolved: string
}

/** Digests of images that a config names by tag, by the images’ whole names. */
export type Lock = Readonly<Record<string, LockedImage>>

/** Which shape of lock file this is. */
const SHAPE = 1

/** A lock file that cannot be used. `isNewer`: a release that knows it must not be overwritten by one that does not. */
export class LockError extends Error {
  override name = 'LockError'
  readonly isNewer: boolean
  constructor(message: string, isNewer = false) {
    super(message)
    this.isNewer = isNewer
  }
}

/** The lock in a file’s text. Throws `LockError`, which says what is wrong with it. */
export const parseLock = (text: string): Lock => {
  const { lock, images } = record(json(text), 'it is no lock file')
  if (typeof lock === 'number' && lock > SHAPE)
    throw new LockError(`it is of shape ${lock}, and this release reads shape ${SHAPE}: upgrade it first`, true)
  if (lock !== SHAPE) throw new LockError(`it is no lock file: it does not say \`"lock": ${SHAPE}\``)
  const entries = Object.entries(record(images, 'its `images` are no map'))
  return Object.fromEntries(entries.map(([image, one]) => [image, entry(image, one)]))
}

const json = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown
  } catch {
    const merge = /^(?:<{7}|={7}|>{7})/m.test(text) ? ': a merge left its marks in it' : ''
    throw new LockError(`it is no JSON${merge}`)
  }
}

const record = (value: unknown, why: string): Record<string, unknown> => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new LockError(why)
  return value as Record<string, unknown>
}

const IS_DIGEST = new RegExp(`^${DIGEST}$`)

const entry = (image: string, value: unknown): LockedImage => {
  const wrong = `what it says of ${inSight(image)} is`
  const reference = taggedReference(image)
  if (reference === null || printReference(reference) !== image)
    throw new LockError(`${wrong} of no image by tag, by its whole name`)
  const { digest, platforms, from, resolved } = record(value, `${wrong} no map`)
  if (typeof digest !== 'string' || !IS_DIGEST.test(digest)) throw new LockError(`${wrong} no digest`)
  if (!Array.isArray(platforms) || !platforms.every((one) => typeof one === 'string'))
    throw new LockError(`${wrong} no list of platforms`)
  if (typeof from !== 'string' || typeof resolved !== 'string') throw new LockError(`${wrong} not when and from where`)
  return { digest, platforms, from, resolved }
}

/** The text of a lock file: equal locks give equal bytes. */
export const lockText = (lock: Lock): string => {
  const images = Object.keys(lock)
    .sort()
    .flatMap((image) => {
      const one = lock[image]
      if (one === undefined) return []
      const { digest, platforms, from, resolved } = one
      return [[image, { digest, platforms: [...new Set(platforms)].sort(), from, resolved }] as const]
    })
  return `${JSON.stringify({ lock: SHAPE, images: Object.fromEntries(images) }, null, 2)}\n`
}
