import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'

export interface Running {
  /** Everything that it has printed so far, errors too. */
  output(): string
  /** The first match in what it prints; throws with the output when it ends or the time is over before. */
  printed(pattern: RegExp, seconds: number): Promise<RegExpExecArray>
  /** Its exit code; throws with the last of the output when the time is over before. */
  ended(seconds: number): Promise<number>
  /** Asks it, and what it started, to stop; after `seconds` they are ended. Answers whether asking was enough. */
  stop(seconds: number): Promise<boolean>
}

/** Starts a program in a process group of its own, so that stopping it stops what it started and nothing else. */
export const startChild = (
  command: string,
  args: string[],
  options: { cwd: string; env: NodeJS.ProcessEnv },
): Running => {
  const child = spawn(command, args, { ...options, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  let text = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (text += data))
  const closed = once(child, 'close').catch((error) => (text += String(error)))
  const name = [command, ...args].join(' ')
  return {
    output: () => text,
    printed: (pattern, seconds) =>
      within(
        seconds,
        `${name} printed no ${pattern}`,
        watchFor(child, () => pattern.exec(text)),
        () => text,
      ),
    ended: async (seconds) => {
      await within(seconds, `${name} has not ended`, closed, () => text)
      return child.exitCode ?? 1
    },
    stop: async (seconds) => {
      if (child.exitCode !== null || child.signalCode !== null) return true
      signalGroup(child, 'SIGTERM')
      const asked = await within(seconds, '', closed, () => '').then(
        () => true,
        () => false,
      )
      if (!asked) signalGroup(child, 'SIGKILL')
      await closed
      return asked
    },
  }
}

const signalGroup = (child: ChildProcess, signal: NodeJS.Signals): void => {
  if (child.pid !== undefined) process.kill(-child.pid, signal)
}

const watchFor = (child: ChildProcess, look: () => RegExpExecArray | null): Promise<RegExpExecArray> =>
  new Promise((resolve, reject) => {
    const again = () => {
      const found = look()
      if (found !== null) resolve(found)
    }
    child.stdout?.on('data', again)
    child.stderr?.on('data', again)
    child.on('close', () => reject(new Error(`ended with ${child.exitCode ?? child.signalCode} before`)))
    child.on('error', reject)
  })

const within = async <T>(seconds: number, what: string, work: Promise<T>, output: () => string): Promise<T> => {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not within ${seconds} s`)), seconds * 1000)
  })
  try {
    return await Promise.race([work, late])
  } catch (error) {
    throw new Error(`${what} (${error instanceof Error ? error.message : error})\n${output().slice(-2000)}`)
  } finally {
    clearTimeout(timer)
  }
}
