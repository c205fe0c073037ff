import { createHash, randomBytes } from 'node:crypto'
import { createReadStream, readFileSync, realpathSync, type Stats, statSync } from 'node:fs'
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { dirname, join, sep } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { buffer } from 'node:stream/consumers'
import { type Clock, type ObjectHead, type Objects, PAGE, TooLarge, Unavailable } from '../../flows/ports.ts'
import { byBytes, entriesOf, TEMPORARY, walk } from './files.ts'

/** Folders as buckets: a file that appears in one, written by any program, is an object. Unversioned. */
export interface FolderObjects extends Objects {
  /** Whole or not at all. */
  write(bucket: string, key: string, bytes: Uint8Array): Promise<void>
  /**
   * Hands over `Object Created` events, as EventBridge sends them, for files that are new or changed. One that cannot be
   * taken now (`Unavailable`) is handed over again by the next scan; the others are not held up, and the first error is thrown.
   */
  scan(take: (event: Record<string, unknown>) => Promise<void>): Promise<void>
}

export const openObjects = ({
  root,
  clock,
  database = new DatabaseSync(':memory:'),
}: {
  root: string
  clock: Clock
  database?: DatabaseSync
}): FolderObjects => {
  const seen = new Map<string, string>()
  const stamp = openStamps(database, clock)
  const headOf = (bucket: string, key: string, stats: Stats): ObjectHead => ({
    size: stats.size,
    versionId: null,
    lastModified: stamp(`${bucket}/${key}`, stats),
    etag: etagOf(stats),
    sha256: null,
  })
  const stream: FolderObjects['stream'] = async (bucket, key, maxBytes) => {
    const file = fileOf(root, bucket, key)
    const stats = file === null ? null : statOf(file)
    if (file === null || stats === null) return null
    if (stats.size > maxBytes)
      throw new TooLarge(`s3://${bucket}/${key} has ${stats.size} bytes, more than ${maxBytes}`)
    return { head: headOf(bucket, key, stats), pieces: piecesOf(file, stats.size) }
  }
  return {
    standIn: true,
    stream,
    head: async (bucket, key) => {
      const file = fileOf(root, bucket, key)
      const stats = file === null ? null : statOf(file)
      return file === null || stats === null ? null : headOf(bucket, key, stats)
    },
    read: async (...at) => {
      const found = await stream(...at)
      return found === null ? null : { head: found.head, bytes: await buffer(found.pieces) }
    },
    list: async (bucket, prefix, after) => {
      const folder = folderOf(prefix)
      const found = await walk(join(root, bucket, folder), folder)
      inOrderOfArrival(found, ({ key, stats }) => stamp(`${bucket}/${key}`, stats))
      return pageOf(found, prefix, after ?? '').map(({ key, stats }) => ({ key, head: headOf(bucket, key, stats) }))
    },
    write: async (bucket, key, bytes) => {
      const file = fileOf(root, bucket, key, true)
      if (file === null) throw new Error(`${key} is no key that a folder can hold`)
      await mkdir(dirname(file), { recursive: true })
      const temporary = join(dirname(file), `${TEMPORARY}${randomBytes(6).toString('hex')}`)
      await writeFile(temporary, bytes)
      await rename(temporary, file)
      // What is written here arrives now, whenever somebody looks.
      const stats = statOf(file)
      if (stats !== null) stamp(`${bucket}/${key}`, stats)
    },
    scan: async (take) => handOver(await unseen(root, seen, stamp), seen, take),
  }
}

/** The next keys with this prefix, of files in the order of their keys' bytes. */
const pageOf = <T extends { key: string }>(found: T[], prefix: string, after: string): T[] => {
  return found.filter(({ key }) => key.startsWith(prefix) && byBytes(key, after) > 0).slice(0, PAGE)
}

/** The folder below which every key with this prefix lies; a prefix that is no plain path is looked for everywhere. */
const folderOf = (prefix: string): string => {
  const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1)
  return folder.split('/').some((part) => part === '..' || part === '.') ? '' : folder
}

/** Up to this size a file is one piece. Bytes. */
const SMALL = 64 * 1024

async function* piecesOf(file: string, size: number): AsyncGenerator<Uint8Array> {
  try {
    if (size <= SMALL) yield readFileSync(file)
    else yield* createReadStream(file)
  } catch (error) {
    throw new Unavailable(`${file} cannot be read: ${String(error)}`)
  }
}

const handOver = async (
  found: Unseen[],
  seen: Map<string, string>,
  take: Parameters<FolderObjects['scan']>[0],
): Promise<void> => {
  const errors: unknown[] = []
  for (const { id, version, event } of found) {
    try {
      await take(event)
      seen.set(id, version)
    } catch (error) {
      errors.push(error)
      if (!(error instanceof Unavailable)) seen.set(id, version)
    }
  }
  if (errors.length > 0) throw errors[0]
}

