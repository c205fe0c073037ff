import { mkdirSync, mkdtempSync, realpathSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { ownDatabase } from './own-folder.ts'

/** Where the local product keeps what it remembers (`ledger`) and what stands for the outside (`world`, `buckets`). */
export interface Stores {
  dataDir: string | null
  /** Where the ledger lies: a copy of it, or one that was restored, is another file. */
  home: string
  ledger: DatabaseSync
  world: DatabaseSync
  /** A folder; each folder in it is a bucket. */
  buckets: string
  close(): void
}

/** Opens the files in a folder, made when it is not there; `null` keeps everything in memory, for tests and the terminal tour. */
export const openStores = (dataDir: string | null): Stores => {
  const root = dataDir ?? mkdtempSync(join(tmpdir(), 'signalbox-'))
  const buckets = join(root, 'buckets')
  mkdirSync(buckets, { recursive: true, mode: 0o700 })
  const at = (name: string): DatabaseSync => {
    const database = new DatabaseSync(dataDir === null ? ':memory:' : ownDatabase(join(root, `${name}.db`)))
    // WAL with NORMAL loses nothing committed when the process is killed; only a power cut may take the last commits.
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 5000')
    return database
  }
  const [ledger, world] = [at('ledger'), at('world')]
  return {
    dataDir,
    home: dataDir === null ? 'memory' : homeOf(join(root, 'ledger.db')),
    ledger,
    world,
    buckets,
    close: () => {
      for (const database of [ledger, world]) database.close()
      if (dataDir === null) rmSync(root, { recursive: true, force: true })
    },
  }
}

const homeOf = (file: string): string => `${realpathSync(file)} (file ${statSync(file).ino})`
