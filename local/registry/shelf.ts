import type { DatabaseSync } from 'node:sqlite'
import type { Clock } from '../../flows/ports.ts'

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS model_versions (model TEXT NOT NULL, version INTEGER NOT NULL, value TEXT NOT NULL, PRIMARY KEY (model, version)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS model_aliases (model TEXT NOT NULL, alias TEXT NOT NULL, version INTEGER NOT NULL, PRIMARY KEY (model, alias)) WITHOUT ROWID;
`

export interface Version {
  name: string
  version: string
  source: string
  runId: string | null
  tags: Record<string, string>
  /** MLflow's, deprecated and still used: `None`, `Staging`, `Production`, `Archived`. */
  stage?: string
  /** Milliseconds since the epoch. */
  created: number
  /** Nobody finds it any more, and no other has its number. */
  deleted?: true
}

const prepare = (database: DatabaseSync) => ({
  one: database.prepare('SELECT value FROM model_versions WHERE model = ? AND version = ?'),
  all: database.prepare('SELECT value FROM model_versions WHERE model = ? ORDER BY version DESC'),
  last: database.prepare('SELECT max(version) AS version FROM model_versions WHERE model = ?'),
  put: database.prepare('INSERT OR REPLACE INTO model_versions (model, version, value) VALUES (?, ?, ?)'),
  alias: database.prepare(
    'SELECT v.value FROM model_aliases a JOIN model_versions v ON v.model = a.model AND v.version = a.version WHERE a.model = ? AND a.alias = ?',
  ),
  aliases: database.prepare('SELECT alias, version FROM model_aliases WHERE model = ? ORDER BY alias'),
  putAlias: database.prepare('INSERT OR REPLACE INTO model_aliases (model, alias, version) VALUES (?, ?, ?)'),
  dropAlias: database.prepare('DELETE FROM model_aliases WHERE model = ? AND alias = ?'),
  models: database.prepare('SELECT DISTINCT model FROM model_versions ORDER BY model'),
})

const there = (found: Version): Version | null => (found.deleted === true ? null : found)

/** What the registry holds, in SQLite. */
export type Shelf = ReturnType<typeof openShelf>

export const openShelf = (database: DatabaseSync, clock: Clock) => {
  database.exec(SCHEMA)
  const { one, all, last, put, alias, aliases, putAlias, dropAlias, models } = prepare(database)
  const versionOf = (row: Record<string, unknown> | undefined): Version | null =>
    row === undefined ? null : there(JSON.parse(String(row['value'])) as Version)
  return {
    find: (model: string, version: string) => versionOf(one.get(model, Number(version))),
    versions: (model: string) => all.all(model).flatMap((row) => versionOf(row) ?? []),
    byAlias: (model: string, name: string) => versionOf(alias.get(model, name)),
    aliases: (model: string) =>
      aliases.all(model).map((row) => ({ alias: String(row['alias']), version: String(row['version']) })),
    models: () => models.all().map(({ model }) => String(model)),
    setAlias: (model: string, name: string, version: string) => void putAlias.run(model, name, Number(version)),
    deleteAlias: (model: string, name: string) => void dropAlias.run(model, name),
    add: ({
      model,
      source,
      runId,
      tags,
    }: {
      model: string
      source: string
      runId: string | null
      tags: Record<string, string>
    }): Version => {
      const number = Number(last.get(model)?.['version'] ?? 0) + 1
      const value: Version = { name: model, version: String(number), source, runId, tags, created: clock.now() }
      put.run(model, number, JSON.stringify(value))
      return value
    },
    delete: (found: Version) =>
      void put.run(found.name, Number(found.version), JSON.stringify({ ...found, deleted: true })),
    update: (found: Version, change: Partial<Pick<Version, 'tags' | 'stage'>>) =>
      void put.run(found.name, Number(found.version), JSON.stringify({ ...found, ...change })),
  }
}
