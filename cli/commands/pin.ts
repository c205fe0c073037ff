import { homedir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Command } from 'commander'
import { type Lock, LockError } from '../../core/images/lock.ts'
import { leftOver, nextLock, type PinRow, type PinState } from '../../core/images/pinning.ts'
import { type WantedImage, wantedImages } from '../../core/images/places.ts'
import { printReference, taggedReference } from '../../core/images/reference.ts'
import { counted } from '../../core/text.ts'
import { pinImages } from '../../flows/pin-images.ts'
import { readWritten } from '../../local/policies/file-policies.ts'
import { lockOf, readLock, writeLock } from '../../local/policies/lock-file.ts'
import { columns, EXIT, Explained, type Output, show } from '../output.ts'

interface PinFlags {
  config: string
  check?: boolean
  image?: string[]
}

/** A wait that a person wonders about is told. Milliseconds. */
const LONG = 1_000

const ABOUT = 'look up the digests of images that the policy names by tag, into the lock file beside it'

/** The command; `dockerConfig` is the folder that Docker keeps logins in, where the environment names one. */
export const addPin = (
  add: (name: string, about: string) => Command,
  { output, done, dockerConfig }: { output: Output; done: (code: number) => void; dockerConfig: string | undefined },
): void => {
  add('pin', ABOUT)
    .option('--check', 'write nothing, and end with 1 where a tag has moved or is not pinned')
    .option('--image <image...>', 'these alone, as the policy names them; others stay as they are')
    .option('--config <file>', 'the policy', 'signalbox.config.ts')
    .action(async (flags: PinFlags) => done(await pin(flags, dockerConfig, output)))
}

/** What there is to look up, and what was found before. */
interface Task {
  file: string
  lock: Lock
  /** All that the policy names by tag. */
  wanted: WantedImage[]
  /** What is looked up of it. */
  asked: WantedImage[]
}

/** Looks up the images that the policy names by tag, or these of them, and writes the lock; answers the exit code. */
export const pin = async (flags: PinFlags, dockerConfig: string | undefined, output: Output): Promise<number> => {
  const task = await taskOf(flags, output)
  const { lock, asked } = task
  const interrupt = new AbortController()
  const stop = (): void => interrupt.abort()
  for (const signal of SIGNALS) process.once(signal, stop)
  try {
    const rows = await looked({ lock, wanted: asked }, { dockerConfig, signal: interrupt.signal }, output)
    return flags.check ? checked(task, rows, output) : written(task, rows, output)
  } catch (error) {
    if (!interrupt.signal.aborted) throw error
    throw new Explained('interrupted: nothing was written', EXIT.interrupted)
  } finally {
    for (const signal of SIGNALS) process.off(signal, stop)
  }
}

const SIGNALS = ['SIGINT', 'SIGTERM'] as const

const taskOf = async ({ config, check, image }: PinFlags, output: Output): Promise<Task> => {
  const wanted = wantedImages(await readWritten(config))
  const file = lockOf(config)
  return {
    file,
    lock: lockIn(file, check !== true && image === undefined, output),
    wanted,
    asked: named(wanted, image),
  }
}

/** A lock that cannot be read is made anew where all of it is; one of a newer release never is. */
const lockIn = (file: string, mayRenew: boolean, output: Output): Lock => {
  try {
    return readLock(file)
  } catch (error) {
    if (!(error instanceof LockError)) throw error
    if (error.isNewer || !mayRenew)
      throw new Explained(
        `${file}: ${error.message}${error.isNewer ? '' : ': `npx signalbox pin` without flags writes it anew'}`,
      )
    output.err(`${file}: ${error.message}: it is written anew`)
    return {}
  }
}

const named = (wanted: WantedImage[], images: readonly string[] | undefined): WantedImage[] => {
  if (images === undefined) return wanted
  const names = images.map((text) => {
    const reference = taggedReference(text)
    const name = reference === null ? null : printReference(reference)
    if (name !== null && wanted.some(({ image }) => image === name)) return name
    const all = wanted.map(({ image }) => image).join(', ')
    throw new Explained(
      `--image: the policy names no ${text} by tag; ${all === '' ? 'it names none' : `it names ${all}`}`,
      EXIT.usage,
    )
  })
  return wanted.filter(({ image }) => names.includes(image))
}

