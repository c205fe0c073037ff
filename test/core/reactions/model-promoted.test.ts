import { describe, expect, it } from 'vitest'
import type { ServeDesired } from '../../../core/desired.ts'
import { emptyDocument } from '../../../core/lane/document.ts'
import { whyNoAddress } from '../../../core/policy/sources.ts'
import { type Config, parsePolicy } from '../../../core/policy.ts'
import { whyNoRule } from '../../../core/reactions/catalogue.ts'
import { type ModelFacts, onModelPromoted, serveDesired } from '../../../core/reactions/model-promoted.ts'
import type { Decision, Reaction } from '../../../core/reactions/reaction.ts'
import type { ModelPromoted } from '../../../events/contract.ts'
import config from '../../example.ts'

const policy = parsePolicy(config)
const now = Date.UTC(2026, 10, 23, 12)
const HOUR = 3_600_000
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
const ruleOf = (given: Partial<ModelPromoted>, of = policy) => onModelPromoted.ruleOf({ ...event, ...given }, of)
const decide = (facts: ModelFacts, given: Partial<ModelPromoted> = {}) => {
  const rule = ruleOf({})
  if (rule === null) throw new Error('the example policy has no rule for the sample')
  return onModelPromoted.decide({ ...event, ...given }, facts, {
    rule,
    policy,
    doc: emptyDocument(policy, rule.lane),
    now,
  })
}
/** The example's model, promoted in another way. */
const promotedBy = (signal: Record<string, unknown>) => {
  const { alias: _, ...rule } = (config as Config).services!['support-llama']!
  return parsePolicy({ ...config, services: { 'support-llama': { ...rule, ...signal } } })
}

describe('which lane it is about', () => {
  it('is the service of the configured model whose promotion signal it is', () => {
    expect(ruleOf({})).toEqual({ lane: 'service/support-llama', name: 'support-llama', mode: 'act' })
    expect(ruleOf({ signal: { kind: 'alias', name: 'shadow' } })).toBeNull()
    expect(ruleOf({ signal: { kind: 'tag', name: 'champion' } })).toBeNull()
    for (const model of ['constructor', 'toString', '']) expect(ruleOf({ model })).toBeNull()
  })

  it('is told apart by model and signal where the name of a service is another than its model’s', () => {
    const rule = (config as Config).services!['support-llama']!
    const two = parsePolicy({
      ...config,
      services: { live: { ...rule, model: 'llama' }, trial: { ...rule, model: 'llama', alias: 'challenger' } },
    })
    expect(ruleOf({ model: 'llama' }, two)?.lane).toBe('service/live')
    expect(ruleOf({ model: 'llama', signal: { kind: 'alias', name: 'challenger' } }, two)?.lane).toBe('service/trial')
    expect(ruleOf({ model: 'live' }, two)).toBeNull()
  })

  it('is none where the webhook of another workspace told of it, and that is said', () => {
    const ours = parsePolicy({ ...config, registry: { workspace: 'team-a' } })
    const why = (workspace: string, of = ours) =>
      whyNoRule(onModelPromoted as Reaction, { ...event, workspace } as ModelPromoted, of)
    expect(ruleOf({ workspace: 'team-b' }, ours)).toBeNull()
    expect(why('team-b')).toBe(
      'support-llama@champion is of the workspace team-b, and the policy’s registry.workspace is team-a',
    )
    expect([ruleOf({ workspace: 'team-a' }, ours)?.lane, ruleOf({}, ours)?.lane]).toEqual(
      Array(2).fill('service/support-llama'),
    )
    expect(ruleOf({ workspace: 'default' })?.lane).toBe('service/support-llama')
    expect(why('team-a')).toBe('no rule is about support-llama@champion')
  })

  it('is asked of the signal that the rule names, be it a tag or a stage', () => {
    const tagged = promotedBy({ tag: { key: 'deploy', value: 'yes' } })
    expect(ruleOf({ signal: { kind: 'tag', name: 'deploy' } }, tagged)?.lane).toBe('service/support-llama')
    expect(ruleOf({}, tagged)).toBeNull()
    const staged = promotedBy({ stage: 'Production' })
    expect(ruleOf({ signal: { kind: 'stage', name: 'Production' } }, staged)?.lane).toBe('service/support-llama')
    expect(onModelPromoted.at({ ...event, signal: { kind: 'tag', name: 'deploy' } })).toBe('support-llama#deploy')
  })
})

