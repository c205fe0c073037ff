import { stillOf } from '../core/alerting.ts'
import { sha256Hex, sha256OfPieces } from '../core/digest.ts'
import type { DatasetFacts } from '../core/reactions/dataset-uploaded.ts'
import type { AlertFacts } from '../core/reactions/drift-detected.ts'
import type { ReportFacts } from '../core/reactions/drift-reported.ts'
import type { Facts, Look } from '../core/reactions/reaction.ts'
import { verdictOf } from '../events/drift-report.ts'
import { type ManifestObject, type ManifestRead, readManifest } from '../events/manifest.ts'
import { type AskedOnce, askedOnce } from './asked-once.ts'
import { lookAtModel, lookAtVersion } from './models.ts'
import { type Objects, type Ports, TooLarge, Unavailable } from './ports.ts'

/** Largest manifest that is read: 100,000 objects with keys of the greatest length, and some space. Bytes. */
const MANIFEST_LIMIT = 128 * 1024 * 1024
/** Missing objects that are named; more are counted. */
const NAMED = 3
/** Objects asked about at once: as many connections as the SDK opens. */
const SIDE_BY_SIDE = 50

type Place = Pick<Extract<Look, { kind: 'manifest' }>, 'bucket' | 'key'> & { prefix?: string }

/**
 * What a place says now. Throws as ports do: unreadable is not the same as empty. `secret`: the ledger's, by which it knows what it has
 * registered itself.
 */
export const lookAt = async (
  ports: Pick<Ports, 'objects' | 'registry' | 'metrics'>,
  look: Look,
  { secret, once = askedOnce() }: { secret: string; once?: AskedOnce },
): Promise<Facts> => {
  switch (look.kind) {
    case 'manifest':
      return lookAtNewest(ports, look)
    case 'report':
      return lookAtReport(ports, look)
    case 'alert':
      return lookAtAlert(ports, look, once)
    case 'promotion':
      return lookAtModel(ports, look, { secret })
    case 'version':
      return lookAtVersion(ports, look, { secret, once })
    case 'nowhere':
      return { kind: 'nowhere' }
  }
}

/** Largest report that is read: those with the distributions of a thousand columns are smaller. Bytes. */
const REPORT_LIMIT = 8 * 1024 * 1024

/** Reads a report of drift, and the dataset beside it. */
const lookAtReport = async (
  { objects }: Pick<Ports, 'objects'>,
  { bucket, key, dataset }: Extract<Look, { kind: 'report' }>,
): Promise<ReportFacts> => {
  const reading = objects.read(bucket, key, REPORT_LIMIT).catch((error: unknown) => {
    if (error instanceof TooLarge) return error
    throw error
  })
  const [found, beside] = await Promise.all([
    reading,
    dataset === null ? ({ kind: 'nowhere' } as const) : lookAtNewest({ objects }, dataset),
  ])
  if (found === null) return { kind: 'gone' }
  const isLarge = found instanceof TooLarge
  return {
    kind: 'report',
    lastModified: isLarge ? 0 : found.head.lastModified,
    sha256: isLarge ? '' : sha256Hex(found.bytes),
    verdict: isLarge ? { kind: 'bad', detail: `it is over ${REPORT_LIMIT} bytes` } : verdictOf(found.bytes),
    dataset: beside,
  }
}

/** Asks whether it still fires, and reads the dataset beside it. */
const lookAtAlert = async (
  { objects, metrics }: Pick<Ports, 'objects' | 'metrics'>,
  { alert, dataset, ...told }: Extract<Look, { kind: 'alert' }>,
  once: AskedOnce,
): Promise<AlertFacts> => {
  const [rules, beside] = await Promise.all([
    once(`rules ${alert}`, () => metrics.rules(alert)),
    once(`dataset ${JSON.stringify(dataset)}`, () => lookAtNewest({ objects }, dataset)),
  ])
  return { kind: 'alert', still: stillOf(rules ?? [], told), dataset: beside }
}

/** Reads the manifest, or the first of the others that is whole where that is gone. */
const lookAtNewest = async (
  ports: Pick<Ports, 'objects'>,
  { others = [], ...look }: Extract<Look, { kind: 'manifest' }>,
): Promise<DatasetFacts> => {
  const first = await lookAtDataset(ports, look, look)
  if (first.kind !== 'gone') return first
  const known = look.known === 'all' ? 'all' : []
  for (const key of others) {
    const facts = await lookAtDataset(ports, { ...look, key }, { known })
    if (facts.kind === 'manifest' && facts.missingCount === 0) return { ...facts, instead: key }
  }
  return first
}

/** Objects of a manifest that are remembered while it is read, so that a small one is read once. */
const REMEMBERED = 1000

