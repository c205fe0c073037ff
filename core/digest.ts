import { createHash } from 'node:crypto'

/**
 * JSON with the keys of every object sorted and `undefined` left out, so that equal values give equal bytes.
 * Throws `TypeError` on what JSON cannot say (NaN, Infinity, functions): such a value must never reach a digest.
 */
export const canonicalJson = (value: unknown): string => JSON.stringify(sorted(value))

/** SHA-256 of a text's UTF-8 bytes, as 64 lower-case hex digits. */
export const sha256Hex = (bytes: string | Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/** SHA-256 of bytes that come piece by piece, as 64 lower-case hex digits. */
export const sha256OfPieces = (): { push(piece: Uint8Array): void; hex(): string } => {
  const hash = createHash('sha256')
  return { push: (piece) => void hash.update(piece), hex: () => hash.digest('hex') }
}

/** SHA-256 of a value's canonical JSON. Equal values have equal digests, whatever the order of their keys. */
export const digestOf = (value: unknown): string => sha256Hex(canonicalJson(value))

const sorted = (value: unknown): unknown => {
  if (typeof value === 'number' && !Number.isFinite(value)) throw new TypeError(`JSON cannot say ${value}`)
  if (typeof value === 'function' || typeof value === 'symbol' || typeof value === 'bigint')
    throw new TypeError(`JSON cannot say a ${typeof value}`)
  if (Array.isArray(value)) return value.map(sorted)
  if (value === null || typeof value !== 'object') return value
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined)
  entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)]))
}
