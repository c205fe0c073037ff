import type { ServeDesired } from '../core/desired.ts'
import { label } from '../core/names.ts'
import { whyNoAddress } from '../core/policy/sources.ts'
import type { Promotion } from '../core/promotion.ts'
import type { ModelFacts } from '../core/reactions/model-promoted.ts'
import type { Look } from '../core/reactions/reaction.ts'
import { ADAPTER, BASE, isProven, MADE_BY, PIN, REQUESTED_BY, WEIGHTS } from '../core/steps/register-model.ts'
import { isAdapter } from '../core/workloads/adapters.ts'
import { PERSON } from '../events/input.ts'
import type { AskedOnce } from './asked-once.ts'
import { pinOf, UNPINNED } from './pins.ts'
import type { Objects, Ports } from './ports.ts'
import type { ModelVersion, Registry } from './registry-port.ts'

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

/** One version, or the newest; where a tag is named, one that carries it. */
const versionOf = async (
  registry: Registry,
  { model, version, tag }: Extract<Look, { kind: 'version' }>,
): Promise<ModelVersion | null> => {
  if (version === null) return tag === null ? registry.newest(model) : registry.findByTag(model, tag.key, tag.value)
  const found = await registry.version(model, version)
  return tag === null || found?.tags[tag.key] === tag.value ? found : null
}

/**
 * A version that says what its artifact was is served while it is that; of any other nobody knows. Only among our own results: whoever may
 * tag must not make us ask any bucket.
 */
const weightsNow = async (
  objects: Objects,
  { artifactUri, tags }: ModelVersion,
  { model, results: { bucket, prefix }, secret }: Known,
): Promise<'changed' | (Pick<ServeDesired, 'unpinned' | 'ours'> & { pin?: string })> => {
  if (!artifactUri.startsWith(`s3://${bucket}/${prefix}`) || whyNoAddress(artifactUri) !== null) return {}
  const pin = tags[PIN]
  if (pin !== undefined && (await pinOf(objects, artifactUri)) !== pin) return 'changed'
  if (pin !== undefined && pin !== UNPINNED)
    return { pin, ...(isProven({ model, source: artifactUri, tags }, secret) && { ours: true as const }) }
  return { unpinned: tags[MADE_BY] === undefined ? 'unknown' : 'pipeline' }
}

type Looked = Extract<Look, { kind: 'promotion' }>
type Known = Pick<Looked, 'model' | 'results'> & { secret: string }

/** Asks the registry which version the model's promotion signal means now. */
export const lookAtModel = async (
  { registry, objects }: Pick<Ports, 'registry' | 'objects'>,
  { model, promotion, results }: Looked,
  { secret }: { secret: string },
): Promise<ModelFacts> => factsOf(objects, await promoted(registry, model, promotion), { model, results, secret })

/** Asks the registry for one version, or the newest; many lanes ask about the same ones. */
export const lookAtVersion = async (
  { registry, objects }: Pick<Ports, 'registry' | 'objects'>,
  look: Extract<Look, { kind: 'version' }>,
  { secret, once }: { secret: string; once: AskedOnce },
): Promise<ModelFacts> => {
  const { model, version, tag } = look
  return once(`version ${JSON.stringify([model, version, tag])}`, async () =>
    factsOf(objects, await versionOf(registry, look), { ...look, secret }),
  )
}

/** Whether a version is an adapter, and of what, as its tags say: of whole weights the latter is lineage, and no part of what is served. */
const trainedOn = (source: string, tags: ModelVersion['tags']): Pick<ServeDesired, 'adapter' | 'base'> => {
  const adapter = tags[WEIGHTS] === ADAPTER
  const base = tags[BASE] ?? ''
  return {
    ...(adapter && { adapter }),
    ...(base !== '' && isAdapter({ source, ...(adapter && { adapter }) }) && { base }),
  }
}

/** What the registry says of a version, and what its bucket says of what lies there. */
const factsOf = async (objects: Objects, found: ModelVersion | null, known: Known): Promise<ModelFacts> => {
  if (found === null) return { kind: 'none' }
  const { version, artifactUri, runId, status, tags, made, by } = found
  const now = await weightsNow(objects, found, known)
  if (now === 'changed') return { kind: 'changed', version }
  const requester = tags[REQUESTED_BY] ?? ''
  const maker = now.ours === true ? tags[label('dataset')] : (by ?? undefined)
  return {
    kind: 'version',
    version,
    source: artifactUri,
    runId,
    status,
    made,
    ...(maker === undefined ? {} : { by: maker }),
    // Whoever may write a tag may write anything into it: what names no person names nobody.
    requester: PERSON.test(requester) ? requester : null,
    ...trainedOn(artifactUri, tags),
    ...now,
  }
}