interface Unseen {
  id: string
  version: string
  event: Record<string, unknown>
}

const unseen = async (root: string, seen: Map<string, string>, stamp: Stamp): Promise<Unseen[]> => {
  const events: Unseen[] = []
  for (const { name: bucket } of entriesOf(root)) {
    const found = await walk(join(root, bucket), '')
    inOrderOfArrival(found, ({ key, stats }) => stamp(`${bucket}/${key}`, stats))
    for (const { key, stats } of found) {
      const id = `${bucket}/${key}`
      const version = `${stats.mtimeMs}-${stats.size}`
      if (seen.get(id) !== version) events.push({ id, version, event: created(bucket, key, stats) })
    }
  }
  return events
}

/** The shape of S3's event for an unversioned bucket. The sequencer grows with the file's time. */
const created = (bucket: string, key: string, stats: Stats): Record<string, unknown> => ({
  version: '0',
  id: `local-${etagOf(stats)}`,
  'detail-type': 'Object Created',
  source: 'aws.s3',
  account: '000000000000',
  time: new Date(stats.mtimeMs).toISOString(),
  region: 'local-1',
  resources: [`arn:aws:s3:::${bucket}`],
  detail: {
    version: '0',
    bucket: { name: bucket },
    object: {
      key,
      size: stats.size,
      etag: etagOf(stats),
      sequencer: Math.floor(stats.mtimeMs).toString(16).toUpperCase().padStart(18, '0'),
    },
    'request-id': etagOf(stats).slice(0, 16).toUpperCase(),
    requester: '000000000000',
    'source-ip-address': '127.0.0.1',
    reason: 'PutObject',
  },
})

const etagOf = (stats: Stats): string => createHash('md5').update(versionOf(stats)).digest('hex')

/** What tells a version of a file from the one before it. */
const versionOf = ({ ino, mtimeMs, size }: Stats): string => `${ino} ${mtimeMs} ${size}`

/**
 * The store's own time for what arrives, as S3 has it: the first time that a version of a file is seen. A file's own time
 * may lie hours behind when virtual time runs ahead, and an upload would look older than the one before it.
 */
const openStamps = (database: DatabaseSync, clock: Clock): Stamp => {
  database.exec(
    'CREATE TABLE IF NOT EXISTS object_stamps (id TEXT PRIMARY KEY, version TEXT NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID; CREATE INDEX IF NOT EXISTS object_stamps_at ON object_stamps (at)',
  )
  const find = database.prepare('SELECT at FROM object_stamps WHERE id = ? AND version = ?')
  const put = database.prepare(
    'INSERT OR REPLACE INTO object_stamps (id, version, at) VALUES (?1, ?2, max(?3, (SELECT coalesce(max(at), 0) + 1 FROM object_stamps))) RETURNING at',
  )
  /** What was stamped or found last, of each file. */
  const known = new Map<string, { version: string; at: number }>()
  return (id, stats) => {
    const version = versionOf(stats)
    const last = known.get(id)
    if (last?.version === version) return last.at
    const etag = etagOf(stats)
    const at = Number((find.get(id, etag) ?? put.get(id, etag, clock.now()))?.['at'])
    known.set(id, { version, at })
    return at
  }
}

/** When a version of a file arrived, ms: no two arrive at once. */
type Stamp = (id: string, stats: Stats) => number

/** What came while nobody looked is stamped in the order of the files' own times. */
const inOrderOfArrival = (
  found: { key: string; stats: Stats }[],
  stamp: (one: { key: string; stats: Stats }) => unknown,
): void => {
  for (const one of [...found].sort((a, b) => a.stats.mtimeMs - b.stats.mtimeMs)) stamp(one)
}

/** Asked in this thread: what a disk says of one file comes in microseconds, and sooner than a promise. */
const statOf = (file: string): Stats | null => {
  try {
    const stats = statSync(file, { throwIfNoEntry: false })
    return stats?.isFile() ? stats : null
  } catch {
    return null
  }
}

/** The file of a key, or null when the key would lead out of its bucket. */
const fileOf = (root: string, bucket: string, key: string, making = false): string | null => {
  const parts = key.split('/')
  const bad =
    key === '' ||
    key.includes('\0') ||
    key.includes('\\') ||
    parts.some((part) => part === '' || part === '.' || part === '..')
  if (bad || !/^[a-z0-9][a-z0-9.-]{1,62}$/.test(bucket)) return null
  const folder = join(root, bucket)
  const file = join(folder, ...parts)
  if (making) return file
  const real = realOf(file)
  return real?.startsWith(`${realOf(folder)}${sep}`) ? real : null
}

/** Where a path leads; null when it leads nowhere. */
const realOf = (path: string): string | null => {
  try {
    return realpathSync.native(path)
  } catch {
    return null
  }
}
