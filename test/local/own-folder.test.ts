import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { lockFolder } from '../../local/folder-lock.ts'
import { FolderOpen, openOwnFolder, ownFile, whyOpen } from '../../local/own-folder.ts'
import { openStores } from '../../local/stores.ts'

let folder: string
beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'signalbox-own-')), 'data')
})
afterEach(() => rmSync(join(folder, '..'), { recursive: true, force: true }))

const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8)
const made = (mode: number, ...files: string[]): void => {
  mkdirSync(folder)
  for (const file of files) writeFileSync(join(folder, file), '', { mode: 0o644 })
  chmodSync(folder, mode)
}

describe('a data folder', () => {
  it('that is not there is made for its owner alone, and nothing is said', () => {
    expect(openOwnFolder(folder)).toBeNull()
    expect([modeOf(folder), whyOpen(folder)]).toEqual(['700', null])
  })

  it.each<[string, string[]]>([
    ['is empty', []],
    ['a product has run in', ['ledger.db', 'notes.txt']],
  ])('that others may enter and that %s is closed to them, and it is said', (_, files) => {
    made(0o755, ...files)
    expect(whyOpen(folder)).toMatchObject({ kind: 'ours', text: expect.stringContaining(`chmod 700 ${folder}`) })
    expect(openOwnFolder(folder)).toMatch(/could be entered by others of this machine, and is closed/)
    expect([modeOf(folder), openOwnFolder(folder)]).toEqual(['700', null])
  })

  it('that others may enter and that has other things in it is left as it is, with what to do', () => {
    made(0o750, 'notes.txt')
    expect(() => openOwnFolder(folder)).toThrow(FolderOpen)
    expect(() => openOwnFolder(folder)).toThrow(`name a folder of its own with --data, or close it with \`chmod 700`)
    expect(modeOf(folder)).toBe('750')
    chmodSync(folder, 0o700)
    expect(openOwnFolder(folder)).toBeNull()
  })

  it('of another user is refused, whatever its mode; root may close any', () => {
    made(0o700)
    const { uid } = statSync(folder)
    vi.spyOn(process as { getuid: () => number }, 'getuid').mockReturnValue(uid + 1)
    expect(() => openOwnFolder(folder)).toThrow(`belongs to another user of this machine (uid ${uid})`)
    vi.spyOn(process as { getuid: () => number }, 'getuid').mockReturnValue(0)
    expect(openOwnFolder(folder)).toBeNull()
  })
})

describe('what a product writes', () => {
  it('is for its owner alone, whatever its folder is, also what was made before', () => {
    made(0o755, 'ledger.db', 'lock')
    const unlock = lockFolder(folder)
    const stores = openStores(folder)
    for (const database of [stores.ledger, stores.world]) database.exec('CREATE TABLE a (b)')
    const names = readdirSync(folder).filter((name) => name !== 'buckets')
    expect(names).toEqual(expect.arrayContaining(['ledger.db', 'ledger.db-wal', 'lock', 'world.db', 'world.db-wal']))
    for (const name of names) expect([name, modeOf(join(folder, name))]).toEqual([name, '600'])
    expect(modeOf(join(folder, 'buckets'))).toBe('700')
    stores.close()
    unlock?.()
  })

  it('that a killed one has left open beside its ledger is closed, too', () => {
    made(0o700, 'ledger.db', 'ledger.db-wal', 'ledger.db-shm')
    openStores(folder).close()
    for (const name of readdirSync(folder).filter((one) => one.startsWith('ledger')))
      expect([name, modeOf(join(folder, name))]).toEqual([name, '600'])
  })

  it('keeps what is in it, and lets go of no lock of this process on it', () => {
    made(0o700)
    writeFileSync(join(folder, 'a'), 'text', { mode: 0o644 })
    expect(statSync(ownFile(join(folder, 'a'))).size).toBe(4)
    const unlock = lockFolder(folder)
    ownFile(join(folder, 'lock'))
    expect(lockFolder(folder)).toBeNull()
    unlock?.()
    expect(existsSync(join(folder, 'lock'))).toBe(true)
  })
})
