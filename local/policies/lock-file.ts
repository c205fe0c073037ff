import { closeSync, fsyncSync, openSync, readFileSync, realpathSync, renameSync, rmSync, writeSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { type Lock, LockError, lockText, parseLock } from '../../core/images/lock.ts'
import { namesTags, pinned } from '../../core/images/pinned.ts'
import { PolicyError } from '../../core/policy.ts'

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

/**
 * A config with digests in the place of its tags, by the lock beside it, which is looked for where the config names tags at all: `onLock`
 * hears its name before it is read. Throws `PolicyError`.
 */
export const pinnedBeside = (file: string, config: unknown, onLock: (lock: string) => void): unknown => {
  if (!namesTags(config)) return config
  const at = lockOf(file)
  onLock(at)
  const { config: next, problems } = pinned(config, lockAt(at))
  if (problems.length > 0) throw new PolicyError(problems)
  return next
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
