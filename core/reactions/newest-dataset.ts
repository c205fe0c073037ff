import { type DatasetVersion, datasetIn, NO_DATASET, type TrainDesired, weightsIn } from '../desired.ts'
import type { LaneDocument } from '../lane/document.ts'
import type { Rule } from '../lane-kinds/kind.ts'
import { ruleNamed } from '../policy/names.ts'
import type { Policy } from '../policy.ts'
import type { Ignored } from '../reasons.ts'
import { inSight } from '../text.ts'
import type { DatasetFacts } from './dataset-uploaded.ts'
import { lookAtVersion, onVersion, triggerIn, type VersionFacts } from './newest-version.ts'
import type { Look } from './reaction.ts'

/** What is known of the newest dataset version of a pipeline, or of the version of a model that it runs on; `nowhere`: nobody has looked, or there is nowhere to. */
export type NewestFacts = DatasetFacts | VersionFacts

interface Known {
  policy: Policy
  rule: Rule
  doc: LaneDocument
}

/** The dataset version that its lane was wanted to run on last: datasets come through this lane, whichever of their events was lost. */
const knownIn = ({
  doc,
  rule,
  policy,
}: Pick<Known, 'doc' | 'rule' | 'policy'>): (DatasetVersion & { prefix: string }) | null => {
  const dataset = ruleNamed(policy.pipelines, rule.name)?.rule.on.dataset
  const on = datasetIn(doc.desired)
  return dataset === undefined || on === null ? null : { ...on, prefix: dataset.prefix }
}

/** Where the datasets lay that its lane wanted before that one, the last first: where that is gone, the next is the newest. */
export const othersIn = (
  { earlier = [] }: Pick<LaneDocument, 'earlier'>,
  { bucket, prefix }: { bucket: string; prefix: string },
): { others?: readonly string[] } => {
  const others = earlier.flatMap((one) => (one.bucket === bucket && one.key.startsWith(prefix) ? [one.key] : []))
  return others.length === 0 ? {} : { others }
}

/** Looks at that again; of a pipeline that runs on versions of a model at the newest, and then at that. What was read before was whole; whether it still is counts once it is to run (`again`). */
export const lookAtNewest = (known: Known & { again?: true }): Look => {
  const trigger = triggerIn(known.policy, known.rule.name)
  if (trigger !== null) {
    const weights = known.again ? weightsIn(known.doc.desired) : null
    return lookAtVersion(trigger, weights?.model === trigger.model ? weights.version : null, known.policy)
  }
  const on = knownIn(known)
  if (on === null) return { kind: 'nowhere' }
  const { bucket, key, prefix, version, named = [] } = on
  const at = { kind: 'manifest', bucket, key, prefix, ...othersIn(known.doc, { bucket, prefix }) } as const
  return known.again ? { ...at, known: [], beside: { version, objects: named } } : { ...at, known: [version] }
}

/**
 * The dataset version, or the version of a model, that a run is on, which begins by something else than a dataset: the newest as it is there
 * now, as it was known where nobody could look, and none where its pipeline has neither. Else why it cannot run.
 */
export const onNewest = (
  facts: NewestFacts,
  known: Known,
): { kind: 'on'; dataset: RunsOn; instead?: string } | { kind: 'none'; reason: Ignored; detail: string } => {
  const trigger = triggerIn(known.policy, known.rule.name)
  if (trigger !== null) {
    const on = onVersion(facts as VersionFacts, trigger, known)
    return on.kind === 'none' ? on : { kind: 'on', dataset: { ...NO_DATASET, weights: on.weights } }
  }
  return onDataset(facts as DatasetFacts | { kind: 'nowhere' }, known)
}

/** What of a desired state says what it runs on. */
type RunsOn = DatasetVersion & Pick<TrainDesired, 'weights'>

const onDataset = (facts: DatasetFacts | { kind: 'nowhere' }, known: Known): ReturnType<typeof onNewest> => {
  const rule = ruleNamed(known.policy.pipelines, known.rule.name)?.rule
  if (rule?.on.dataset === undefined) return { kind: 'on', dataset: NO_DATASET }
  const on = knownIn(known)
  const none = (why: string) => ({ kind: 'none', reason: 'no-dataset', detail: `${why}: upload a dataset` }) as const
  if (on === null) return none('no dataset is known yet')
  const { prefix: _, ...last } = on
  const at = `s3://${last.bucket}/${last.key}`
  if (facts.kind === 'nowhere') return { kind: 'on', dataset: last }
  if (facts.kind === 'gone') return none(`${at} is not there any more`)
  if (facts.kind === 'bad') return none(`${at} cannot be read: ${facts.detail}`)
  if (facts.missingCount > 0) return none(`of ${at} ${facts.missing.join(', ')} is missing`)
  const { sha256: version, etag, objects, bytes, named } = facts
  const { bucket } = last
  const { instead: key = last.key } = facts
  const dataset = { version, bucket, key, etag, objects, bytes, ...(named === undefined ? {} : { named }) }
  return { kind: 'on', dataset, instead: insteadText(facts, last) }
}

/** What there is to say where what lies there is not what the lane wanted last; empty: it is. */
export const insteadText = (facts: DatasetFacts, { bucket, key }: { bucket: string; key: string }): string =>
  facts.kind !== 'manifest' || facts.instead === undefined
    ? ''
    : `; ${inSight(`s3://${bucket}/${key}`)} is not there any more, and of those before it ${inSight(`s3://${bucket}/${facts.instead}`)} is the newest that is`
