import type { DatasetUploaded } from '../../events/contract.ts'
import { milliseconds, type Policy } from '../policy.ts'
import { type Decision, patience, type Rule } from './decision.ts'

/** What stands in the bucket now. */
export type DatasetFacts =
  | { kind: 'gone' }
  | { kind: 'unreadable'; detail: string }
  | { kind: 'bad'; detail: string }
  | {
      kind: 'manifest'
      /** SHA-256 of the manifest's bytes. */
      sha256: string
      /** When the manifest was last written, milliseconds since the epoch: the order key. */
      lastModified: number
      objects: number
      bytes: number
      requester: string | null
      /** Objects that are named and not there as named, up to a few, and how many there are in all. */
      missing: string[]
      missingCount: number
    }

/** The dataset whose prefix the key lies under, the longest prefix first; null when no rule is about it. */
export const datasetRule = (event: Pick<DatasetUploaded, 'bucket' | 'key'>, policy: Policy): Rule | null => {
  for (let end = event.key.lastIndexOf('/'); end >= 0; end = end === 0 ? -1 : event.key.lastIndexOf('/', end - 1)) {
    const name = policy.datasetByPrefix.get(`${event.bucket}/${event.key.slice(0, end + 1)}`)
    const rule = name === undefined ? undefined : policy.datasets[name]
    if (name !== undefined && rule !== undefined)
      return isManifest(event.key, rule.manifest) ? { lane: `train/${name}`, name, mode: rule.mode } : null
  }
  return null
}

/** A manifest appeared: train on what it says now. */
export const onDatasetUploaded = (
  event: DatasetUploaded,
  facts: DatasetFacts,
  { rule, policy, now }: { rule: Rule; policy: Policy; now: number },
): Decision => {
  const dataset = policy.datasets[rule.name]
  const at = `s3://${event.bucket}/${event.key}`
  if (event.replayed)
    return { kind: 'ignore', reason: 'replayed', detail: 'an event replayed from an archive never intends' }
  if (dataset === undefined)
    return { kind: 'ignore', reason: 'not-configured', detail: `no dataset \`${rule.name}\` in the policy` }
  switch (facts.kind) {
    case 'gone':
      return { kind: 'ignore', reason: 'source-gone', detail: `${at} is not there any more` }
    case 'unreadable':
      return patience(event.at, now, `${at} cannot be read: ${facts.detail}`)
    case 'bad':
      return {
        kind: 'ignore',
        reason: 'bad-manifest',
        detail: `${at}: ${facts.detail}. Write the manifest again, last`,
      }
    case 'manifest':
      if (facts.missingCount > 0)
        return incomplete(facts, facts.lastModified + milliseconds(dataset.completeWithin), now)
      return {
        kind: 'intend',
        detail: `${facts.objects} objects, ${facts.bytes} bytes, all there`,
        intent: {
          // S3 counts in whole seconds: of two manifests of one second the greater key comes last, whoever is told first.
          order: `${new Date(facts.lastModified).toISOString()} ${event.key}`,
          takeover: dataset.onNewer === 'replace' ? 'stop' : 'finish',
          desired: {
            kind: 'train',
            dataset: rule.name,
            version: facts.sha256,
            bucket: event.bucket,
            key: event.key,
            objects: facts.objects,
            bytes: facts.bytes,
            requester: facts.requester,
          },
        },
      }
  }
}

const isManifest = (key: string, manifest: string): boolean => key === manifest || key.endsWith(`/${manifest}`)

const incomplete = (facts: { missing: string[]; missingCount: number }, until: number, now: number): Decision => {
  const named =
    facts.missing.join(', ') +
    (facts.missingCount > facts.missing.length ? ` and ${facts.missingCount - facts.missing.length} more` : '')
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
