/** `1 object`, `2 objects`. */
export const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`

/** A word of a command as it is typed: in quotes, where a shell would take it for something else. */
export const quoted = (word: string): string =>
  /^[\w./@%+=:,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`

/** `2026-11-23 10:02 UTC`; never, for a time that is none. */
export const plainTime = (at: number): string =>
  Math.abs(at) > 8.64e15 || Number.isNaN(at)
    ? 'never'
    : `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`

/** Longest note of a step: a run's row holds one for each of them, and a row of the ledger has its limits. */
export const NOTE = 1000

const [ESC, BEL, CSI, OSC, ST] = ['\u001b', '\u0007', '\u009b', '\u009d', '\u009c']

/** What a terminal obeys and does not show: colours and cursor moves; titles and links; the shorter sequences. */
const SEQUENCES = new RegExp(
  [
    `(?:${ESC}\\[|${CSI})[0-?]*[ -/]*[@-~]`,
    `(?:${ESC}\\]|${OSC})[^${ESC}${BEL}${OSC}${ST}\\n]*(?:${BEL}|${ST}|${ESC}\\\\)`,
    `${ESC}[ -/]*[0-~]`,
  ].join('|'),
  'g',
)

/** Words of printable ASCII with one space between them, as most of our own sentences: there is nothing to clean. */
const CLEAN = /^[!-~]+(?: [!-~]+)*$/

/**
 * What others said (a log, a message of the cluster) as a note may repeat it: on one line, at most so many characters, and
 * nothing in it that a terminal or a page obeys instead of showing. Of a progress bar that is its last state.
 */
export const said = (text: string, most: number): string => {
  if (text.length <= most && CLEAN.test(text)) return text
  const plain = text
    .replace(SEQUENCES, '')
    .split('\n')
    .map(lastState)
    .join(' ')
    .replace(/\s/g, ' ')
    .replace(/[\p{Cc}\p{Cf}\p{Cs}]/gu, '')
    .replace(/ {2,}/g, ' ')
    .trim()
  // Half a surrogate pair goes with what is cut off.
  return plain.length <= most ? plain : `${plain.slice(0, most - 1).replace(/\p{Cs}$/u, '')}…`
}

/** What is not seen, or looks like a space and is none. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]|(?! )\p{Zs}/gu

/** A text in which what is not seen is written as programs write it, `\u200b`: who looks for a mistake sees it. */
export const inSight = (text: string): string =>
  text.replace(UNSEEN, (letter) => {
    const code = (letter.codePointAt(0) ?? 0).toString(16)
    return code.length > 4 ? `\\u{${code}}` : `\\u${code.padStart(4, '0')}`
  })

/**
 * Texts of others reach a terminal by many ways: what it would obey, or what turns a line around, is written as its number.
 * JSON means the same with it.
 */
export const printable = (text: string): string =>
  text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (letter) =>
    letter === '\n' || letter === '\t'
      ? letter
      : Array.from({ length: letter.length }, (_, at) => numberOf(letter, at)).join(''),
  )

const numberOf = (letter: string, at: number): string => `\\u${letter.charCodeAt(at).toString(16).padStart(4, '0')}`

/** What a terminal shows last of a line that was written over again and again. */
const lastState = (line: string): string => line.split('\r').findLast((state) => state.trim() !== '') ?? ''

/** At most so many characters: the middle of what is longer is left out, so that a name is known by both of its ends. */
export const shortened = (text: string, most: number): string => {
  if (text.length <= most) return text
  if (most < 1) return ''
  const tail = Math.floor((most - 1) / 2)
  // Half a surrogate pair goes with what is left out.
  const head = text.slice(0, most - 1 - tail).replace(/\p{Cs}$/u, '')
  return `${head}…${text.slice(text.length - tail).replace(/^\p{Cs}/u, '')}`
}

/** `2026-11-23 10:02 UTC`; never, for a time that is none. */
export const minuteText = (at: number): string =>
  Math.abs(at) > 8.64e15 || Number.isNaN(at)
    ? 'never'
    : `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`

/** `3.4 MB`. */
export const sizeText = (bytes: number): string => {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB']
  const step = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, bytes)) / 3)))
  return `${Math.round((bytes / 1000 ** step) * 10) / 10} ${units[step]}`
}

/** `2.1 h`; of less than one `36 min`, and 1 at least. */
export const hoursText = (hours: number): string =>
  hours < 1 ? `${Math.max(1, Math.round(hours * 60))} min` : `${Math.round(hours * 10) / 10} h`
