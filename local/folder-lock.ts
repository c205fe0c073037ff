import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { ownDatabase } from './own-folder.ts'

/** The file in a folder that says so. */
export const LOCK_FILE = 'lock'

/** SQLite's code of a file that another has locked. */
const BUSY = 5

/**
 * Takes a folder for this process alone, for as long as it keeps the answer: the way to let go of it, or null when another has it. The system lets go of
 * it when the process ends, however it ends, so what a killed process leaves never blocks, and two that start at one moment
 * never both have it: SQLite's lock on a file says so, as it does for the ledger beside it.
 */
export const lockFolder = (folder: string): (() => void) | null => {
  const database = new DatabaseSync(ownDatabase(join(folder, LOCK_FILE)))
  try {
    database.exec('PRAGMA journal_mode = MEMORY; PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE')
    return () => database.close()
  } catch (error) {
    database.close()
    if (((error as { errcode?: number }).errcode ?? 0) % 256 === BUSY) return null
    throw error
  }
}

/** Another product has the data folder: the message says which. */
export class FolderTaken extends Error {
  override name = 'FolderTaken'
}
