import { sha256Hex } from '../core/digest.ts'
import type { ResultRow } from '../core/rows.ts'
import { type ObjectHead, PAGE, type WorkPorts } from './ports.ts'

type Objects = WorkPorts['objects']

/** Pages of one artifact that are looked through: 100,000 objects, which takes seconds. */
const OF_ONE = 100

/** Objects of an artifact whose versions are asked for one by one, side by side; of more, what a list says of each must do. */
const VERSIONS = 100

/** What may still be asked: objects that lists name, and objects one by one. */
export interface Asking {
  listed: number
  heads: number
}

/**
 * Of one act, whatever results name: 24 of them with 32 artifacts each would come to 76,800 pages. What it is takes half a minute of
 * the processor that reconcile has (80 ms a page, 3 ms an object), and an act ends within the function's limit. Who looks side by side
 * shares it, a page in turn, so that what is small is through before it is spent.
 */
export const askingOfAct = (): Asking => ({ listed: 2 * OF_ONE * PAGE, heads: 32 * VERSIONS })

/** The pin of an artifact of more objects than that: it is there and may be kept, and nobody can say that it is what was measured. */
export const UNPINNED = 'unpinned: more than 100,000 objects'

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
export const pinOf = async (
  objects: Objects,
  uri: string,
  { beside = null, asking = askingOfAct() }: { beside?: Beside | null; asking?: Asking } = {},
): Promise<string | null> => {
  const at = placeOf(uri)
  const found = at === null ? null : await artifactOf(objects, at, { beside, asking })
  if (at !== null && found === null) return UNPINNED
  if (at === null || found === null || found.length === 0) return null
  const asked = beside?.versions !== false && found.length <= VERSIONS
  if (asked && found.length > asking.heads) {
    asking.heads = 0
    return UNPINNED
  }
  asking.heads -= asked ? found.length : 0
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
  { beside, asking, most = OF_ONE }: { beside: Beside | null; asking: Asking; most?: number },
): Promise<Listed[] | null> => {
  const seen = beside !== null && beside.bucket === bucket && key.startsWith(beside.folder)
  const found = seen ? beside.found : await objectsBelow(objects, { bucket, key }, { most, asking })
  return found?.filter((one) => one.key === key || one.key.startsWith(folderOf(key))) ?? null
}

const folderOf = (key: string): string => (key.endsWith('/') ? key : `${key}/`)

/** What has this key and what lies in the folder of this name, and others of a page; null: more than `most` pages, or than may still be listed. */
const objectsBelow = async (
  objects: Objects,
  { bucket, key }: Place,
  { most, asking }: { most: number; asking: Pick<Asking, 'listed'> },
): Promise<Listed[] | null> => {
  const found: Listed[] = []
  for (let after: string | null = null, page = 0; page < most && asking.listed > 0; page++) {
    // The key itself is the first that begins so; names that only begin like it are not gone through after a page.
    const listed: Listed[] = await objects.list(bucket, page === 0 ? key : folderOf(key), after)
    found.push(...listed)
    asking.listed -= listed.length
    if (listed.length < PAGE) return found
    after = listed.at(-1)?.key ?? null
  }
  return null
}

/** What lies in a folder, where one page has it all; null: there is more, and whoever needs some of it asks for that. */
export const besideOf = (objects: Objects, bucket: string, folder: string): Promise<Beside['found'] | null> =>
  objectsBelow(objects, { bucket, key: folder }, { most: 1, asking: { listed: PAGE } })

/** The pins of what a result names, by name; what is not there has none. */
export const pinsOf = async (
  objects: Objects,
  values: ResultRow['values'],
  beside: Beside | null = null,
): Promise<Record<string, string>> => {
  const uris = Object.entries(values).filter((entry): entry is [string, string] => typeof entry[1] === 'string')
  const looking = { beside, asking: askingOfAct() }
  const pins = await Promise.all(uris.map(async ([name, uri]) => [name, await pinOf(objects, uri, looking)] as const))
  return Object.fromEntries(pins.filter((entry): entry is [string, string] => entry[1] !== null))
}

/**
 * What became of an artifact since its result was read: `unseen` where pods write elsewhere than into folders of this machine, so
 * that nobody has ever seen it here, and where an act may list no more. A row of an earlier release has no pins: there, being there
 * must do.
 */
export const artifactNow = async (
  objects: Objects,
  { values, pins, by }: ResultRow,
  { name, asking = askingOfAct() }: { name: string; asking?: Asking },
): Promise<'same' | 'changed' | 'gone' | 'unseen'> => {
  const then = pins?.[name]
  const uri = String(values[name] ?? '')
  if (then === UNPINNED) return (await isThere(objects, uri, asking)) ? 'same' : 'gone'
  const now = await pinOf(objects, uri, { asking })
  if (then === undefined && now === null && by === 'message' && objects.standIn === true) return 'unseen'
  if (now === null) return 'gone'
  if (now === UNPINNED && (asking.listed <= 0 || asking.heads === 0)) return 'unseen'
  return now === then || pins === undefined ? 'same' : 'changed'
}

/** Of what is too much to be pinned a page is enough: all of it would say no more. */
const isThere = async (objects: Objects, uri: string, asking: Asking): Promise<boolean> => {
  const at = placeOf(uri)
  return at !== null && (await artifactOf(objects, at, { beside: null, most: 1, asking }))?.length !== 0
}
