import type { DatasetUploaded } from '../../events/contract.ts'
import { datasetUploaded } from '../../events/dataset-uploaded.ts'
import type { ManifestObject } from '../../events/manifest.ts'
import { whyNotNamed } from '../../events/object-key.ts'
import type { Desired, TrainDesired } from '../desired.ts'
import { coolsFrom } from '../drift.ts'
import { milliseconds } from '../duration.ts'
import { writerBefore } from '../earlier.ts'
import { hasBegun, type LaneDocument } from '../lane/document.ts'
import { waitsIn } from '../lane/wanted.ts'
import { laneOf } from '../lane-kinds/kind.ts'
import { pipeline } from '../lane-kinds/pipeline.ts'
import { datasetsIn } from '../policy/datasets.ts'
import { laneNameOf, ruleNamed } from '../policy/names.ts'
import type { PipelinePolicy, Policy } from '../policy.ts'
import { counted, inSight } from '../text.ts'
import type { Ask, Decision, Reaction } from './reaction.ts'

/** What stands in the bucket now. */
export type DatasetFacts =
  | { kind: 'gone' }
  | { kind: 'bad'; detail: string }
  | {
      kind: 'manifest'
      /** SHA-256 of the manifest's bytes. */
      sha256: string
      /** When the manifest was last written, milliseconds since the epoch: the order key. */
      lastModified: number
      etag: string
      objects: number
      bytes: number
      requester: string | null
      /** The objects, where they are few. */
      named?: ManifestObject[]
      /** Its key, where nothing lies any more at the one that was asked about; left out: it is that one. */
      instead?: string
      /** Objects that are named and not there as named, up to a few, and how many there are in all. */
      missing: string[]
      missingCount: number
    }

/** What to do about a manifest, which says so much at least, and about where it lies. */
const WRITE_AGAIN = `Write the manifest again, last, as {"version": 1, "objects": [{"key": "the whole key", "size": bytes}]}`
const ANOTHER_KEY = 'Upload the dataset to a folder of a plain name'

/** A manifest appeared: train on what it says now. */
export const onDatasetUploaded: Reaction<DatasetUploaded, DatasetFacts> = {
  contract: datasetUploaded,
  kind: pipeline,
  /** The longest prefix that the key lies under decides, so that nested rules never hide each other's manifests. */
  ruleOf: ({ bucket, key }, policy) => {
    const found = pipelineAt({ bucket, key }, policy)
    return found !== null && isManifest(key, found.dataset.manifest)
      ? pipeline.ruleOf(policy, laneNameOf(found.key, found.rule))
      : null
  },
  whyNoRule: ({ bucket, key }, policy) => {
    const found = pipelineAt({ bucket, key }, policy)
    return found === null
      ? null
      : `${found.key} reads manifests of the name ${found.dataset.manifest} there, and ${inSight(`s3://${bucket}/${key}`)} is none of that name`
  },
  at: ({ bucket, key }) => `s3://${bucket}/${key}`,
  // What was given up unfinished, or began nothing since its source said something else, is not known to be all there.
  look: ({ bucket, key }, { doc, policy, rule, again }) => {
    const desired = doc.desired as TrainDesired | null
    const prefix = ruleNamed(policy.pipelines, rule.name)?.rule.on.dataset?.prefix ?? ''
    const { version, named = [] } = desired ?? { version: '' }
    if (again) return { kind: 'manifest', bucket, key, prefix, known: [], beside: { version, objects: named } }
    const isKnown = desired !== null && doc.outcome?.kind !== 'superseded'
    const aside = doc.aside?.desired as TrainDesired | undefined
    const known = [...(isKnown ? [version] : []), ...(aside === undefined ? [] : [aside.version])]
    return { kind: 'manifest', bucket, key, prefix, known }
  },
  whence: (desired, { now }) => again(desired, now),
  uploadOf: (facts) =>
    facts.kind === 'manifest' ? [`${facts.sha256} ${new Date(facts.lastModified).toISOString()}`, facts.sha256] : null,
  decide: (event, facts, { policy, rule, doc, now }) => {
    const at = inSight(`s3://${event.bucket}/${event.key}`)
    if (event.replayed)
      return { kind: 'ignore', reason: 'replayed', detail: 'an event replayed from an archive never intends' }
    if (facts.kind === 'gone') return { kind: 'ignore', reason: 'source-gone', detail: `${at} is not there any more` }
    const wanted = ruleNamed(policy.pipelines, rule.name)?.rule
    // Programs are told of the folder that it lies in, by its own key.
    const odd = whyNotNamed(event.key, wanted?.on.dataset?.prefix ?? '')
    if (odd !== null)
      return { kind: 'ignore', reason: 'bad-manifest', detail: `${at}: its own key ${odd}. ${ANOTHER_KEY}` }
    if (facts.kind === 'bad')
      return { kind: 'ignore', reason: 'bad-manifest', detail: `${at}: ${facts.detail}. ${WRITE_AGAIN}` }
    if (wanted?.on.dataset === undefined)
      return { kind: 'ignore', reason: 'not-configured', detail: `no pipeline \`${rule.name}\` in the policy` }
    if (facts.missingCount > 0)
      return incomplete(facts, facts.lastModified + milliseconds(wanted.on.dataset.completeWithin), now)
    const proven = provenBy(event, facts, policy) ?? provenBefore(event, facts.sha256, doc)
    return {
      kind: 'intend',
      detail: `${counted(facts.objects, 'object')}, ${counted(facts.bytes, 'byte')}, all there`,
      intent: {
        order: orderOf(facts.lastModified, event.key),
        onNewer: wanted.onNewer === 'replace' ? 'stop' : 'finish',
        desired: {
          kind: 'train',
          dataset: rule.name,
          version: facts.sha256,
          bucket: event.bucket,
          key: event.key,
          etag: facts.etag,
          objects: facts.objects,
          bytes: facts.bytes,
          ...(facts.named === undefined ? {} : { named: facts.named }),
          ...coolsFrom(doc),
          ...(proven === null ? { requester: facts.requester } : { requester: proven, proven: true }),
        } as TrainDesired,
      },
    }
  },
  proof: (event, facts) => {
    const { etag, requester } = event
    if (etag === undefined || requester === undefined || event.replayed) return null
    return facts === undefined || isAbout(event, facts) ? `${etag} ${requester}` : null
  },
  resync: ({ policy, now, docOf }) =>
    datasetsIn(policy.pipelines).flatMap(({ name: key, rule, dataset: { bucket, prefix, manifest } }) => {
      const name = laneNameOf(key, rule)
      const doc = docOf(laneOf(pipeline, name))
      // What was refused, lost its rule, or was said no more, is asked about again: what stood in its way may have changed.
      const { kind = '', reason } = doc?.outcome ?? {}
      const again = kind === 'refused' || kind === 'superseded' || reason === 'not-configured'
      // What was cancelled behind a run is known too.
      const last = again ? doc : (doc?.aside ?? doc)
      const etag = again ? null : ((last?.desired as TrainDesired | null)?.etag ?? null)
      const after = last?.order == null ? null : { order: last.order, etag }
      return [{ kind: 'manifests', name, bucket, prefix, manifest, after }, ...awaitedIn(doc, rule, now)]
    }),
}

