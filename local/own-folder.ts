import { chmodSync, closeSync, existsSync, mkdirSync, openSync, readdirSync, statSync } from 'node:fs'

/** Bits by which others than its owner read, write or enter. */
const OTHERS = 0o077
/** Windows has other rights, which a home folder gives to its owner. */
const HAS_MODES = process.platform !== 'win32'

/** What a data folder has in it from its first moments on. */
const OURS: ReadonlySet<string> = new Set(['ledger.db', 'secrets.json', 'lock', 'buckets'])

/** A folder that others of this machine may enter and that is not for us to close: the message says what to do. */
export class FolderOpen extends Error {
  override name = 'FolderOpen'
}

/**
 * Makes a data folder for its owner alone. One that was there and is empty or a product's is closed to others, and that is answered, as a
 * sentence; null: nobody else could enter. Throws `FolderOpen` where it is somebody else's, or has other things in it that others may need.
 */
export const openOwnFolder = (folder: string): string | null => {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const why = whyOpen(folder)
  if (why === null) return null
  if (why.kind !== 'ours') throw new FolderOpen(why.text)
  chmodSync(folder, 0o700)
  const read = readdirSync(folder).length === 0 ? '' : ': what was in it they may have read'
  return `${folder} could be entered by others of this machine, and is closed to them now${read}`
}

/** Why others than us may enter a folder, and whether we would close it; null: nobody may. */
export const whyOpen = (folder: string): { kind: 'ours' | 'mixed' | 'others'; text: string } | null => {
  if (!HAS_MODES) return null
  const { mode, uid } = statSync(folder)
  const us = process.getuid?.()
  // Whoever is root may close any.
  if (us !== undefined && us !== 0 && uid !== us)
    return {
      kind: 'others',
      text: `${folder} belongs to another user of this machine (uid ${uid}), who may read what is in it: name another with --data`,
    }
  if ((mode & OTHERS) === 0) return null
  const names = readdirSync(folder)
  const isOurs = names.length === 0 || names.some((name) => OURS.has(name))
  return isOurs
    ? {
        kind: 'ours',
        text: `others of this machine may enter ${folder}: \`chmod 700 ${folder}\`, which \`start\` does, too`,
      }
    : {
        kind: 'mixed',
        text: `${folder} has other things in it, and others of this machine may enter it: name a folder of its own with --data, or close it with \`chmod 700 ${folder}\``,
      }
}

/**
 * Makes a file that its owner alone reads and writes, whatever its folder is, and one that is there so; answers its path. It opens none that
 * is there: to close it again would let go of this process' locks on it.
 */
export const ownFile = (file: string): string => {
  if (!existsSync(file)) closeSync(openSync(file, 'a', 0o600))
  if (HAS_MODES && (statSync(file).mode & OTHERS) !== 0) chmodSync(file, 0o600)
  return file
}

/** The same of a database of SQLite's, with what that keeps beside it. */
export const ownDatabase = (file: string): string => {
  for (const beside of [`${file}-wal`, `${file}-shm`, `${file}-journal`]) if (existsSync(beside)) ownFile(beside)
  return ownFile(file)
}
