import { describe, expect, it } from 'vitest'
import { type ModelFacts, modelRule, onModelPromoted, serveDesired } from '../../../core/decisions/on-model-promoted.ts'
import { parsePolicy } from '../../../core/policy.ts'
import type { ModelPromoted } from '../../../events/contract.ts'
import config from '../../../signalbox.config.ts'

const policy = parsePolicy(config)
const now = Date.UTC(2026, 10, 23, 12)
const event: ModelPromoted = {
  type: 'model-promoted',
  id: 'd',
  at: now,
  model: 'support-llama',
  signal: { kind: 'alias', name: 'champion' },
  replayed: false,
}
const version: ModelFacts = {
  kind: 'version',
  version: '8',
  source: 's3://acme-results/m/8',
  runId: 'r',
  status: 'READY',
  requester: null,
}
const rule = modelRule(event, policy)
if (rule === null) throw new Error('the example policy has no rule for the sample')
const decide = (facts: ModelFacts, given: Partial<ModelPromoted> = {}, at = now) =>
  onModelPromoted({ ...event, ...given }, facts, { rule, now: at })

describe('an alias moved', () => {
  it('is about a configured model and the alias that means "serve this"', () => {
    expect(rule.lane).toBe('serve/support-llama')
    expect(modelRule({ model: 'support-llama', signal: { kind: 'alias', name: 'shadow' } }, policy)).toBeNull()
    expect(modelRule({ model: 'constructor', signal: { kind: 'alias', name: 'champion' } }, policy)).toBeNull()
  })

  it('intends to serve what the registry says now, pinned, whatever the event said', () => {
    expect(decide(version, { signal: { kind: 'alias', name: 'champion' } })).toMatchObject({
      kind: 'intend',
      intent: { order: null, desired: { kind: 'serve', version: '8', source: 's3://acme-results/m/8', runId: 'r' } },
    })
  })

  it('a moved source is another desired state even under the same version number', () => {
    const { digest } = serveDesired('m', { version: '8', source: 's3://a', runId: null, requester: null })
    expect(serveDesired('m', { version: '8', source: 's3://b', runId: null, requester: null }).digest).not.toBe(digest)
    expect(serveDesired('m', { version: '8', source: 's3://a', runId: null, requester: 'T/U' }).digest).toBe(digest)
  })

  it('an alias that names nothing intends none; an unreadable registry does not', () => {
    expect(decide({ kind: 'none' })).toMatchObject({ kind: 'intend', intent: { desired: { kind: 'none' } } })
    expect(decide({ kind: 'unreadable', detail: 'ECONNREFUSED' })).toMatchObject({
      kind: 'wait',
      reason: 'source-unreadable',
    })
  })

  it('waits for a registration that is under way and never serves one that failed', () => {
    expect(decide({ ...version, status: 'PENDING_REGISTRATION' })).toMatchObject({
      kind: 'wait',
      reason: 'registry-pending',
    })
    expect(decide({ ...version, status: 'FAILED_REGISTRATION' })).toMatchObject({
      kind: 'ignore',
      reason: 'source-names-nothing-new',
    })
  })

  it('never intends on a replayed event', () => {
    expect(decide(version, { replayed: true })).toMatchObject({ reason: 'replayed' })
  })
})
