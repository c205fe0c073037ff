import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { lockFolder } from '../../local/folder-lock.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'signalbox-lock-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** Another process that takes the folder, says whether it has it, and stays. It keeps the way to let go: what nobody has any more is let go of. */
const another = async () => {
  const file = new URL('../../local/folder-lock.ts', import.meta.url).href
  const script = `const { lockFolder } = await import('${file}'); globalThis.unlock = lockFolder(${JSON.stringify(folder)}); console.log(globalThis.unlock !== null); setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', script])
  const [said] = (await once(child.stdout, 'data')) as [Buffer]
  return {
    has: String(said).trim() === 'true',
    kill: async () => {
      child.kill('SIGKILL')
      await once(child, 'exit')
    },
  }
}

describe('a folder', () => {
  it('is one’s alone until it is let go of, in this process too', () => {
    const unlock = lockFolder(folder)
    expect(unlock).not.toBeNull()
    expect(lockFolder(folder)).toBeNull()
    unlock?.()
    const again = lockFolder(folder)
    expect(again).not.toBeNull()
    again?.()
  })

  it('that another process has is not to be had, until that is killed', async () => {
    const first = await another()
    expect(first.has).toBe(true)
    expect(lockFolder(folder)).toBeNull()
    await first.kill()
    const unlock = lockFolder(folder)
    expect(unlock).not.toBeNull()
    const second = await another()
    expect(second.has).toBe(false)
    await second.kill()
    unlock?.()
  })

  it('of many that ask at one moment, one has it', async () => {
    const all = await Promise.all([another(), another(), another(), another()])
    expect(all.filter(({ has }) => has)).toHaveLength(1)
    await Promise.all(all.map(({ kill }) => kill()))
  })

  it('that is not there is no folder that another has', () => {
    expect(() => lockFolder(join(folder, 'none'))).toThrow()
  })
})
