import { describe, expect, it } from 'vitest'
import { type DatasetFacts, datasetRule, onDatasetUploaded } from '../../../core/decisions/on-dataset-uploaded.ts'
import { parsePolicy } from '../../../core/policy.ts'
import type { DatasetUploaded } from '../../../events/contract.ts'
import config from '../../../signalbox.config.ts'

const policy = parsePolicy(config)
const now = Date.UTC(2026, 10, 23, 12)
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
  objects: 3,
  bytes: 99,
  requester: 'T0SIGNAL/U0BEN',
  missing: [],
  missingCount: 0,
}
const rule = datasetRule(event, policy)
if (rule === null) throw new Error('the example policy has no rule for the sample')
const decide = (facts: DatasetFacts, given: Partial<DatasetUploaded> = {}, at = now) =>
  onDatasetUploaded({ ...event, ...given }, facts, { rule, policy, now: at })

describe('a manifest appeared', () => {
  it('is about the dataset whose prefix it lies under, and only when it is the manifest', () => {
    expect(rule).toEqual({ lane: 'train/support-chats', name: 'support-chats', mode: 'act' })
    expect(datasetRule({ bucket: 'acme-datasets', key: 'support-chats/manifest.json' }, policy)).not.toBeNull()
    expect(datasetRule({ bucket: 'acme-datasets', key: 'support-chats/part-0.jsonl' }, policy)).toBeNull()
    expect(datasetRule({ bucket: 'acme-datasets', key: 'support-chats-old/manifest.json' }, policy)).toBeNull()
    expect(datasetRule({ bucket: 'other', key: event.key }, policy)).toBeNull()
  })

  it('of two manifests of one second the greater key is the later one, in whichever order they are told', () => {
    const orderOf = (key: string): string => {
      const decision = decide(whole, { key })
      return decision.kind === 'intend' ? (decision.intent.order ?? '') : ''
    }
    expect(orderOf('support-chats/a/manifest.json') < orderOf('support-chats/b/manifest.json')).toBe(true)
  })

  it('intends to train on what the manifest says, ordered by when it was last written', () => {
    expect(decide(whole)).toMatchObject({
      kind: 'intend',
      intent: {
        order: `${new Date(now - 1000).toISOString()} ${event.key}`,
        takeover: 'finish',
        desired: { kind: 'train', version: whole.sha256, requester: 'T0SIGNAL/U0BEN' },
      },
    })
  })

  it('waits for missing objects with a deadline, names them, and gives up after it', () => {
    const facts: DatasetFacts = { ...whole, missing: ['a', 'b', 'c'], missingCount: 5 }
    const waiting = decide(facts)
    expect(waiting).toMatchObject({ kind: 'wait', reason: 'objects-missing', until: now - 1000 + 3_600_000 })
    expect(waiting.detail).toContain('a, b, c and 2 more')
    expect(decide(facts, {}, now + 3_600_000)).toMatchObject({ kind: 'ignore', reason: 'missed-deadline' })
  })

  it('never intends on a replayed event', () => {
    expect(decide(whole, { replayed: true })).toMatchObject({ kind: 'ignore', reason: 'replayed' })
  })

  it('says why a source that is gone, bad or unreadable moves nothing', () => {
    expect(decide({ kind: 'gone' })).toMatchObject({ reason: 'source-gone' })
    expect(decide({ kind: 'bad', detail: 'objects: expected an array' })).toMatchObject({ reason: 'bad-manifest' })
    expect(decide({ kind: 'unreadable', detail: '503' })).toMatchObject({ kind: 'wait', reason: 'source-unreadable' })
    expect(decide({ kind: 'unreadable', detail: '503' }, {}, now + 2 * 3_600_000)).toMatchObject({
      kind: 'ignore',
      reason: 'source-unreadable',
    })
  })
})
