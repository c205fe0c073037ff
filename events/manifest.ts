import { JSONParser, TokenType } from '@streamparser/json'
import * as z from 'zod/mini'
import { filled, PERSON, parseWith } from './input.ts'
import { whyNotNamed } from './object-key.ts'

/** Most objects of one manifest. */
const MOST_OBJECTS = 100_000
/** Deepest nesting that is read: the parser works the longer on each value the deeper it lies, and keeps every level. */
const DEEPEST = 32

const object = z.object({
  key: filled,
  /** Bytes. */
  size: z.int().check(z.nonnegative()),
  versionId: z.nullish(z.string()),
  /** Compared with the checksum that the store keeps, where it keeps one. */
  sha256: z.nullish(z.string().check(z.regex(/^[0-9a-f]{64}$/, 'is 64 lower-case hex digits'))),
})

const whole = z.object({
  version: z.literal(1),
  objects: z
    .int()
    .check(z.minimum(1, 'names no object'), z.maximum(MOST_OBJECTS, `names more than ${MOST_OBJECTS} objects`)),
  requestedBy: z.nullish(z.string().check(z.regex(PERSON, 'name a person as `TEAM/USER`'))),
})

/** One object of a dataset, as its manifest names it. */
export type ManifestObject = z.output<typeof object>

/** What a whole manifest says besides its objects, or a sentence that names the path of what is wrong with it. */
export type ManifestRead =
  | { ok: true; objects: number; bytes: number; requestedBy: string | null }
  | { ok: false; detail: string }

/**
 * Reads a manifest piece by piece, so that one of 100,000 objects is never held whole: only their keys are kept, to find
 * one that is named twice. Total: any bytes end in a sentence, never in an exception.
 */
export interface ManifestReader {
  /** The objects that this piece completes; none any more once something was wrong. */
  push(piece: Uint8Array): ManifestObject[]
  /** After the last piece. */
  end(): ManifestRead
}

/**
 * A reader of one manifest: what a dataset consists of, written last. Its own SHA-256 is the dataset version. It names keys below
 * its pipeline's prefix alone: what else lies in the bucket is nothing that who may upload there has a say in.
 */
export const readManifest = (prefix = ''): ManifestReader => {
  const head: Record<string, unknown> = {}
  const named = collect(prefix)
  let wrong: string | null = null
  const parser = new JSONParser({ paths: ['$.version', '$.requestedBy', '$.objects.*'], keepStack: false })
  parser.onToken = shallow()
  parser.onValue = ({ value, key, stack }) => {
    if (stack.length === 1) head[String(key)] = value
    else if (wrong === null && named.count() <= MOST_OBJECTS) wrong = named.take(value, key)
  }
  const parse = (work: () => void): void => {
    try {
      if (wrong === null) work()
    } catch (error) {
      wrong = `the manifest is not JSON: ${error instanceof Error ? error.message : String(error)}`
    }
  }
  return {
    push: (piece) => {
      parse(() => parser.write(piece))
      const objects = named.completed()
      return wrong === null ? objects : []
    },
    end: () => {
      parse(() => parser.isEnded || parser.end())
      if (wrong !== null) return { ok: false, detail: wrong }
      const { version, requestedBy } = head
      const parsed = parseWith(whole, { version, requestedBy, objects: named.count() })
      return parsed.ok
        ? { ok: true, objects: named.count(), bytes: named.bytes(), requestedBy: parsed.event.requestedBy ?? null }
        : { ok: false, detail: parsed.detail }
    },
  }
}

/** Of a key that is said twice one reader takes the first and one the last: what was counted would not be what is read. */
const once = (keys: Set<string> | null | undefined, key: string): void => {
  if (keys?.has(key) === true) throw new Error(`it says ${JSON.stringify(key.slice(0, 60))} twice`)
  keys?.add(key)
}

/**
 * Throws where brackets open within brackets deeper than anybody writes a manifest, a few kilobytes of which take minutes; and where an
 * object says a key twice.
 */
const shallow = () => {
  const open: (Set<string> | null)[] = []
  let word = ''
  return ({ token, value }: { token: TokenType; value?: unknown }): void => {
    if (token === TokenType.STRING) word = String(value)
    else if (token === TokenType.LEFT_BRACE || token === TokenType.LEFT_BRACKET)
      open.push(token === TokenType.LEFT_BRACE ? new Set() : null)
    else if (token === TokenType.RIGHT_BRACE || token === TokenType.RIGHT_BRACKET) open.pop()
    else if (token === TokenType.COLON) once(open.at(-1), word)
    if (open.length > DEEPEST) throw new RangeError(`it is nested deeper than ${DEEPEST} levels`)
  }
}

/** A key as a sentence names it. */
const shown = (key: string): string =>
  JSON.stringify(key.length > 200 ? `${key.slice(0, 200)}…` : key).replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '�')

/** Takes the values of the list in their order; `take` answers what is wrong with one, or null. */
const collect = (prefix: string) => {
  const keys = new Set<string>()
  let [bytes, completed] = [0, [] as ManifestObject[]]
  return {
    take: (value: unknown, index: unknown): string | null => {
      const parsed = parseWith(object, value)
      if (!parsed.ok)
        return `objects.${String(index)}${parsed.reason === 'not-an-object' ? ': is no object' : `.${parsed.detail}`}`
      const why = whyNotNamed(parsed.event.key, prefix)
      if (why !== null) return `objects.${String(index)}.key: ${shown(parsed.event.key)} ${why}`
      if (keys.has(parsed.event.key)) return `objects: ${parsed.event.key} is named twice`
      // A second list would begin at 0 again, and an object of objects has names for numbers.
      if (index !== keys.size) return 'objects: must be one list'
      keys.add(parsed.event.key)
      bytes += parsed.event.size
      completed.push(parsed.event)
      return null
    },
    /** Since it was asked last. */
    completed: (): ManifestObject[] => {
      const some = completed
      completed = []
      return some
    },
    count: () => keys.size,
    bytes: () => bytes,
  }
}
