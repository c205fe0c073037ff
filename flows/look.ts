import type { DatasetFacts } from '../core/decisions/on-dataset-uploaded.ts'
import type { ModelFacts } from '../core/decisions/on-model-promoted.ts'
import { sha256Hex } from '../core/digest.ts'
import { label } from '../core/names.ts'
import type { ModelPolicy, Policy } from '../core/policy.ts'
import { type Promotion, promotionOf } from '../core/promotion.ts'
import type { DatasetUploaded } from '../events/contract.ts'
import { type Manifest, parseManifest } from '../events/manifest.ts'
import { type ModelVersion, type Objects, type Ports, type Registry, TooLarge, Unavailable } from './ports.ts'

/** Largest manifest that is read: about 100,000 objects. Bytes. */
const MANIFEST_LIMIT = 32 * 1024 * 1024
/** Missing objects that are named; more are counted. */
const NAMED = 3
/** Objects asked about at once. */
const SIDE_BY_SIDE = 16

/** Reads the manifest as it is now, and whether everything that it names is there. */
export const lookAtDataset = async (
  { objects }: Pick<Ports, 'objects'>,
  { bucket, key }: Pick<DatasetUploaded, 'bucket' | 'key'>,
): Promise<DatasetFacts> => {
  try {
    const found = await objects.read(bucket, key, MANIFEST_LIMIT)
    if (found === null) return { kind: 'gone' }
    const parsed = parseManifest(found.bytes)
    if (!parsed.ok) return { kind: 'bad', detail: parsed.detail }
    const missing = await missingOf(objects, bucket, parsed.manifest)
    return {
      kind: 'manifest',
      sha256: sha256Hex(found.bytes),
      lastModified: found.head.lastModified,
      objects: parsed.manifest.objects.length,
      bytes: parsed.manifest.objects.reduce((sum, { size }) => sum + size, 0),
      requester: parsed.manifest.requestedBy ?? null,
      missing: missing.slice(0, NAMED),
      missingCount: missing.length,
    }
  } catch (error) {
    if (error instanceof TooLarge) return { kind: 'bad', detail: `the manifest is over ${MANIFEST_LIMIT} bytes` }
    if (error instanceof Unavailable) return { kind: 'unreadable', detail: error.message }
    throw error
  }
}

const missingOf = async (objects: Objects, bucket: string, manifest: Manifest): Promise<string[]> => {
  const missing: string[] = []
  for (let from = 0; from < manifest.objects.length; from += SIDE_BY_SIDE) {
    const some = manifest.objects.slice(from, from + SIDE_BY_SIDE)
    const heads = await Promise.all(some.map((object) => objects.head(bucket, object.key, object.versionId ?? null)))
    some.forEach((object, index) => {
      const head = heads[index] ?? null
      if (head === null) missing.push(object.key)
      else if (head.size !== object.size) missing.push(`${object.key} (has ${head.size} bytes, not ${object.size})`)
    })
  }
  return missing
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
