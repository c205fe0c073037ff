import { describe, expect, it } from 'vitest'
import { type Running, startChild } from '../../scripts/child.ts'

const node = (script: string): Running => startChild(process.execPath, ['-e', script], { cwd: '/', env: {} })

describe('a program that a lane starts', () => {
  it('tells what it prints and how it ends', async () => {
    const child = node("console.log('at http://127.0.0.1:4680'); process.exitCode = 4")
    expect((await child.printed(/:(\d+)/, 10))[1]).toBe('4680')
    expect(await child.ended(10)).toBe(4)
    expect(child.output()).toBe('at http://127.0.0.1:4680\n')
  })

  it('that ends without printing what is awaited says what it printed', async () => {
    await expect(node("console.error('no port free')").printed(/http/, 10)).rejects.toThrow(
      /printed no \/http\/ .*\n.*no port free/,
    )
  })

  it('that is not there says so', async () => {
    await expect(startChild('no-such-program', [], { cwd: '/', env: {} }).printed(/x/, 10)).rejects.toThrow('ENOENT')
  })

  it('stops when asked, with everything that it started', async () => {
    const child = startChild(
      '/bin/sh',
      ['-c', `"${process.execPath}" -e "console.log('ready'); setInterval(() => {}, 1e6)"; true`],
      { cwd: '/', env: {} },
    )
    await child.printed(/ready/, 10)
    expect(await child.stop(10)).toBe(true)
  })

  it('that does not stop when asked is ended', async () => {
    const child = node("process.on('SIGTERM', () => {}); console.log('ready'); setInterval(() => {}, 1e6)")
    await child.printed(/ready/, 10)
    expect(await child.stop(0.05)).toBe(false)
  })
})