/**
 * Reads the manifest as it is now, and whether everything that it names is there. Of a version that is known nothing more
 * is asked: a hundred thousand objects are not asked about again whenever resync looks.
 */
export const lookAtDataset = async (
  { objects }: Pick<Ports, 'objects'>,
  at: Place,
  { known, beside }: Partial<Pick<Extract<Look, { kind: 'manifest' }>, 'known' | 'beside'>> = {},
): Promise<DatasetFacts> => {
  try {
    const named: ManifestObject[] = []
    const reading = readThrough(objects, at, async (some) => {
      if (named.length <= REMEMBERED) named.push(...some)
    })
    const [read, asked] = await Promise.all([reading, missingAmong(objects, at.bucket, beside?.objects ?? [])])
    if (read === null) return { kind: 'gone' }
    const { sha256, lastModified, etag, manifest } = read
    if (!manifest.ok) return { kind: 'bad', detail: manifest.detail }
    const isSmall = named.length <= REMEMBERED
    const missing = async (): Promise<Missing> => {
      if (known === 'all' || known?.includes(sha256)) return NOTHING_MISSING
      if (beside?.version === sha256 && beside.objects.length === manifest.objects) return asked
      return isSmall ? missingAmong(objects, at.bucket, named) : missingOf(objects, at, sha256)
    }
    const { objects: count, bytes, requestedBy: requester } = manifest
    const facts = { kind: 'manifest', sha256, lastModified, etag, objects: count, bytes, requester } as const
    return { ...facts, ...(isShort(named) ? { named } : {}), ...(await missing()) }
  } catch (error) {
    if (error instanceof TooLarge) return { kind: 'bad', detail: `the manifest is over ${MANIFEST_LIMIT} bytes` }
    throw error
  }
}

/** So few objects that a lane's document keeps them: with keys of any length, less than a manifest's address and some. Characters. */
const isShort = (named: readonly ManifestObject[]): boolean =>
  named.length <= FEW && JSON.stringify(named).length <= FEW * 200

const FEW = 4

const NOTHING_MISSING: Missing = { missing: [], missingCount: 0 }

type Missing = Pick<Extract<DatasetFacts, { kind: 'manifest' }>, 'missing' | 'missingCount'>

/** Reads a manifest piece by piece and hands over the objects that it names, as they come. */
const readThrough = async (
  objects: Objects,
  { bucket, key, prefix }: Place,
  onObjects: (named: ManifestObject[]) => Promise<void> = async () => undefined,
): Promise<{ sha256: string; lastModified: number; etag: string; manifest: ManifestRead } | null> => {
  const found = await objects.stream(bucket, key, MANIFEST_LIMIT)
  if (found === null) return null
  const [reader, hash] = [readManifest(prefix), sha256OfPieces()]
  for await (const piece of found.pieces) {
    hash.push(piece)
    await onObjects(reader.push(piece))
  }
  const { lastModified, etag } = found.head
  return { sha256: hash.hex(), lastModified, etag, manifest: reader.end() }
}

/** Reads it a second time, piece by piece, so that nobody ever holds a large one whole. */
const missingOf = async (objects: Objects, at: Place, sha256: string): Promise<Missing> => {
  let all = NOTHING_MISSING
  const again = await readThrough(objects, at, async (named) => {
    all = added(all, await missingAmong(objects, at.bucket, named))
  })
  if (again?.sha256 !== sha256) throw new Unavailable('the manifest is being written')
  return all
}

const missingAmong = async (objects: Objects, bucket: string, named: readonly ManifestObject[]): Promise<Missing> => {
  let all = NOTHING_MISSING
  for (let from = 0; from < named.length; from += SIDE_BY_SIDE) {
    const some = named.slice(from, from + SIDE_BY_SIDE)
    const answers = await Promise.all(some.map((object) => whyMissing(objects, bucket, object)))
    const missing = answers.filter((why) => why !== null)
    all = added(all, { missing, missingCount: missing.length })
  }
  return all
}

const added = (a: Missing, b: Missing): Missing => ({
  missing: [...a.missing, ...b.missing].slice(0, NAMED),
  missingCount: a.missingCount + b.missingCount,
})

const whyMissing = async (objects: Objects, bucket: string, object: ManifestObject): Promise<string | null> => {
  const head = await objects.head(bucket, object.key, object.versionId ?? null)
  if (head === null) return object.key
  if (head.size !== object.size) return `${object.key} (has ${head.size} bytes, not ${object.size})`
  return head.sha256 === null || !object.sha256 || head.sha256 === object.sha256
    ? null
    : `${object.key} (has another SHA-256)`
}
