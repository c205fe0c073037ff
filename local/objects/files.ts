import { type Dirent, lstatSync, readdirSync, type Stats } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'

/** Our own unfinished writes, left out of every listing. */
export const TEMPORARY = '.signalbox-writing-'

/** After so many files others have their turn. */
const MANY = 1000

/** Every file below a folder, with its key, in the order of keys' UTF-8 bytes. Links are not followed. */
export const walk = async (folder: string, prefix: string): Promise<File[]> => {
  const found: File[] = []
  for (const file of filesBelow(folder, prefix)) {
    found.push(file)
    // Asked in this thread (what a disk says of one comes in microseconds), and yet nobody else waits long for it.
    if (found.length % MANY === 0) await setImmediate()
  }
  return found.sort((a, b) => byBytes(a.key, b.key))
}

/** A file, as a key of its bucket. */
export interface File {
  key: string
  stats: Stats
}

function* filesBelow(folder: string, prefix: string): Generator<File> {
  for (const entry of entriesOf(folder)) {
    const { name } = entry
    if (entry.isDirectory()) yield* filesBelow(join(folder, name), `${prefix}${name}/`)
    if (!entry.isFile() || name.startsWith(TEMPORARY)) continue
    const stats = linkStatOf(join(folder, name))
    if (stats?.isFile()) yield { key: `${prefix}${name}`, stats }
  }
}

/** What lies in a folder; nothing where none is. */
export const entriesOf = (folder: string): Dirent[] => {
  try {
    return readdirSync(folder, { withFileTypes: true })
  } catch {
    return []
  }
}

const linkStatOf = (file: string): Stats | null => {
  try {
    return lstatSync(file, { throwIfNoEntry: false }) ?? null
  } catch {
    return null
  }
}

/** Above what ASCII has, the order of a text's own units may be another than that of its bytes. */
const isPlain = (text: string): boolean => /^[\0-\x7f]*$/.test(text)

/** The order of UTF-8 bytes. */
export const byBytes = (a: string, b: string): number =>
  isPlain(a) && isPlain(b) ? (a < b ? -1 : a > b ? 1 : 0) : Buffer.compare(Buffer.from(a), Buffer.from(b))
