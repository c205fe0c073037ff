import { spawn } from 'node:child_process'
import { existsSync, openSync, readFileSync, readlinkSync, realpathSync } from 'node:fs'
import { request as plain } from 'node:http'
import { request as secure } from 'node:https'
import { createServer } from 'node:net'
import { basename, dirname, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { isAlive } from '../alive.ts'
import type { Command } from './commands.ts'

/** A program that was started, as it is written down. */
export interface Started {
  program: string
  /** Its file: a process id alone may belong to somebody else by now. */
  file: string
  pid: number
  /** Given again when it is started again. */
  args: string[]
  environment?: Record<string, string> | undefined
}

/** So many free ports of this machine, asked for at once so that none is given twice. */
export const freePorts = async (count: number): Promise<number[]> => {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<ReturnType<typeof createServer>>((resolve, reject) => {
          const server = createServer()
          server.once('error', reject)
          server.listen(0, '127.0.0.1', () => resolve(server))
        }),
    ),
  )
  const ports = servers.map((server) => (server.address() as { port: number }).port)
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}

/** Starts a program that outlives us; what it says goes to `<dir>/logs/<program>.log`. */
export const startProgram = (command: Omit<Command, 'ready'>, file: string, dir: string): Started => {
  const log = openSync(join(dir, 'logs', `${command.program}.log`), 'a')
  const child = spawn(file, command.args, {
    cwd: dir,
    detached: true,
    stdio: ['ignore', log, log],
    env: { PATH: '/usr/bin:/bin', HOME: dir, ...command.environment },
  })
  // A program that cannot be started is found by nobody answering; without a listener it would end us.
  child.once('error', () => undefined)
  child.unref()
  const { program, args, environment } = command
  // Found again also once what leads to it is gone.
  return { program, file: realOf(file), pid: child.pid ?? 0, args, environment }
}

/** Waits until a program says that it is ready; rejects with the end of its log when it has died or takes too long. */
export const untilReady = async ({ ready }: Command, started: Started, dir: string): Promise<void> => {
  for (let waited = 0; waited < 60_000; waited += 50) {
    if (await answers(ready)) return
    if (!isRunning(started) && waited > 1000) break
    await pause(50)
  }
  const log = readFileSync(join(dir, 'logs', `${started.program}.log`), 'utf8')
  throw new Error(`${started.program} did not get ready; the end of its log:\n${log.slice(-1500)}`)
}

/** Certificates here are the rig's own; `readyz` tells nothing worth guarding. */
const answers = (url: string): Promise<boolean> =>
  new Promise((resolve) => {
    const options = { rejectUnauthorized: false, timeout: 2000, agent: false as const }
    const request = url.startsWith('https:') ? secure(url, options) : plain(url, options)
    request.once('response', (response) => {
      response.resume()
      // The API server's needs a token until it is up: an unauthorized answer is not ready yet.
      resolve(response.statusCode === 200)
    })
    request.once('error', () => resolve(false))
    request.once('timeout', () => request.destroy())
    request.end()
  })

/** Whether this program still runs. Where nothing reaps orphans an ended process stays as a zombie that signals still reach. */
export const isRunning = ({ pid, file }: Started): boolean => {
  if (pid === 0 || !isAlive(pid)) return false
  if (process.platform !== 'linux') return true
  try {
    // Of a file that was deleted since, the system says that behind its name.
    return realOf(file) === readlinkSync(`/proc/${pid}/exe`).replace(/ \(deleted\)$/, '')
  } catch {
    return false
  }
}

/** Where a file lies whatever links lead to it, as the system names it; one that is gone, where it would lie. */
const realOf = (file: string): string => {
  try {
    return realpathSync(file)
  } catch {
    return existsSync(dirname(file)) ? join(realpathSync(dirname(file)), basename(file)) : file
  }
}

/** Ends programs one after another, the last started first: an API server whose etcd went first lingers for half a minute. */
export const stopPrograms = async (started: Started[]): Promise<void> => {
  for (const program of [...started].reverse()) await stopProgram(program)
}

/** Ends a program at once: it can do nothing about it. */
export const killProgram = async (started: Started): Promise<void> => {
  if (isRunning(started)) process.kill(started.pid, 'SIGKILL')
  while (isRunning(started)) await pause(10)
}

const stopProgram = async (started: Started): Promise<void> => {
  for (const [signal, patience] of [
    ['SIGTERM', 3000],
    ['SIGKILL', 3000],
  ] as const) {
    if (!isRunning(started)) return
    process.kill(started.pid, signal)
    for (let waited = 0; waited < patience && isRunning(started); waited += 25) await pause(25)
  }
}
