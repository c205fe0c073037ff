import { describe, expect, it } from 'vitest'
import type { TrainDesired } from '../../../core/desired.ts'
import { emptyDocument, type LaneDocument, type Mark, type Run } from '../../../core/lane/document.ts'
import { type Policy, parsePolicy } from '../../../core/policy.ts'
import {
  type DatasetFacts,
  isManifest,
  onDatasetUploaded,
  orderOf,
  pipelineAt,
} from '../../../core/reactions/dataset-uploaded.ts'
import type { DatasetUploaded } from '../../../events/contract.ts'
import config from '../../example.ts'
import { type Otherwise, piped } from '../../variants.ts'
import { desired } from '../training-fixture.ts'

const policy = parsePolicy(config)
const now = Date.UTC(2026, 10, 23, 12)
const HOUR = 3_600_000
const LANE = 'pipeline/support-chats'
const event: DatasetUploaded = {
  type: 'dataset-uploaded',
  id: 'e',
  at: now,
  bucket: 'acme-datasets',
  key: 'support-chats/2026-11-23/manifest.json',
  versionId: null,
  replayed: false,
}
const whole: DatasetFacts = {
  kind: 'manifest',
  sha256: 'ab'.repeat(32),
  lastModified: now - 1000,
  etag: 'e1',
  objects: 3,
  bytes: 99,
  requester: 'T0SIGNAL/U0BEN',
  missing: [],
  missingCount: 0,
}
it('says of a key that is no manifest which name it would have to end in; of what no pipeline reads nothing more', () => {
  const whyNot = (key: string) => onDatasetUploaded.whyNoRule?.({ ...event, key }, policy)
  expect(whyNot('support-chats/a/my-manifest.json')).toBe(
    'support-chats reads manifests of the name manifest.json there, and s3://acme-datasets/support-chats/a/my-manifest.json is none of that name',
  )
  expect(whyNot('elsewhere/manifest.json')).toBeNull()
})

const ruleOf = (given: Partial<DatasetUploaded>, of: Policy = policy) =>
  onDatasetUploaded.ruleOf({ ...event, ...given }, of)
const rule = ruleOf({})!
const decide = (facts: DatasetFacts, given: Partial<DatasetUploaded> = {}, at = now) =>
  onDatasetUploaded.decide({ ...event, ...given }, facts, {
    rule,
    policy,
    doc: emptyDocument(policy, rule.lane),
    now: at,
  })
const intentOf = (facts: DatasetFacts, given: Partial<DatasetUploaded> = {}) => {
  const decision = decide(facts, given)
  if (decision.kind !== 'intend') throw new Error(decision.detail)
  return decision.intent
}
/** The example with pipelines of these prefixes and manifest names instead. */
const pipelines = (given: Record<string, Otherwise>): Policy =>
  parsePolicy({
    ...config,
    pipelines: Object.fromEntries(Object.entries(given).map(([name, over]) => [name, piped(over)])),
  })

describe('who asked', () => {
  const ANA = 'T0SIGNAL/U0APPROVER'
  const mapped = parsePolicy({ ...config, approvals: { ...config.approvals, requesters: { '111122223333': ANA } } })
  const asked = (given: Partial<DatasetUploaded>, facts: Partial<typeof whole> = {}, of = mapped) => {
    const decision = onDatasetUploaded.decide({ ...event, ...given }, { ...whole, ...facts } as DatasetFacts, {
      rule,
      doc: emptyDocument(of, rule.lane),
      policy: of,
      now,
    })
    if (decision.kind !== 'intend') throw new Error(decision.detail)
    const { requester, proven = false } = decision.intent.desired as TrainDesired
    return { requester, proven }
  }
  const written = { etag: 'e1', requester: '111122223333' }
  const claim = { requester: 'T0SIGNAL/U0BEN', proven: false }

  it('is proven by the account that S3 says has written what stands there now, whoever the manifest names', () => {
    expect(asked(written)).toEqual({ requester: ANA, proven: true })
    expect(asked(written, { requester: null })).toEqual({ requester: ANA, proven: true })
  })

  it.each<[string, Partial<DatasetUploaded>, Policy]>([
    ['other bytes were written since', { ...written, etag: 'e0' }, mapped],
    ['the event does not say which bytes', { requester: '111122223333' }, mapped],
    ['the account is nobody’s', { ...written, requester: '444455556666' }, mapped],
    ['a service wrote it', { ...written, requester: 's3.amazonaws.com' }, mapped],
    ['it has a name that every object has', { ...written, requester: 'constructor' }, mapped],
    ['resync found it', {}, mapped],
    ['the policy maps none', written, policy],
  ])('%s: what the manifest says is a claim', (_, given, of) => {
    expect(asked(given, {}, of)).toEqual(claim)
    expect(asked(given, { requester: null }, of)).toEqual({ requester: null, proven: false })
  })
})

