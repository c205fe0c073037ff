import type { Lock, LockedImage } from './lock.ts'
import type { WantedImage } from './places.ts'
import { lacking } from './platforms.ts'

/** What a registry says of a tag now. */
export type Found = Omit<LockedImage, 'resolved'>

/** What looking up one image came to. */
export type Looked = { found: Found } | { why: string }

/** `pinned`: the lock did not know it. `moved`: its tag points elsewhere. `failed`: what the lock says of it stays. */
export type PinState = 'pinned' | 'moved' | 'same' | 'failed'

/** An image by tag, as it was found. */
export interface PinRow {
  image: string
  state: PinState
  /** What the lock said. */
  was: string | null
  /** What the tag points to; null where that is not known, or does not run where it is named. */
  found: Found | null
  /** Why it failed. */
  why: string | null
  /** Where the config names it. */
  paths: string[]
}

/** What became of an image that was looked up. */
export const pinRow = ({ image, needs, paths }: WantedImage, lock: Lock, looked: Looked): PinRow => {
  const was = (Object.hasOwn(lock, image) ? lock[image]?.digest : undefined) ?? null
  const failed = (why: string): PinRow => ({ image, state: 'failed', was, found: null, why, paths })
  if ('why' in looked) return failed(looked.why)
  const { found } = looked
  const why = lacking(found.platforms, needs)
  if (why !== null) return failed(`${why}; it is named at ${paths.join(', ')}`)
  const state = was === null ? 'pinned' : was === found.digest ? 'same' : 'moved'
  return { image, state, was, found, why: null, paths }
}

/** Images of a lock that nothing names any more. */
export const leftOver = (lock: Lock, wanted: readonly WantedImage[]): string[] => {
  const names = new Set(wanted.map(({ image }) => image))
  return Object.keys(lock)
    .filter((image) => !names.has(image))
    .sort()
}

/**
 * The lock after a look at some images: without what nothing names, with what was found. What is as it was keeps its time and address, so
 * that looking again changes no byte.
 */
export const nextLock = (
  { lock, wanted }: { lock: Lock; wanted: readonly WantedImage[] },
  rows: readonly PinRow[],
  resolved: string,
): Lock => {
  const left = new Set(leftOver(lock, wanted))
  const kept = Object.entries(lock).filter(([image]) => !left.has(image))
  const found = rows.flatMap(({ image, state, found: one }): [string, LockedImage][] =>
    one === null || state === 'same' ? [] : [[image, { ...one, resolved }]],
  )
  return Object.fromEntries([...kept, ...found])
}
