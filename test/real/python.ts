import { execFile, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { cacheDir } from '../../local/rig/cache.ts'
import { alone } from './alone.ts'

/** The Python of a virtual environment with exactly the pinned packages of a file; installed once, into the cache. */
export const pythonWith = (name: string, requirements: string): Promise<string> =>
  alone(join(cacheDir, `${name}.installing`), () => installed(name, requirements))

const installed = async (name: string, requirements: string): Promise<string> => {
  const key = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 12)
  const folder = join(cacheDir, `${name}-${key}`)
  const [python, complete] = [join(folder, 'bin', 'python'), join(folder, 'complete')]
  if (existsSync(complete)) return python
  console.log(`installing ${name} into an environment of its own, once; about 40 s`)
  const run = promisify(execFile)
  rmSync(folder, { recursive: true, force: true })
  try {
    await run('python3', ['-m', 'venv', folder])
    await run(python, ['-m', 'pip', 'install', '--quiet', '--no-deps', '--requirement', requirements])
  } catch (error) {
    throw new Error(`${name} cannot be installed: it needs Python 3.11 or later with venv and pip\n${String(error)}`)
  }
  writeFileSync(complete, '')
  return python
}

/** A server written in Python. It ends when its standard input does, so that a killed test leaves nothing behind. */
export const startPython = (
  python: string,
  { code, args, ...options }: { code: string; args: string[]; cwd?: string; env?: Record<string, string> },
) => {
  const endsWithUs = `
import os, sys, threading
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
`
  const child = spawn(python, ['-c', endsWithUs + code, ...args], {
    stdio: ['pipe', 'ignore', 'pipe'],
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: { ...process.env, ...options.env },
  })
  let complaints = ''
  child.stderr.on('data', (chunk: Buffer) => {
    complaints = (complaints + chunk.toString()).slice(-2000)
  })
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  return {
    /** What it said last, once it has died. */
    died: () => (child.exitCode === null ? null : complaints),
    end: async (): Promise<void> => {
      child.stdin.end()
      await ended
    },
  }
}