describe('which lane a manifest is about', () => {
  it('is that of the pipeline whose prefix it lies under, and only when it is the manifest', () => {
    expect(rule).toEqual({ lane: LANE, name: 'support-chats', mode: 'act' })
    expect(ruleOf({ key: 'support-chats/manifest.json' })?.lane).toBe(LANE)
    for (const key of [
      'support-chats/part-0.jsonl',
      'support-chats/notmanifest.json',
      'support-chats-old/manifest.json',
    ])
      expect(ruleOf({ key }), key).toBeNull()
    expect(ruleOf({ bucket: 'other' })).toBeNull()
  })

  it('is decided by the longest prefix, so that rules within each other never take each other’s manifests', () => {
    const nested = pipelines({
      all: { prefix: 'chats/' },
      eu: { prefix: 'chats/eu/' },
      paris: { prefix: 'chats/eu/paris/', manifest: 'paris-manifest.json' },
    })
    const laneOf = (key: string) => ruleOf({ key }, nested)?.lane ?? null
    expect(laneOf('chats/manifest.json')).toBe('pipeline/all')
    expect(laneOf('chats/us/manifest.json')).toBe('pipeline/all')
    expect(laneOf('chats/eu/manifest.json')).toBe('pipeline/eu')
    expect(laneOf('chats/eu/rome/2026/manifest.json')).toBe('pipeline/eu')
    expect(laneOf('chats/eu/paris/paris-manifest.json')).toBe('pipeline/paris')
    // What the innermost rule takes for data is no manifest of an outer one.
    expect(laneOf('chats/eu/paris/manifest.json')).toBeNull()
    expect(laneOf('chats/eu-old/manifest.json')).toBe('pipeline/all')
  })

  it('stays that of before where a rule was renamed', () => {
    const renamed = pipelines({ chats: { prefix: 'chats/', was: 'old-chats' } })
    const found = ruleOf({ key: 'chats/manifest.json' }, renamed)
    expect(found).toEqual({ lane: 'pipeline/old-chats', name: 'old-chats', mode: 'act' })
  })

  it('is told apart by bucket, and a rule for a whole bucket is the last that is asked', () => {
    const two = pipelines({ here: { prefix: 'chats/' }, there: { prefix: 'chats/', bucket: 'acme-other' } })
    const keyAt = (bucket: string, key: string) => pipelineAt({ bucket, key }, two)?.key ?? null
    expect(keyAt('acme-datasets', 'chats/manifest.json')).toBe('here')
    expect(keyAt('acme-other', 'chats/manifest.json')).toBe('there')
    expect(keyAt('acme-third', 'chats/manifest.json')).toBeNull()
    expect(keyAt('acme-datasets', 'manifest.json')).toBeNull()
  })

  it('a manifest is named by its whole name', () => {
    expect(isManifest('a/b/manifest.json', 'manifest.json')).toBe(true)
    expect(isManifest('manifest.json', 'manifest.json')).toBe(true)
    expect(isManifest('a/xmanifest.json', 'manifest.json')).toBe(false)
  })
})

