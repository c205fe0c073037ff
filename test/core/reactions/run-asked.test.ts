import { describe, expect, it } from 'vitest'
import type { TrainDesired } from '../../../core/desired.ts'
import { emptyDocument, type LaneDocument } from '../../../core/lane/document.ts'
import { parsePolicy } from '../../../core/policy.ts'
import type { NewestFacts } from '../../../core/reactions/newest-dataset.ts'
import type { Decision } from '../../../core/reactions/reaction.ts'
import { onRunAsked } from '../../../core/reactions/run-asked.ts'
import type { RunAsked } from '../../../events/occasions.ts'
import example from '../../../signalbox.config.ts'
import { piped } from '../../variants.ts'
import { desired, NOW } from '../training-fixture.ts'

const { on, ...rest } = piped()
const policyOf = (given: object) => parsePolicy({ ...example, pipelines: { 'support-chats': { ...rest, on: given } } })
const policy = policyOf(on)
const event: RunAsked = {
  ...{ type: 'run-asked', id: 'r1', at: NOW, pipeline: 'support-chats', by: 'ana', set: {}, replayed: false },
}
const doc = (over: Partial<LaneDocument> = {}): LaneDocument => ({
  ...emptyDocument(policy, 'pipeline/support-chats'),
  ...{ desired, generation: 1, attempt: 1 },
  ...over,
})
const manifest: NewestFacts = {
  ...{ kind: 'manifest', sha256: 'cd'.repeat(32), lastModified: NOW, etag: 'e2', objects: 2, bytes: 5 },
  ...{ requester: null, missing: [], missingCount: 0 },
}
const decide = (
  over: {
    event?: Partial<RunAsked>
    facts?: NewestFacts
    doc?: LaneDocument
    policy?: typeof policy
    asked?: false
  } = {},
): Decision => {
  const of = over.policy ?? policy
  const asked = { ...event, ...over.event }
  const rule = onRunAsked.ruleOf(asked, of)!
  const given = { policy: of, rule, doc: over.doc ?? doc(), now: NOW }
  return onRunAsked.decide(asked, over.facts ?? manifest, over.asked === false ? given : { ...given, asked: true })
}
const wantedOf = (decision: Decision): TrainDesired =>
  (decision as Extract<Decision, { kind: 'intend' }>).intent.desired as TrainDesired

describe('a request', () => {
  it('is for the newest dataset version as it is there now, by whom who asks claims to be, and orders nothing', () => {
    const decision = decide({ event: { set: { train: { args: ['-v'] } } } })
    expect(decision).toMatchObject({ kind: 'intend', intent: { order: null, onNewer: 'finish' } })
    expect(wantedOf(decision)).toMatchObject({
      ...{ version: 'cd'.repeat(32), etag: 'e2', requester: 'ana' },
      occasion: { kind: 'hand', id: 'r1', at: NOW, by: 'ana', set: { train: { args: ['-v'] } } },
    })
    expect(wantedOf(decision)).not.toHaveProperty('proven')
  })

  it('takes back what a person has cancelled, and not that nobody has answered since', () => {
    const slot = { kind: 'schedule', slot: NOW, cron: '0 2 * * *', zone: 'UTC' } as const
    const known: TrainDesired = { ...desired, occasion: slot, again: 'cancelled' }
    const ended = (kind: 'cancelled' | 'expired', reason: 'no-room' | null = null) =>
      doc({
        desired: known,
        outcome: { kind, reason, detail: '', generation: 1, attempt: 1, at: NOW, against: null, stages: [] },
      })
    const againAfter = (...given: Parameters<typeof ended>) =>
      wantedOf(decide({ facts: { kind: 'nowhere' }, doc: ended(...given) })).again
    expect([againAfter('cancelled'), againAfter('expired'), againAfter('expired', 'no-room')]).toEqual([
      ...['cancelled', 'expired', 'cancelled'],
    ])
  })

  it('is for what is known where nobody could look, and for none where its pipeline has no datasets', () => {
    expect(wantedOf(decide({ facts: { kind: 'nowhere' } })).version).toBe(desired.version)
    const alone = decide({ policy: policyOf({ hand: true }), facts: { kind: 'nowhere' } })
    expect(wantedOf(alone)).toMatchObject({ version: '', key: '', objects: 0 })
  })

  it.each<[string, Parameters<typeof decide>[0], string]>([
    ['that an event brings, not a person', { asked: false }, 'not-by-hand'],
    ['that was taken before', { doc: doc({ had: ['hand r1'] }) }, 'already-done'],
    ['of a pipeline that nobody begins by hand', { policy: policyOf({ ...on, hand: false }) }, 'not-by-hand'],
    ['that sets what is not there', { event: { set: { merge: { args: [] } } } }, 'bad-set'],
    ['that sets what is ours', { event: { set: { train: { env: { RESULTS_URI: 'x' } } } } }, 'bad-set'],
    ['before any dataset', { doc: doc({ desired: null }) }, 'no-dataset'],
    ['after its dataset has gone', { facts: { kind: 'gone' } }, 'no-dataset'],
    [
      'whose dataset is not whole',
      { facts: { ...manifest, missing: ['a'], missingCount: 1 } as NewestFacts },
      'no-dataset',
    ],
  ])('%s begins nothing', (_, given, reason) => {
    expect(decide(given)).toMatchObject({ kind: 'ignore', reason })
  })

  it('is read again as it was wanted before anything of it begins, whatever the policy lets people begin by then', () => {
    const wanted = wantedOf(decide())
    const again = onRunAsked.whence!(wanted, { policy, lane: 'pipeline/support-chats', now: NOW + 5 })!
    expect(again).toEqual(event)
    const later = { doc: doc({ desired: wanted, had: ['hand r1'] }), asked: false as const }
    expect(wantedOf(decide({ ...later, event: again }))).toEqual(wanted)
    expect(decide({ ...later, policy: policyOf({ ...on, hand: false }) }).kind).toBe('intend')
    expect(onRunAsked.whence!(desired, { policy, lane: 'pipeline/support-chats', now: NOW })).toBeNull()
  })

  it('is asked about by resync while it was refused or has begun nothing, and no more', () => {
    const wanted = wantedOf(decide())
    const asks = (over: Partial<LaneDocument>) =>
      onRunAsked.resync({ policy, now: NOW, docOf: () => doc({ desired: wanted, ...over }) }).length
    const ended = (kind: string) => ({ kind, reason: null }) as LaneDocument['outcome']
    expect([asks({ outcome: ended('refused') }), asks({ outcome: ended('succeeded') }), asks({})]).toEqual([1, 0, 0])
    const run = { desired: wanted, steps: [] } as unknown as LaneDocument['run']
    expect(asks({ run })).toBe(1)
  })
})
