import { createHash, createHmac } from 'node:crypto'

/**
 * JSON with the keys of every object sorted and `undefined` left out, so that equal values give equal bytes.
 * Throws `TypeError` on what JSON cannot say (NaN, Infinity, functions): such a value must never reach a digest.
 */
export const canonicalJson = (value: unknown): string => {
  switch (typeof value) {
    case 'string':
      return quoted(value)
    case 'boolean':
      return String(value)
    case 'number':
      if (Number.isFinite(value)) return JSON.stringify(value)
      throw new TypeError(`JSON cannot say ${value}`)
    case 'object':
      if (value === null) return 'null'
      return Array.isArray(value) ? listOf(value) : objectOf(value as Record<string, unknown>)
    default:
      throw new TypeError(`JSON cannot say a ${typeof value}`)
  }
}

/** As JSON has it: what is undefined keeps its place. */
const listOf = (values: unknown[]): string =>
  `[${values.map((inner) => (inner === undefined ? 'null' : canonicalJson(inner))).join(',')}]`

const objectOf = (value: Record<string, unknown>): string => {
  let text = ''
  for (const key of Object.keys(value).sort()) {
    const inner = value[key]
    if (inner !== undefined) text += `${text === '' ? '' : ','}${quoted(key)}:${canonicalJson(inner)}`
  }
  return `{${text}}`
}

/** What needs no escapes, as nearly every text here. */
const PLAIN = /^[ !#-[\]-~]*$/

const quoted = (text: string): string => (PLAIN.test(text) ? `"${text}"` : JSON.stringify(text))

/** SHA-256 of a text's UTF-8 bytes, as 64 lower-case hex digits. */
export const sha256Hex = (bytes: string | Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/** HMAC-SHA-256 of a text, as 64 lower-case hex digits: nobody can tell it who does not have the secret. */
export const hmacHex = (secret: string, text: string): string => createHmac('sha256', secret).update(text).digest('hex')

/** SHA-256 of bytes that come piece by piece, as 64 lower-case hex digits. */
export const sha256OfPieces = (): { push(piece: Uint8Array): void; hex(): string } => {
  const hash = createHash('sha256')
  return { push: (piece) => void hash.update(piece), hex: () => hash.digest('hex') }
}

/** SHA-256 of a value's canonical JSON. Equal values have equal digests, whatever the order of their keys. */
export const digestOf = (value: unknown): string => sha256Hex(canonicalJson(value))
