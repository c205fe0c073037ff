import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import type { DatabaseSync, SQLInputValue } from 'node:sqlite'
import type { Moment } from '../../core/rows.ts'
import type { Due } from '../../flows/ledger-port.ts'
import type { ObjectHead, Objects, Ports } from '../../flows/ports.ts'
import { openLedger } from '../../local/ledger/sqlite-ledger.ts'
import { openStores, type Stores } from '../../local/stores.ts'

/** A table of what stands for the outside, as it was kept; bytes as text. */
interface Table {
  name: string
  sql: string
  rows: Record<string, unknown>[]
}

/** The ledger of a town as a release left it, with the world in which it was. */
export interface Frozen {
  /** When it was frozen. Milliseconds since the epoch. */
  at: number
  /** The policy's file, before it was read. */
  config: unknown
  /** Apart from how this machine keeps them: what the ledger's contract says of rows. */
  ledger: {
    rows: { kind: string; id: string; revision: number; value: unknown }[]
    sums: { id: string; revision: number; n: number }[]
    due: Due[]
    moments: Omit<Moment, 'id'>[]
    counts: { name: string; value: number }[]
  }
  world: Table[]
  files: { bucket: string; key: string; text: string; head: ObjectHead }[]
  /** What came of it when the release that wrote it went on. */
  end: unknown
}

const all = (database: DatabaseSync, sql: string): Record<string, unknown>[] => database.prepare(sql).all()

const plain = (value: unknown): unknown =>
  value instanceof Uint8Array ? { bytes: Buffer.from(value).toString('base64') } : value
const bound = (value: unknown): SQLInputValue =>
  typeof value === 'object' && value !== null
    ? Buffer.from((value as { bytes: string }).bytes, 'base64')
    : (value as SQLInputValue)

const tablesOf = (database: DatabaseSync): Table[] =>
  all(
    database,
    "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name",
  ).map(({ name, sql }) => ({
    name: String(name),
    sql: String(sql),
    rows: all(database, `SELECT * FROM "${String(name)}"`).map((row) =>
      Object.fromEntries(Object.entries(row).map(([column, value]) => [column, plain(value)])),
    ),
  }))

const filesOf = async (root: string, objects: Objects): Promise<Frozen['files']> => {
  const entries = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  const paths = entries.map((entry) => relative(root, join(entry.parentPath, entry.name))).sort()
  return Promise.all(
    paths.map(async (path) => {
      const [bucket = '', ...parts] = path.split('/')
      const key = parts.join('/')
      const head = (await objects.head(bucket, key)) as ObjectHead
      return { bucket, key, text: readFileSync(join(root, path), 'utf8'), head }
    }),
  )
}

/** Takes down what a town remembers and what stands around it. */
export const frozenFrom = async (
  stores: Stores,
  given: { at: number; config: unknown; objects: Objects },
): Promise<Omit<Frozen, 'end'>> => ({
  at: given.at,
  config: given.config,
  ledger: {
    rows: all(stores.ledger, 'SELECT kind, id, revision, value FROM rows ORDER BY kind, id').map(
      ({ kind, id, revision, value }) => ({
        kind: String(kind),
        id: String(id),
        revision: Number(revision),
        value: value === null ? null : JSON.parse(String(value)),
      }),
    ),
    sums: all(stores.ledger, 'SELECT id, revision, n FROM sums ORDER BY id') as never,
    due: all(stores.ledger, 'SELECT "group", "by", at, side FROM due ORDER BY at, "group", "by"') as never,
    moments: all(stores.ledger, 'SELECT value FROM moments ORDER BY seq').map(({ value }) => JSON.parse(String(value))),
    counts: all(stores.ledger, 'SELECT name, value FROM counts ORDER BY name') as never,
  },
  world: tablesOf(stores.world),
  files: await filesOf(stores.buckets, given.objects),
})

/** Stores in which everything lies as it was taken down. */
export const thawed = ({ ledger, world, files }: Frozen): Stores => {
  const stores = openStores(null)
  openLedger(stores.ledger)
  const put = (database: DatabaseSync, table: string, row: Record<string, unknown>): void => {
    const columns = Object.keys(row)
    const names = columns.map((column) => `"${column}"`).join(', ')
    const marks = columns.map(() => '?').join(', ')
    database.prepare(`INSERT INTO "${table}" (${names}) VALUES (${marks})`).run(...Object.values(row).map(bound))
  }
  for (const { value, ...row } of ledger.rows)
    put(stores.ledger, 'rows', { ...row, value: value === null ? null : JSON.stringify(value) })
  for (const row of ledger.sums) put(stores.ledger, 'sums', { ...row })
  for (const row of ledger.due) put(stores.ledger, 'due', { ...row })
  for (const moment of ledger.moments)
    put(stores.ledger, 'moments', { lane: moment.lane, value: JSON.stringify(moment) })
  for (const row of ledger.counts) put(stores.ledger, 'counts', { ...row })
  for (const { name, sql, rows } of world) {
    stores.world.exec(sql)
    for (const row of rows) put(stores.world, name, row)
  }
  for (const { bucket, key, text } of files) {
    const file = join(stores.buckets, bucket, key)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
  }
  return stores
}

/** Files that lay there keep their times and etags, which a file that is written anew does not. */
export const withHeads =
  ({ files }: Pick<Frozen, 'files'>) =>
  (ports: Ports): Ports => {
    const heads = new Map(files.map(({ bucket, key, head }) => [`${bucket}/${key}`, head]))
    const { objects } = ports
    const headOf = (bucket: string, key: string, head: ObjectHead): ObjectHead => heads.get(`${bucket}/${key}`) ?? head
    const own: Objects = {
      head: async (bucket, key, version) => {
        const head = await objects.head(bucket, key, version)
        return head === null ? null : headOf(bucket, key, head)
      },
      read: async (bucket, key, ...how) => {
        const found = await objects.read(bucket, key, ...how)
        return found === null ? null : { ...found, head: headOf(bucket, key, found.head) }
      },
      stream: async (bucket, key, ...how) => {
        const found = await objects.stream(bucket, key, ...how)
        return found === null ? null : { ...found, head: headOf(bucket, key, found.head) }
      },
      list: async (bucket, prefix, after) =>
        (await objects.list(bucket, prefix, after)).map(({ key, head }) => ({ key, head: headOf(bucket, key, head) })),
    }
    return { ...ports, objects: own }
  }

const partOf = (name: string, file: string): object =>
  JSON.parse(readFileSync(join(import.meta.dirname, name, `${file}.json`), 'utf8'))

/** What a release has left. */
export const frozenIn = (name: string): Frozen =>
  ({ ...partOf(name, 'about'), ...partOf(name, 'world'), ledger: partOf(name, 'ledger') }) as Frozen
