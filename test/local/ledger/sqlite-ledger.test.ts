import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { FreezeRow } from '../../../core/rows.ts'
import type { Write } from '../../../flows/ledger-port.ts'
import { Unavailable } from '../../../flows/ports.ts'
import { openLedger } from '../../../local/ledger/sqlite-ledger.ts'
import { ledgerContract } from '../../ports/ledger.contract.ts'

ledgerContract('SQLite', async () => {
  const database = new DatabaseSync(':memory:')
  return { ledger: openLedger(database), close: async () => database.close() }
})

const value: FreezeRow = { lane: 'l', by: 'ana', at: 1, until: 2 }
const put = (id: string): Write => ({ put: 'freeze', id, revision: 0, value })

describe('the ledger in one file', () => {
  let folder: string
  let files: DatabaseSync[]
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ledger-'))
    files = []
  })
  afterEach(() => {
    for (const file of files) file.close()
    rmSync(folder, { recursive: true, force: true })
  })

  const open = () => {
    const database = new DatabaseSync(join(folder, 'ledger.db'), { timeout: 0 })
    files.push(database)
    return { database, ledger: openLedger(database) }
  }
  const kept = ({ database }: ReturnType<typeof open>, table: string) =>
    Number(database.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.['n'])

  it('is found again by whoever opens it next', async () => {
    const due = { group: 'g', by: 'lane' }
    const moment = { at: 1, lane: 'l', generation: null, attempt: null, kind: 'note' as const, text: 'm' }
    await open().ledger.commit([
      put('a'),
      { add: 's', by: 2.5, atMost: null, atLeast: null },
      { due, at: 1, was: null, side: 'chat' },
      { moment },
      { count: 'c', by: 1 },
    ])
    const { ledger } = open()
    expect(await ledger.read([{ kind: 'freeze', id: 'a' }])).toEqual([{ id: 'a', revision: 1, value }])
    expect((await ledger.read([{ kind: 'sum', id: 's' }]))[0]?.value).toEqual({ n: 2.5 })
    expect(await ledger.due(1)).toEqual([{ ...due, at: 1, side: 'chat' }])
    expect((await ledger.moments(null)).map(({ text }) => text)).toEqual(['m'])
    expect(await ledger.counts()).toEqual({ c: 1 })
  })

  it('does not grow by letters that were folded, by what was told, or by what was due', async () => {
    const opened = open()
    const due = { group: 'g', by: 'lane' }
    for (const kind of ['look', 'order', 'out', 'freeze'] as const) {
      await opened.ledger.commit([
        { put: kind, id: 'l#1', revision: 0, value } as Write,
        { due, at: 1, was: null, side: null },
      ])
      await opened.ledger.commit([
        { remove: kind, id: 'l#1', revision: 1 },
        { due, at: null, was: 1, side: null },
      ])
    }
    expect([kept(opened, 'rows'), kept(opened, 'due')]).toEqual([1, 0])
  })

  it('is unavailable while somebody else writes, and writes nothing then', async () => {
    const [other, mine] = [open(), open()]
    other.database.exec('BEGIN IMMEDIATE')
    await expect(mine.ledger.commit([put('a')])).rejects.toThrow(Unavailable)
    other.database.exec('ROLLBACK')
    expect(await mine.ledger.commit([put('a')])).toEqual({ ok: true })
  })

  it('is unavailable once its disk is full, and goes on when there is room again', async () => {
    const { database, ledger } = open()
    await ledger.commit([put('a')])
    database.exec('PRAGMA max_page_count = 1')
    const text = 'x'.repeat(100_000)
    const large: Write = { put: 'freeze', id: 'large', revision: 0, value: { ...value, by: text } }
    await expect(ledger.commit([put('b'), large])).rejects.toThrow(Unavailable)
    expect(await ledger.read([{ kind: 'freeze', id: 'b' }])).toEqual([null])
    database.exec('PRAGMA max_page_count = 1000000')
    expect(await ledger.commit([put('b'), large])).toEqual({ ok: true })
  })

  it('keeps nothing of a commit that has what JSON cannot say', async () => {
    const { ledger } = open()
    const wrong = { put: 'freeze', id: 'b', revision: 0, value: { ...value, at: 1n } } as unknown as Write
    await expect(ledger.commit([put('a'), wrong])).rejects.toThrow(TypeError)
    expect(await ledger.list('freeze')).toEqual([])
    expect(await ledger.commit([put('a')])).toEqual({ ok: true })
  })

  it('is searched by its indexes alone, counters apart, and nothing is sorted', () => {
    const { database } = open()
    const said: string[] = []
    const prepare = database.prepare.bind(database)
    database.prepare = (sql) => {
      said.push(sql)
      return prepare(sql)
    }
    openLedger(database)
    const ways = said.flatMap((sql) =>
      prepare(`EXPLAIN QUERY PLAN ${sql}`)
        .all()
        .map(({ detail }) => String(detail)),
    )
    expect(ways).toContain('SEARCH rows USING INDEX sqlite_autoindex_rows_1 (kind=? AND id>? AND id<?)')
    expect(ways).toContain('SEARCH due USING INDEX due_at (at>? AND at<?)')
    expect(ways.filter((way) => !way.startsWith('SEARCH '))).toEqual(['SCAN counts'])
  })
})