describe('what the registry says comes to', () => {
  it('serving what it says now, pinned, whatever the event said; the source orders nothing', () => {
    expect(decide(version)).toMatchObject({
      kind: 'intend',
      intent: {
        order: null,
        onNewer: 'stop',
        desired: { kind: 'serve', version: '8', source: 's3://acme-results/m/8', runId: 'r' },
      },
    })
  })

  it('a moved source is another desired state even under the same version number; who asked is not part of it', () => {
    const { digest } = serveDesired('m', { version: '8', source: 's3://a', runId: null, requester: null })
    expect(serveDesired('m', { version: '8', source: 's3://b', runId: null, requester: null }).digest).not.toBe(digest)
    expect(serveDesired('m', { version: '8', source: 's3://a', runId: 'r', requester: null }).digest).not.toBe(digest)
    expect(serveDesired('m', { version: '8', source: 's3://a', runId: null, requester: 'T/U' }).digest).toBe(digest)
  })

  it('of unpinned weights that too, which a card tells: it is the same that is wanted', () => {
    const { digest, ...wanted } = serveDesired('m', { version: '8', source: 's3://a', runId: null, requester: null })
    const unpinned = 'unknown' as const
    const told = { version: '8', source: 's3://a', runId: null, requester: null, unpinned }
    expect(serveDesired('m', told)).toEqual({ ...wanted, digest, unpinned })
  })

  it('an alias that names nothing intends none', () => {
    expect(decide({ kind: 'none' })).toMatchObject({
      kind: 'intend',
      intent: { desired: { kind: 'none', model: 'support-llama' } },
    })
  })

  it('a version whose weights are not what was registered intends none, and says why', () => {
    expect(decide({ kind: 'changed', version: '8' })).toMatchObject({
      kind: 'intend',
      detail: expect.stringMatching(/v8, which support-llama@champion is, are not what was registered/),
      intent: { desired: { kind: 'none', model: 'support-llama' } },
    })
  })

  it('a registration that is under way is waited for', () => {
    expect(decide({ ...version, status: 'PENDING_REGISTRATION' })).toMatchObject({
      kind: 'wait',
      reason: 'registry-pending',
      until: now + HOUR,
    })
    expect(decide({ ...version, status: 'PENDING_REGISTRATION' }, { at: now - 9 * HOUR })).toMatchObject({ until: now })
  })

  it.each([
    [{ status: 'FAILED_REGISTRATION' }, 'its status is FAILED_REGISTRATION'],
    [{ status: '' }, 'its status is empty'],
    [{ status: '\u202eNEW_WORD'.repeat(900) }, 'its status is NEW_WORD'],
    [{ source: `s3://acme-results/${'w'.repeat(40_000)}` }, 'its source has more than 1200 characters'],
    [{ source: 's3://acme-results/models/\u202egnp/' }, 'its source has characters that are not seen'],
    [{ version: '9'.repeat(21) }, 'its version has more than 20 characters'],
    [{ version: '9\u200b' }, 'its version has characters that are not seen'],
    [{ runId: 'r'.repeat(40_000) }, 'its run has more than 256 characters'],
    [{ runId: 'r\ud800' }, 'its run has characters that are not seen'],
  ])('what cannot be served is wanted, and nothing older any more: %#', (odd, why) => {
    const decision = decide({ ...version, ...odd })
    expect(decision).toMatchObject({ kind: 'intend', intent: { onNewer: 'stop', desired: { kind: 'serve' } } })
    const desired = (decision as Extract<Decision, { kind: 'intend' }>).intent.desired as ServeDesired
    expect(desired.unfit).toContain(why)
    expect(JSON.stringify(desired).length).toBeLessThan(2500)
    expect(JSON.stringify(decision)).not.toMatch(/[\p{Cf}\p{Cs}]|\\ud8/u)
    // What an earlier release would read of such an address it refuses too.
    if ('source' in odd) expect(whyNoAddress(desired.source)).not.toBeNull()
  })

  it('of two that cannot be served the texts are told apart, though what is kept of them is the same', () => {
    const long = (end: string) =>
      serveDesired(
        'm',
        { version: '8', source: `${'a'.repeat(2000)}${end}${'a'.repeat(2000)}`, runId: null, requester: null },
        'x',
      )
    expect(long('b').source).toBe(long('c').source)
    expect(long('b').digest).not.toBe(long('c').digest)
  })

  it('a replayed event never intends, whatever is there', () => {
    for (const facts of [version, { kind: 'none' } as const])
      expect(decide(facts, { replayed: true })).toMatchObject({ kind: 'ignore', reason: 'replayed' })
  })
})

describe('what resync asks', () => {
  it('is every service’s own signal, as an event of now that was never replayed', () => {
    const asks = onModelPromoted.resync({ policy, now, docOf: () => null })
    expect(asks).toEqual([
      { kind: 'event', event: { ...event, id: `resync-${now}`, at: now } },
      ...Object.keys(policy.services)
        .slice(1)
        .map(() => expect.objectContaining({ kind: 'event' })),
    ])
    for (const ask of asks)
      if (ask.kind === 'event') expect(onModelPromoted.ruleOf(ask.event as ModelPromoted, policy)).not.toBeNull()
  })

  it('looks at the place that the rule names', () => {
    const rule = ruleOf({})!
    const doc = null as never
    expect(onModelPromoted.look(event, { policy, rule, doc })).toEqual({
      kind: 'promotion',
      model: 'support-llama',
      promotion: { kind: 'alias', name: 'champion' },
      results: policy.results,
    })
  })
})

describe('where it is read again before anything of it begins', () => {
  const lane = 'service/support-llama'
  const again = (desired: Parameters<NonNullable<typeof onModelPromoted.whence>>[0], of = policy) =>
    onModelPromoted.whence?.(desired, { policy: of, lane, now })

  it('is the signal that the rule names now, of the model that is wanted, served or not', () => {
    const served = { kind: 'serve', model: 'support-llama' }
    expect(again(served)).toMatchObject({ ...event, id: 'again' })
    expect(again({ ...served, kind: 'none' })).toMatchObject({ signal: event.signal })
    const tagged = promotedBy({ tag: { key: 'deploy', value: 'yes' } })
    expect(again(served, tagged)).toMatchObject({ signal: { kind: 'tag', name: 'deploy' } })
  })

  it('is nowhere for what is retired, or of another kind, or has no rule any more', () => {
    const model = 'support-llama'
    const desires = [{ kind: 'retired', model }, { kind: 'train' }]
    expect(desires.map((desired) => again(desired))).toEqual([null, null])
    expect(again({ kind: 'serve', model } as ServeDesired, parsePolicy({ ...config, services: {} }))).toBeNull()
  })
})