describe('what a manifest comes to', () => {
  it('training on what it says now, ordered by when it was last written, pinned with its etag', () => {
    expect(intentOf(whole)).toEqual({
      order: `${new Date(now - 1000).toISOString()} ${event.key}`,
      onNewer: 'finish',
      desired: {
        kind: 'train',
        dataset: 'support-chats',
        version: 'ab'.repeat(32),
        bucket: event.bucket,
        key: event.key,
        etag: 'e1',
        objects: 3,
        bytes: 99,
        requester: 'T0SIGNAL/U0BEN',
      },
    })
  })

  it('of two manifests of one second the greater key is the later one, in whichever order they are told', () => {
    const [a, b] = ['support-chats/a/manifest.json', 'support-chats/b/manifest.json'].map((key) =>
      intentOf(whole, { key }),
    )
    expect((a?.order ?? '') < (b?.order ?? '')).toBe(true)
    const later = { ...whole, lastModified: now }
    expect((b?.order ?? '') < (intentOf(later, { key: 'support-chats/a/manifest.json' }).order ?? '')).toBe(true)
  })

  it('the same manifest written again in the same second has the same order and is another desired state', () => {
    const again = intentOf({ ...whole, sha256: 'cd'.repeat(32), etag: 'e2' })
    expect(again.order).toBe(intentOf(whole).order)
    expect(again.desired).not.toEqual(intentOf(whole).desired)
  })

  it('waiting for what is missing, with a deadline and names; after it, being given up, by its version and when that was written', () => {
    const facts: DatasetFacts = { ...whole, missing: ['a', 'b', 'c'], missingCount: 5 }
    const waits = decide(facts)
    expect(waits).toMatchObject({ kind: 'wait', reason: 'objects-missing', until: now - 1000 + HOUR })
    expect(waits.detail).toBe('5 objects are not there yet: a, b, c and 2 more')
    expect(decide({ ...facts, missing: ['a'], missingCount: 1 }).detail).toBe('1 object is not there yet: a')
    expect(decide(facts, {}, now - 1000 + HOUR)).toMatchObject({ kind: 'wait' })
    expect(decide(facts, {}, now + HOUR)).toMatchObject({ kind: 'ignore', reason: 'missed-deadline' })
    const { uploadOf } = onDatasetUploaded
    expect(uploadOf?.(facts)).toEqual([`${whole.sha256} ${new Date(now - 1000).toISOString()}`, whole.sha256])
    expect(uploadOf?.({ kind: 'gone' })).toBeNull()
  })

  it('nothing, with what to do, where it is replayed, gone or bad', () => {
    expect(decide(whole, { replayed: true })).toMatchObject({ kind: 'ignore', reason: 'replayed' })
    expect(decide({ kind: 'gone' })).toMatchObject({ kind: 'ignore', reason: 'source-gone' })
    const bad = decide({ kind: 'bad', detail: 'objects: expected an array' })
    expect(bad).toMatchObject({ kind: 'ignore', reason: 'bad-manifest' })
    expect(bad.detail).toContain('objects: expected an array. Write the manifest again, last, as {"version": 1')
  })
})

