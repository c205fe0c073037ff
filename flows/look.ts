import type { DatasetFacts } from '../core/decisions/on-dataset-uploaded.ts'
import type { ModelFacts } from '../core/decisions/on-model-promoted.ts'
import { sha256OfPieces } from '../core/digest.ts'
import { label } from '../core/names.ts'
import type { ModelPolicy, Policy } from '../core/policy.ts'
import { type Promotion, promotionOf } from '../core/promotion.ts'
import type { DatasetUploaded } from '../events/contract.ts'
import { type ManifestObject, type ManifestRead, readManifest } from '../events/manifest.ts'
import { type ModelVersion, type Objects, type Ports, type Registry, TooLarge, Unavailable } from './ports.ts'

/** Largest manifest that is read: 100,000 objects with keys of the greatest length, and some space. Bytes. */
const MANIFEST_LIMIT = 128 * 1024 * 1024
/** Missing objects that are named; more are counted. */
const NAMED = 3
/** Objects asked about at once: as many connections as the SDK opens. */
const SIDE_BY_SIDE = 50

/**
 * Reads the manifest as it is now, and whether everything that it names is there. Of a version that is `settled` nothing
 * more will be done: a hundred thousand objects are not asked about again whenever reconcile looks.
 */
export const lookAtDataset = async (
  { objects }: Pick<Ports, 'objects'>,
  at: Pick<DatasetUploaded, 'bucket' | 'key'>,
  settled: (version: string) => Promise<boolean> = async () => false,
): Promise<DatasetFacts> => {
  try {
    const read = await readThrough(objects, at)
    if (read === null) return { kind: 'gone' }
    const { sha256, lastModified, manifest } = read
    if (!manifest.ok) return { kind: 'bad', detail: manifest.detail }
    const missing = (await settled(sha256)) ? NOTHING_MISSING : await missingOf(objects, at, sha256)
    const { objects: count, bytes, requestedBy: requester } = manifest
    return { kind: 'manifest', sha256, lastModified, objects: count, bytes, requester, ...missing }
  } catch (error) {
    if (error instanceof TooLarge) return { kind: 'bad', detail: `the manifest is over ${MANIFEST_LIMIT} bytes` }
    if (error instanceof Unavailable) return { kind: 'unreadable', detail: error.message }
    throw error
  }
}

const NOTHING_MISSING: Missing = { missing: [], missingCount: 0 }

type Missing = Pick<Extract<DatasetFacts, { kind: 'manifest' }>, 'missing' | 'missingCount'>

/** Reads a manifest piece by piece and hands over the objects that it names, as they come. */
const readThrough = async (
  objects: Objects,
  { bucket, key }: Pick<DatasetUploaded, 'bucket' | 'key'>,
  onObjects: (named: ManifestObject[]) => Promise<void> = async () => undefined,
): Promise<{ sha256: string; lastModified: number; manifest: ManifestRead } | null> => {
  const found = await objects.stream(bucket, key, MANIFEST_LIMIT)
  if (found === null) return null
  const [reader, hash] = [readManifest(), sha256OfPieces()]
  for await (const piece of found.pieces) {
    hash.push(piece)
    await onObjects(reader.push(piece))
  }
  return { sha256: hash.hex(), lastModified: found.head.lastModified, manifest: reader.end() }
}

/** Reads it a second time, so that nothing is asked about the objects of a manifest that is bad or known. */
const missingOf = async (
  objects: Objects,
  at: Pick<DatasetUploaded, 'bucket' | 'key'>,
  sha256: string,
): Promise<Missing> => {
  const missing: string[] = []
  let missingCount = 0
  const check = async (named: ManifestObject[]): Promise<void> => {
    for (let from = 0; from < named.length; from += SIDE_BY_SIDE) {
      const some = named.slice(from, from + SIDE_BY_SIDE)
      const answers = await Promise.all(some.map((object) => whyMissing(objects, at.bucket, object)))
      const wrong = answers.filter((why) => why !== null)
      missingCount += wrong.length
      missing.push(...wrong.slice(0, NAMED - missing.length))
    }
  }
  const again = await readThrough(objects, at, check)
  if (again?.sha256 !== sha256) throw new Unavailable('the manifest is being written')
  return { missing, missingCount }
}

const whyMissing = async (objects: Objects, bucket: string, object: ManifestObject): Promise<string | null> => {
  const head = await objects.head(bucket, object.key, object.versionId ?? null)
  if (head === null) return object.key
  if (head.size !== object.size) return `${object.key} (has ${head.size} bytes, not ${object.size})`
  return head.sha256 === null || !object.sha256 || head.sha256 === object.sha256
    ? null
    : `${object.key} (has another SHA-256)`
}

const promoted = (registry: Registry, model: string, promotion: Promotion): Promise<ModelVersion | null> => {
  switch (promotion.kind) {
    case 'alias':
      return registry.alias(model, promotion.name)
    case 'tag':
      return registry.findByTag(model, promotion.name, promotion.value)
    case 'stage':
      return registry.inStage(model, promotion.name)
  }
}

/** Asks the registry which version the model's promotion signal means now. */
export const lookAtModel = async (
  { registry }: Pick<Ports, 'registry'>,
  model: string,
  policy: Policy,
): Promise<ModelFacts> => {
  try {
    const found = await promoted(registry, model, promotionOf(policy.models[model] as ModelPolicy))
    if (found === null) return { kind: 'none' }
    const { version, artifactUri, runId, status, tags } = found
    return {
      kind: 'version',
      version,
      source: artifactUri,
      runId,
      status,
      requester: tags[label('requested-by')] ?? null,
    }
  } catch (error) {
    if (error instanceof Unavailable) return { kind: 'unreadable', detail: error.message }
    throw error
  }
}