const looked = async (
  task: { lock: Lock; wanted: WantedImage[] },
  { dockerConfig, signal }: { dockerConfig: string | undefined; signal: AbortSignal },
  output: Output,
): Promise<PinRow[]> => {
  if (task.wanted.length === 0) return []
  // Only now: its HTTP client would make every other command start later.
  const { openRegistryImages } = await import('../../effects/images/registry-images.ts')
  const { dockerLogins } = await import('../../effects/images/docker-logins.ts')
  const logins = dockerLogins({ file: join(dockerConfig ?? join(homedir(), '.docker'), 'config.json'), signal })
  const pause = (milliseconds: number): Promise<unknown> => {
    if (milliseconds >= LONG) output.err(`a registry is asked again in ${Math.ceil(milliseconds / 1000)} s`)
    return sleep(milliseconds, undefined, { signal })
  }
  const images = openRegistryImages({ logins, signal, pause })
  let count = 0
  try {
    return await pinImages(images, task, ({ image, state }) =>
      output.err(`${++count} of ${task.wanted.length}  ${image}: ${WORDS[state]}`),
    )
  } finally {
    await images.close()
  }
}

const WORDS: Readonly<Record<PinState, string>> = {
  pinned: 'pinned',
  moved: 'moved',
  same: 'as it was',
  failed: 'FAILED',
}
const CHECKED: Readonly<Record<PinState, string>> = { ...WORDS, pinned: 'NOT PINNED', moved: 'MOVED' }

const written = ({ file, lock, wanted }: Task, rows: PinRow[], output: Output): number => {
  const next = nextLock({ lock, wanted }, rows, new Date().toISOString())
  const removed = leftOver(lock, wanted)
  // Where nothing could be pinned, no file is made of that.
  const isWritten = (Object.keys(next).length > 0 || removed.length > 0) && write(file, next)
  const good = rows.every(({ state }) => state !== 'failed')
  const end = isWritten
    ? `${file} is written: commit it with the policy`
    : wanted.length === 0
      ? 'the policy names no image by tag: there is nothing to pin'
      : `${file} ${Object.keys(next).length > 0 ? 'is as it was' : 'is not written: nothing could be pinned'}`
  const text = [table(rows, WORDS), ...removed.map((one) => `${one}: nothing names it any more: removed`), end]
  show(output, { file, written: isWritten, images: rows.map(shownRow), removed, good }, text.filter(Boolean).join('\n'))
  return good ? EXIT.ok : EXIT.failed
}

const write = (file: string, lock: Lock): boolean => {
  try {
    return writeLock(file, lock)
  } catch (error) {
    throw new Explained(`${file} cannot be written: ${error instanceof Error ? error.message : String(error)}`)
  }
}

const checked = ({ file, lock, wanted }: Task, rows: PinRow[], output: Output): number => {
  const left = leftOver(lock, wanted)
  const good = rows.every(({ state }) => state === 'same')
  const text = [
    table(rows, CHECKED),
    ...left.map((one) => `${one}: nothing names it any more`),
    good ? `${file} is as registries say` : whyNot(file, rows),
  ]
  show(output, { file, images: rows.map(shownRow), left, good }, text.filter(Boolean).join('\n'))
  return good ? EXIT.ok : EXIT.failed
}

/** What is not as the lock says, and what was not found out. */
const whyNot = (file: string, rows: readonly PinRow[]): string => {
  const failed = rows.filter(({ state }) => state === 'failed').length
  const others = rows.filter(({ state }) => state === 'pinned' || state === 'moved').length
  const moved = `${counted(others, 'tag')} not as ${file} says: \`npx signalbox pin\` writes what is there now`
  return [others > 0 ? moved : '', failed > 0 ? `${counted(failed, 'image')} failed` : ''].filter(Boolean).join('; ')
}

const shownRow = ({ image, state, was, found, why, paths }: PinRow) => ({
  image,
  state,
  was,
  digest: found?.digest ?? null,
  platforms: found?.platforms ?? null,
  from: found?.from ?? null,
  why,
  paths,
})

const table = (rows: readonly PinRow[], words: Readonly<Record<PinState, string>>): string =>
  columns(rows.map((row) => [words[row.state], row.image, detailOf(row)]))

const detailOf = ({ state, was, found, why }: PinRow): string => {
  if (found === null) return why ?? ''
  const digest = state === 'moved' ? `${was} → ${found.digest}` : found.digest
  return `${digest}  ${found.platforms.join(', ')}`.trimEnd()
}
