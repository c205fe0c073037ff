import type { Failure } from '../reasons.ts'
import { NOTE, said } from '../text.ts'

/** Longest that somebody else's message stands in a note: beside it there must be room for what we say of it. */
export const MESSAGE = 400

/** What a note repeats of a failed program's log: so many lines, each of so many characters at most. */
const [LINES, LINE] = [5, 200]

/** The note with the newest lines that there is room for: the last one tells most. */
export const withLastLines = (note: string, logs: readonly string[]): string => {
  const lines = logs
    .map((line) => said(line, LINE))
    .filter((line) => line !== '')
    .slice(-LINES)
  return withLines(note, lines)
}

const withLines = (note: string, lines: readonly string[]): string => {
  const all = lines.length === 0 ? note : `${note}. Last log lines: ${lines.join(' ⏎ ')}`
  return all.length <= NOTE || lines.length === 0 ? said(all, NOTE) : withLines(note, lines.slice(1))
}

/** The first of these that says anything. */
export const firstSaid = (...texts: (string | undefined)[]): string | null =>
  texts.map((text) => said(text ?? '', MESSAGE)).find((text) => text !== '') ?? null

/** What somebody says, in brackets behind what we say; nothing, where that is nothing. */
export const inBrackets = (message: string | undefined): string => {
  const text = firstSaid(message)
  return text === null ? '' : ` (${text})`
}

const WATCHDOG_TIMEOUT = /Watchdog caught collective operation timeout/i
const NCCL = /NCCL/i
/** What NCCL tells of its settings and its way, of which the names hold words of failures: `NCCL_IB_TIMEOUT set by environment`. */
const NCCL_TELLS = /NCCL (?:INFO|TRACE|VERSION)\b/
const TIMEOUT = /timeout|timed out/i
const GPU_MEMORY = /CUDA out of memory|OutOfMemoryError/

/** What the last lines of a program say of its end, where that tells more than its exit code; null: they do not. */
export const fromLogs = (logs: readonly string[]): { failure: Failure; note: string } | null => {
  const nccl = logs.find(isNcclTimeout)
  if (nccl !== undefined)
    return {
      failure: 'nccl-timeout',
      note: `its GPUs stopped answering each other (NCCL time-out): ${said(nccl, MESSAGE)}`,
    }
  const memory = logs.find((line) => GPU_MEMORY.test(line))
  if (memory === undefined) return null
  return {
    failure: 'out-of-memory',
    note: `the GPU ran out of memory; a smaller batch or sequence length helps: ${said(memory, MESSAGE)}`,
  }
}

/** Asked word by word: one pattern for both orders takes half a minute of a line of 300 KB that names NCCL all along. */
const isNcclTimeout = (line: string): boolean =>
  WATCHDOG_TIMEOUT.test(line) || (NCCL.test(line) && TIMEOUT.test(line) && !NCCL_TELLS.test(line))