describe('where it looks, and what resync asks', () => {
  const docOf = (over: Partial<LaneDocument>): LaneDocument => ({ ...emptyDocument(policy, LANE), ...over })
  const askFor = (doc: LaneDocument | null) =>
    onDatasetUploaded.resync({ policy, now, docOf: (lane) => (lane === LANE ? doc : null) })[0]

  it('two events at one manifest look at one place, whatever else they say', () => {
    expect(onDatasetUploaded.at({ ...event, id: 'x', at: 1, versionId: 'v' })).toBe(onDatasetUploaded.at(event))
    expect(onDatasetUploaded.at({ ...event, key: 'k' })).not.toBe(onDatasetUploaded.at(event))
  })

  it('of the version that is wanted nothing more is asked; one that was given up is not known to be all there', () => {
    const look = (doc: LaneDocument) => onDatasetUploaded.look(event, { policy, rule, doc })
    expect(look(docOf({}))).toMatchObject({ kind: 'manifest', key: event.key, prefix: 'support-chats/', known: [] })
    expect(look(docOf({ desired, passed: ['p1', 'p2'] }))).toMatchObject({ known: [desired.version] })
    const outcome = { kind: 'superseded' } as LaneDocument['outcome']
    expect(look(docOf({ desired, outcome }))).toMatchObject({ known: [] })
  })

  it('what is wanted is looked at again where it was read, whole, its objects beside it where they are few', () => {
    const { whence } = onDatasetUploaded
    const given = { policy, lane: rule.lane, now }
    expect(whence?.(desired, given)).toMatchObject({
      bucket: desired.bucket,
      key: desired.key,
      at: now,
      replayed: false,
    })
    expect(whence?.({ kind: 'serve' }, given)).toBeNull()
    const again = (named?: TrainDesired['named']) =>
      onDatasetUploaded.look(event, {
        policy,
        rule,
        doc: docOf({ desired: named === undefined ? desired : { ...desired, named } }),
        again: true,
      })
    const named = [{ key: 'a', size: 1 }]
    expect(again(named)).toMatchObject({ known: [], beside: { version: desired.version, objects: named } })
    expect(again()).toMatchObject({ known: [], beside: { objects: [] } })
    expect(intentOf({ ...whole, named }).desired).toMatchObject({ named })
    expect(intentOf(whole).desired).not.toHaveProperty('named')
  })

  it('everything below the rule’s prefix that came after what moved the lane, or is other bytes of that second', () => {
    const place = { kind: 'manifests', name: 'support-chats', bucket: 'acme-datasets', manifest: 'manifest.json' }
    expect(askFor(null)).toMatchObject({ ...place, after: null })
    const order = orderOf(now - 1000, event.key)
    expect(askFor(docOf({ desired, order }))).toMatchObject({ ...place, after: { order, etag: desired.etag } })
  })

  it('what was cancelled behind a run has moved the lane too, and is known', () => {
    const order = orderOf(now - 1000, event.key)
    const aside = { desired: { ...desired, version: 'v2', etag: 'e2' }, order } as unknown as LaneDocument['aside'] &
      object
    const doc = docOf({ desired, order: orderOf(now - 9000, event.key), aside })
    expect(askFor(doc)).toMatchObject({ after: { order, etag: 'e2' } })
    expect(onDatasetUploaded.look(event, { policy, rule, doc })).toMatchObject({ known: [desired.version, 'v2'] })
    const refused = { ...doc, outcome: { kind: 'refused' } as LaneDocument['outcome'] }
    expect(askFor(refused)).toMatchObject({ after: { order: doc.order, etag: null } })
  })

  it('what was refused is asked about again, and nothing older: what refused it may have changed', () => {
    const refused = { kind: 'refused' as const, reason: null, detail: '', generation: 1, attempt: 1, at: 0 }
    const outcome = { ...refused, against: 'x', stages: [] }
    expect(askFor(docOf({ desired, order: 'o', outcome }))).toMatchObject({ after: { order: 'o', etag: null } })
  })

  it('so is what its source said no more, also where its order is that of the same bytes elsewhere', () => {
    const outcome = { kind: 'superseded' } as LaneDocument['outcome']
    expect(askFor(docOf({ desired, order: 'o', outcome }))).toMatchObject({ after: { order: 'o', etag: null } })
  })

  it('and where that was read which waits to begin: nobody tells that it is gone', () => {
    const asks = (run: Partial<Run> | null) => {
      const doc = docOf({ desired, run: run === null ? null : ({ desired, steps: [], ...run } as unknown as Run) })
      return onDatasetUploaded.resync({ policy, now, docOf: (lane) => (lane === LANE ? doc : null) }).slice(1)
    }
    const { bucket, key } = desired
    expect(asks({})).toMatchObject([{ kind: 'event', event: { bucket, key, at: now, replayed: false } }])
    const begun = { state: 'running', by: 'me' } as Mark
    expect([asks(null), asks({ steps: [begun] })]).toEqual([[], []])
  })
})

it.each([
  ['support-chats/../payroll/manifest.json', 'leads elsewhere by `.` or `..`'],
  ['support-chats/./a/manifest.json', 'leads elsewhere'],
  ['support-chats/a\nb/manifest.json', 'has characters that are not seen'],
  ['support-chats/\u202ea/manifest.json', 'or turn a line around'],
])('begins nothing by a manifest whose own key leads elsewhere, or has what is not seen: %j', (key, why) => {
  expect(ruleOf({ key })).not.toBeNull()
  const decision = decide(whole, { key })
  expect(decision).toMatchObject({ kind: 'ignore', reason: 'bad-manifest', detail: expect.stringContaining(why) })
  expect(decision.detail).not.toMatch(/[\n\u202e]/)
  expect(decide({ kind: 'gone' }, { key })).toMatchObject({ reason: 'source-gone' })
})
