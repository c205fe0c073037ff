/** Where commands write, so that tests can read it. */
export interface Output {
  out(text: string): void
  err(text: string): void
  json: boolean
}

/** Exit codes, documented in `signalbox --help`. */
export const EXIT = { ok: 0, failed: 1, usage: 2, notRunning: 3, interrupted: 130 } as const

/** Something a person can mend: printed as one line, without a stack. */
export class Explained extends Error {
  readonly exit: number
  constructor(message: string, exit: number = EXIT.failed) {
    super(message)
    this.exit = exit
  }
}

/** Which product is meant: the local one on a folder, or what the config names in a region of AWS. */
export interface Where {
  data: string
  config: string
  aws?: string
}

/** JSON when asked for, else the text. */
export const show = (output: Output, value: unknown, text: string): void =>
  output.out(output.json ? JSON.stringify(value, null, 2) : text)

/** What was refused: JSON on stdout when asked for, else the text where every refusal stands. */
export const showRefused = (output: Output, value: unknown, text: string): void =>
  output.json ? show(output, value, text) : output.err(`signalbox: ${text}`)

/** Columns of equal width, two spaces apart; the last is left as it is. */
export const columns = (rows: string[][]): string => {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length))) ?? []
  return rows
    .map((row) =>
      row
        .map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
