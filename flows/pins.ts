import { sha256Hex } from '../core/digest.ts'
import type { ResultRow } from '../core/rows.ts'
import { type ObjectHead, PAGE, type WorkPorts } from './ports.ts'

type Objects = WorkPorts['objects']

/** Pages of objects that are looked through: 100,000 objects, which takes seconds. */
const PAGES = 100

/** The pin of an artifact of more objects than that: it is there and may be kept, and nobody can say that it is what was measured. */
export const UNPINNED = 'unpinned: more than 100,000 objects'

/** Objects of an artifact whose versions are asked for one by one, side by side; of more, what a list says of each must do. */
const VERSIONS = 100

/** An address in S3; null: it is none. */
const placeOf = (uri: string): { bucket: string; key: string } | null => {
  const [, bucket, key] = /^s3:\/\/([^/]+)\/(.+)$/.exec(uri) ?? []
  return bucket === undefined || key === undefined ? null : { bucket, key }
}

/** What lies in a pod's folder, as it was seen when its result was read: nobody asks for it once more. */
export interface Beside {
  bucket: string
  /** Ends with a slash. */
  folder: string
  found: Listed[]
  /** Whether the bucket keeps versions: what was written last says so. */
  versions: boolean
}

interface Listed {
  key: string
  head: ObjectHead
}

/**
 * What an artifact is now, in a word: the version of an object where the bucket keeps versions, else a digest over what the
 * store says of each of its objects, their times among it, so that what was written over is another even with equal bytes. Null: nothing is
 * there.
 */
export const pinOf = async (objects: Objects, uri: string, beside: Beside | null = null): Promise<string | null> => {
  const at = placeOf(uri)
  const found = at === null ? null : await artifactOf(objects, at, beside)
  if (at !== null && found === null) return UNPINNED
  if (at === null || found === null || found.length === 0) return null
  const asked = beside?.versions !== false && found.length <= VERSIONS
  const heads = asked ? await Promise.all(found.map(({ key }) => objects.head(at.bucket, key))) : []
  const version = heads[0]?.versionId
  if (found.length === 1 && found[0]?.key === at.key && version) return `version:${version}`
  const lines = found.map(({ key, head: { size, etag, lastModified } }, index) =>
    [key.slice(at.key.length), size, etag, lastModified, heads[index]?.versionId ?? ''].join('\n'),
  )
  return `sha256:${sha256Hex(lines.join('\n\n'))}`
}

type Place = NonNullable<ReturnType<typeof placeOf>>

/** An artifact is an object, or all objects below its name. */
const artifactOf = async (
  objects: Objects,
  { bucket, key }: Place,
  beside: Beside | null,
): Promise<Listed[] | null> => {
  const seen = beside !== null && beside.bucket === bucket && key.startsWith(beside.folder)
  const found = seen ? beside.found : await objectsBelow(objects, bucket, key)
  const folder = key.endsWith('/') ? key : `${key}/`
  return found?.filter((one) => one.key === key || one.key.startsWith(folder)) ?? null
}

/** Everything whose key begins so; null: more than is looked through. */
export const objectsBelow = async (objects: Objects, bucket: string, prefix: string): Promise<Listed[] | null> => {
  const found: Listed[] = []
  for (let after: string | null = null, page = 0; page < PAGES; page++) {
    const listed: Listed[] = await objects.list(bucket, prefix, after)
    found.push(...listed)
    if (listed.length < PAGE) return found
    after = listed.at(-1)?.key ?? null
  }
  return null
}

/** The pins of what a result names, by name; what is not there has none. */
export const pinsOf = async (
  objects: Objects,
  values: ResultRow['values'],
  beside: Beside | null = null,
): Promise<Record<string, string>> => {
  const uris = Object.entries(values).filter((entry): entry is [string, string] => typeof entry[1] === 'string')
  const pins = await Promise.all(uris.map(async ([name, uri]) => [name, await pinOf(objects, uri, beside)] as const))
  return Object.fromEntries(pins.filter((entry): entry is [string, string] => entry[1] !== null))
}

/**
 * What became of an artifact since its result was read: `unseen` where pods write elsewhere than into folders of this machine, so
 * that nobody has ever seen it here. A row of an earlier release has no pins: there, being there must do.
 */
export const artifactNow = async (
  objects: Objects,
  { values, pins, by }: ResultRow,
  name: string,
): Promise<'same' | 'changed' | 'gone' | 'unseen'> => {
  const now = await pinOf(objects, String(values[name] ?? ''))
  const then = pins?.[name]
  if (then === undefined && now === null && by === 'message' && objects.standIn === true) return 'unseen'
  if (now === null) return 'gone'
  return now === then || pins === undefined ? 'same' : 'changed'
}
