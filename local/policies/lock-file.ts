import { closeSync, fsyncSync, openSync, readFileSync, realpathSync, renameSync, rmSync, writeSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { type Lock, LockError, lockText, parseLock } from '../../core/images/lock.ts'
import { madeUpFor, namesTags, pinned, unpinned } from '../../core/images/pinned.ts'
import type { WantedImage } from '../../core/images/places.ts'
import { PolicyError, parsePolicy } from '../../core/policy.ts'
import { quoted } from '../../core/text.ts'

/** Where the digests of a config’s tags lie: beside it, `signalbox.lock.json` of `signalbox.config.ts`. */
export const lockOf = (config: string): string =>
  join(dirname(config), `${basename(config).replace(/(?:\.config)?\.[cm]?(?:[jt]s|json)$/, '')}.lock.json`)

/** A lock file as it lies there: one that is not there knows nothing. Throws `LockError`. */
export const readLock = (file: string): Lock => {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw new LockError(`it cannot be read: ${(error as Error).message}`)
  }
  return parseLock(text)
}

/** Writes a lock in one go: who reads meanwhile, and who is ended, finds the one before or this one. Nothing is written that lies there already. */
export const writeLock = (file: string, lock: Lock): boolean => {
  const text = lockText(lock)
  const target = realOf(file)
  if (textAt(target) === text) return false
  const beside = `${target}.${process.pid}.tmp`
  try {
    const handle = openSync(beside, 'w', 0o644)
    writeSync(handle, text)
    fsyncSync(handle)
    closeSync(handle)
    renameSync(beside, target)
  } catch (error) {
    rmSync(beside, { force: true })
    throw error
  }
  return true
}

/** What a link leads to is written, not the link. */
const realOf = (file: string): string => {
  try {
    return realpathSync(file)
  } catch {
    return file
  }
}

const textAt = (file: string): string | null => {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return null
  }
}

/** For whom a config is read: `onLock` hears the lock's name before that is read; `simulated`: the cluster runs no image. */
export interface PinnedFor {
  onLock(lock: string): void
  simulated: boolean
}

/**
 * A config with digests in the place of its tags, by the lock beside it, which is looked for where the config names tags at all. A tag that
 * nobody has pinned is taken by the simulated cluster alone. Throws `PolicyError`.
 */
export const pinnedBeside = (file: string, config: unknown, { onLock, simulated }: PinnedFor): unknown => {
  if (!namesTags(config)) return config
  const at = lockOf(file)
  onLock(at)
  const lock = lockAt(at)
  const left = unpinned(config, lock)
  const { config: next, problems } = pinned(config, madeUpFor(left, lock))
  if (!simulated && left.length > 0)
    throw new PolicyError([...problems, ...left.map((one) => whyUnpinned(file, one)), ...problemsOf(next)])
  if (problems.length > 0) throw new PolicyError(problems)
  return next
}

/** Images of a config that the lock beside it does not know. Throws `PolicyError`. */
export const unpinnedBeside = (file: string, config: unknown): WantedImage[] =>
  namesTags(config) ? unpinned(config, lockAt(lockOf(file))) : []

/** What is said of an image that nobody has pinned, and what to run. */
export const whyUnpinned = (file: string, { image, paths }: WantedImage): string =>
  `${paths.join(', ')}: nobody has looked up which digest ${image} has: run \`${pinFor(file)}\`, or pin it yourself: \`repository@sha256:<64 hex>\``

/** The command that pins the images of a policy's file. */
export const pinFor = (file: string): string =>
  `npx signalbox pin${file === 'signalbox.config.ts' ? '' : ` --config ${quoted(file)}`}`

/** What else is amiss: who has pinned it all would be told then. */
const problemsOf = (config: unknown): readonly string[] => {
  try {
    parsePolicy(config)
    return []
  } catch (error) {
    if (error instanceof PolicyError) return error.problems
    throw error
  }
}

const lockAt = (file: string): Lock => {
  try {
    return readLock(file)
  } catch (error) {
    if (!(error instanceof LockError)) throw error
    const cure = error.isNewer ? '' : ': `npx signalbox pin` writes it anew'
    throw new PolicyError([`${file}: ${error.message}${cure}`])
  }
}
