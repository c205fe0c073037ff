import { execFile, spawn } from 'node:child_process'
import { existsSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import { cacheDir } from '../../../local/rig/cache.ts'
import { freePorts } from '../../../local/rig/processes.ts'
import { alone } from '../alone.ts'

/** A DynamoDB emulator on SQLite (MIT or Apache-2.0), which its authors hold against AWS with a public suite. */
const VERSION = '3.2.0'

const FEATURES = ['--locked', '--no-default-features', '--features', 'native-sqlite,http-server,cli']

/** The program; built once for this version, into the cache. Rejects with a message to act on. */
export const dynoxide = (log: (line: string) => void = console.log): Promise<string> =>
  alone(join(cacheDir, 'dynoxide.installing'), () => built(log))

const built = async (log: (line: string) => void): Promise<string> => {
  const folder = join(cacheDir, `dynoxide-${VERSION}-${process.platform}-${process.arch}`)
  const program = join(folder, 'bin', 'dynoxide')
  if (existsSync(program)) return program
  log('building dynoxide (a DynamoDB on SQLite), once; about 4 min on 2 cores')
  // Built aside and renamed: a build that is cut off leaves nothing that looks built.
  const aside = `${folder}.${process.pid}`
  try {
    await promisify(execFile)('cargo', ['install', 'dynoxide-rs', '--version', VERSION, ...FEATURES, '--root', aside], {
      maxBuffer: 64 * 1024 * 1024,
    })
    if (!existsSync(program)) renameSync(aside, folder)
  } catch (error) {
    throw new Error(`dynoxide cannot be built: it needs Rust 1.88 or later (rustup.rs)\n${String(error).slice(-2000)}`)
  } finally {
    rmSync(aside, { recursive: true, force: true })
  }
  return program
}

/** Runs a program until its standard input ends, so that a killed test leaves nothing behind. */
const UNTIL_INPUT_ENDS =
  'exec 3<&0; "$0" "$@" </dev/null 3<&- & program=$!; { cat <&3; kill $program; } >/dev/null 2>&1 & wait $program'

/** A server of its own in memory, on a free port of the loopback. It ends with its owner. */
export const openDynoxide = async (
  log: (line: string) => void = console.log,
): Promise<{ endpoint: string; close(): Promise<void> }> => {
  const program = await dynoxide(log)
  const [port] = await freePorts(1)
  const endpoint = `http://127.0.0.1:${port}`
  const args = ['--host', '127.0.0.1', '--port', String(port), '--log', 'quiet']
  const child = spawn('sh', ['-c', UNTIL_INPUT_ENDS, program, ...args], { stdio: ['pipe', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-2000)
  })
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const close = async (): Promise<void> => {
    child.stdin.end()
    await ended
  }
  const answers = () => fetch(endpoint).then(Boolean, () => false)
  for (let tries = 0; !(await answers()); tries++) {
    if (tries > 600 || child.exitCode !== null) {
      await close()
      throw new Error(`dynoxide did not start: ${said}`)
    }
    await pause(20)
  }
  return { endpoint, close }
}