/**
 * Nobody tells that something is gone: where that was read which people are asked about is looked at for as long as it has begun nothing, and
 * where what was refused was read, which begins by itself, however many came since.
 */
const awaitedIn = (doc: LaneDocument | null, { onNewer }: Pick<PipelinePolicy, 'onNewer'>, now: number): Ask[] => {
  if (doc === null) return []
  const { run, desired } = doc
  // What could not begin as it came, in place of what is under way, may by now.
  const waits = run !== null && onNewer === 'replace' && doc.onNewer === 'finish' && waitsIn(doc)
  const awaited = waits || (run === null ? doc.outcome?.kind === 'refused' : !hasBegun(run))
  const of = waits ? desired : (run?.desired ?? desired)
  const event = awaited && of !== null ? again(of, now) : null
  return event === null ? [] : [{ kind: 'event', event }]
}

/** The event that would point where this was read. */
const again = (desired: Desired, now: number): DatasetUploaded | null => {
  if (desired.kind !== 'train') return null
  const { bucket, key, drift, occasion } = desired as TrainDesired
  if (drift !== undefined || occasion !== undefined) return null
  return { type: 'dataset-uploaded', id: 'again', at: now, bucket, key, versionId: null, replayed: false }
}

/**
 * Who wrote what stands there now, where S3 itself says so: the event names an account that the policy maps, and these very bytes.
 * What resync finds comes without an event, and proves nobody.
 */
const provenBy = (
  event: DatasetUploaded,
  facts: DatasetFacts,
  { approvals: { requesters = {} } }: Policy,
): string | null => {
  const { requester } = event
  return requester !== undefined && isAbout(event, facts) && Object.hasOwn(requesters, requester)
    ? (requesters[requester] ?? null)
    : null
}

/** The same as it was proven before something else was wanted: what resync finds again is the same bytes. */
const provenBefore = ({ requester }: DatasetUploaded, version: string, doc: LaneDocument): string | null =>
  requester === undefined ? writerBefore(doc, version) : null

/** Whether an event is about these very bytes. */
const isAbout = ({ etag }: DatasetUploaded, facts: DatasetFacts): boolean =>
  facts.kind === 'manifest' && etag === facts.etag

/** S3 counts in whole seconds: of two manifests of one second the greater key comes last, whoever is told first. */
export const orderOf = (lastModified: number, key: string): string => `${new Date(lastModified).toISOString()} ${key}`

type DatasetPlace = NonNullable<PipelinePolicy['on']['dataset']>

/** The pipeline under whose prefix a key lies, the longest prefix first; null when there is none. */
export const pipelineAt = (
  { bucket, key }: { bucket: string; key: string },
  policy: Policy,
): { key: string; rule: PipelinePolicy; dataset: DatasetPlace } | null => {
  for (let end = key.lastIndexOf('/'); end >= 0; end = end === 0 ? -1 : key.lastIndexOf('/', end - 1)) {
    const name = policy.found.byPrefix.get(`${bucket}/${key.slice(0, end + 1)}`)
    const rule = name === undefined ? undefined : policy.pipelines[name]
    if (name !== undefined && rule?.on.dataset !== undefined) return { key: name, rule, dataset: rule.on.dataset }
  }
  return null
}

/** Whether a key is a manifest of this name. */
export const isManifest = (key: string, manifest: string): boolean => key === manifest || key.endsWith(`/${manifest}`)

const incomplete = (facts: { missing: string[]; missingCount: number }, until: number, now: number): Decision => {
  const more = facts.missingCount - facts.missing.length
  const named = facts.missing.join(', ') + (more > 0 ? ` and ${more} more` : '')
  if (now > until)
    return {
      kind: 'ignore',
      reason: 'missed-deadline',
      detail: `still missing at its deadline: ${named}. Upload them, then write the manifest again`,
    }
  return {
    kind: 'wait',
    reason: 'objects-missing',
    detail: `${facts.missingCount} object${facts.missingCount === 1 ? ' is' : 's are'} not there yet: ${named}`,
    until,
  }
}
