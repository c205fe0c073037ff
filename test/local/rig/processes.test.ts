import { copyFileSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { isAlive } from '../../../local/alive.ts'
import { isRunning, type Started, startProgram, stopPrograms } from '../../../local/rig/processes.ts'

/** `~/.cache` leads to another disk on many machines. */
describe.runIf(process.platform === 'linux')('a program in a folder that a link leads to', () => {
  let root: string
  let started: Started[]
  const program = 'etcd' as const
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'signalbox-programs-'))
    for (const folder of ['disk/bin', 'rig/logs']) mkdirSync(join(root, folder), { recursive: true })
    copyFileSync('/bin/sleep', join(root, 'disk/bin/sleep'))
    symlinkSync(join(root, 'disk'), join(root, 'cache'))
    started = []
  })
  afterEach(async () => {
    await stopPrograms(started)
    rmSync(root, { recursive: true, force: true })
  })
  const begun = (file = join(root, 'cache/bin/sleep')): Started => {
    const one = startProgram({ program, args: ['600'] }, file, join(root, 'rig'))
    started.push(one)
    return one
  }
  /** The system names its file a moment after it was started. */
  const untilSeen = (one: Started) => expect.poll(() => isRunning(one), { interval: 10 }).toBe(true)

  it('is seen to run, and is ended', async () => {
    const one = begun()
    expect(one.file).toBe(join(realpathSync(root), 'disk/bin/sleep'))
    await untilSeen(one)
    await stopPrograms([one])
    expect(isRunning(one)).toBe(false)
  })

  it('that is written down as the releases before did, by the link, is so, too', async () => {
    const one = { ...begun(), file: join(root, 'cache/bin/sleep') }
    await untilSeen(one)
    await stopPrograms([one])
    expect(isRunning(one)).toBe(false)
  })

  it('is so though its file was deleted, or the link that led to it', async () => {
    const one = begun()
    await untilSeen(one)
    rmSync(join(root, 'disk/bin/sleep'))
    rmSync(join(root, 'cache'))
    expect(isRunning(one)).toBe(true)
    await stopPrograms([one])
    expect(isRunning(one)).toBe(false)
  })

  it('is no other program that has its process id by now, nor one whose name begins so', async () => {
    const one = begun()
    await untilSeen(one)
    expect(isRunning({ ...one, file: join(root, 'disk/bin/sle') })).toBe(false)
    expect(isRunning({ ...one, pid: process.pid })).toBe(false)
    expect(isAlive(one.pid)).toBe(true)
  })
})
