import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FolderTaken, lockFolder } from '../../local/folder-lock.ts'
import { type Product, RUNNING_FILE, readRunning, startProduct } from '../../local/main.ts'

let folders: string[]
let dataDir: string
let products: Product[]
const newFolder = (): void => {
  dataDir = mkdtempSync(join(tmpdir(), 'signalbox-main-'))
  folders.push(dataDir)
}
beforeEach(() => {
  folders = []
  products = []
  newFolder()
})
afterEach(async () => {
  for (const product of products) await product.close()
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

const start = async (more: { port?: number; configFile?: string } = {}): Promise<Product> => {
  const product = await startProduct({
    port: 0,
    dataDir,
    configFile: 'signalbox.config.ts',
    speed: 1,
    version: 'test',
    ...more,
  })
  products.push(product)
  return product
}
const refusal = (...more: Parameters<typeof start>): Promise<Error> =>
  start(...more).then(
    () => expect.fail('it has started'),
    (error: unknown) => error as Error,
  )
const isWell = async ({ url }: Product): Promise<boolean> => (await fetch(`${url}/healthz`)).ok

describe('one product on a folder', () => {
  it('is alone with it: others on the machine neither read what it makes nor hold its lock', async () => {
    dataDir = join(dataDir, 'new')
    await start()
    expect(statSync(dataDir).mode & 0o777).toBe(0o700)
  })

  it('closes one that was open to others, files and all, and says so', async () => {
    chmodSync(dataDir, 0o755)
    writeFileSync(join(dataDir, 'ledger.db'), '', { mode: 0o644 })
    const { closed } = await start()
    expect(closed).toContain('is closed to them now')
    expect(statSync(dataDir).mode & 0o777).toBe(0o700)
    for (const name of ['ledger.db', 'world.db', 'lock', 'cluster', RUNNING_FILE])
      expect(statSync(join(dataDir, name)).mode & 0o777, name).toBe(0o600)
    expect(statSync(join(dataDir, 'ledger.db')).size).toBeGreaterThan(0)
  })

  it('where others could hold its lock, it is said that they may', async () => {
    chmodSync(dataDir, 0o755)
    const unlock = lockFolder(dataDir)
    expect((await refusal()).message).toMatch(
      /just starting on it, or another user of this machine holds its file lock/,
    )
    unlock?.()
  })

  it('a second one is refused at its start, with the address and the process of the first', async () => {
    const first = await start()
    const error = await refusal()
    expect(error).toBeInstanceOf(FolderTaken)
    for (const part of [dataDir, first.url, `pid ${process.pid}`, '--data']) expect(error.message).toContain(part)
    expect(error.message).not.toContain('\n')
  })

  it('what the second one leaves behind takes nothing from the first', async () => {
    const first = await start()
    await refusal()
    expect(readRunning(dataDir)?.url).toBe(first.url)
    expect(await isWell(first)).toBe(true)
  })

  it('of two that start at one moment, one runs', async () => {
    const both = await Promise.allSettled([start(), start()])
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    expect(readRunning(dataDir)?.url).toBe(products[0]?.url)
  })

  it('while the first is only starting, the second is told so, whatever a killed one has left there', async () => {
    leaveBehind()
    const unlock = lockFolder(dataDir)
    const { message } = await refusal()
    expect(message).toContain('just starting')
    expect(message).not.toContain('127.0.0.1:9')
    unlock?.()
  })

  it('closed, it leaves the folder to the next', async () => {
    await (await start()).close()
    expect(readRunning(dataDir)).toBeNull()
    expect(await isWell(await start())).toBe(true)
  })

  it('what a killed one has left is in nobody’s way', async () => {
    leaveBehind()
    expect(readRunning(dataDir)).toBeNull()
    const next = await start()
    expect(JSON.parse(readFileSync(join(dataDir, RUNNING_FILE), 'utf8'))).toMatchObject({ url: next.url })
  })
})

/** The address of a process that has ended. */
const leaveBehind = (): void => {
  const { pid } = spawnSync(process.execPath, ['-e', ''])
  writeFileSync(join(dataDir, RUNNING_FILE), JSON.stringify({ url: 'http://127.0.0.1:9', pid, token: 't' }))
}

describe('a start that fails leaves nothing open: the next one starts', () => {
  it('for a port that is taken', async () => {
    const first = await start()
    newFolder()
    expect(await refusal({ port: Number(new URL(first.url).port) })).toMatchObject({ code: 'EADDRINUSE' })
    expect(await isWell(await start())).toBe(true)
  })

  it('for a policy that is not there', async () => {
    expect((await refusal({ configFile: join(dataDir, 'none.ts') })).message).toContain('there is no such file')
    expect(await isWell(await start())).toBe(true)
  })
})
