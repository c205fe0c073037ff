import { sha256Hex } from '../../core/digest.ts'
import { type Clock, type ObjectHead, type Objects, PAGE, TooLarge } from '../../flows/ports.ts'
import { byBytes } from './files.ts'

/** An object that is taken to be there although nobody has written it. */
export interface ImaginedObject {
  bucket: string
  key: string
  text: string
}

/** Bytes of one piece of a stream. */
const PIECE = 64 * 1024

/**
 * An object store in which these objects are there too, as if written this moment: planning on paper sees them, and no
 * bucket does, where an object is an upload that is reacted to. What really has the key comes first.
 */
export const imaginedObjects = (
  objects: Objects,
  imagined: readonly ImaginedObject[],
  clock: Pick<Clock, 'now'>,
): Objects => {
  const find = (bucket: string, key: string, maxBytes = Number.POSITIVE_INFINITY): Found | null => {
    const one = imagined.find((candidate) => candidate.bucket === bucket && candidate.key === key)
    if (one === undefined) return null
    const found = foundOf(one, clock.now())
    if (found.head.size > maxBytes)
      throw new TooLarge(`s3://${bucket}/${key} has ${found.head.size} bytes, more than ${maxBytes}`)
    return found
  }
  return {
    ...(objects.standIn === undefined ? {} : { standIn: objects.standIn }),
    head: async (bucket, key, versionId) =>
      (await objects.head(bucket, key, versionId)) ?? find(bucket, key)?.head ?? null,
    read: async (bucket, key, ...how) => (await objects.read(bucket, key, ...how)) ?? find(bucket, key, how[0]),
    stream: async (bucket, key, ...how) => {
      const real = await objects.stream(bucket, key, ...how)
      const found = real === null ? find(bucket, key, how[0]) : null
      return found === null ? real : { head: found.head, pieces: piecesOf(found.bytes) }
    },
    list: async (bucket, prefix, after) => {
      const page = await objects.list(bucket, prefix, after)
      const real = new Set(page.map(({ key }) => key))
      const added = imagined
        .filter((one) => one.bucket === bucket && one.key.startsWith(prefix) && !real.has(one.key))
        .filter(({ key }) => byBytes(key, after ?? '') > 0)
        .map((one) => ({ key: one.key, head: foundOf(one, clock.now()).head }))
      return [...page, ...added].sort((a, b) => byBytes(a.key, b.key)).slice(0, PAGE)
    },
  }
}

interface Found {
  head: ObjectHead
  bytes: Uint8Array
}

const foundOf = ({ text }: ImaginedObject, now: number): Found => {
  const bytes = Buffer.from(text)
  const etag = sha256Hex(bytes).slice(0, 32)
  return { head: { size: bytes.length, versionId: null, lastModified: now, etag, sha256: null }, bytes }
}

async function* piecesOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let from = 0; from < bytes.length; from += PIECE) yield bytes.subarray(from, from + PIECE)
}
