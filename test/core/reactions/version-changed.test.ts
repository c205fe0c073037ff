import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { TrainDesired } from '../../../core/desired.ts'
import { emptyDocument, type LaneDocument } from '../../../core/lane/document.ts'
import { occasionOf, withHad } from '../../../core/occasions/catalogue.ts'
import { type Policy, parsePolicy } from '../../../core/policy.ts'
import type { ModelFacts } from '../../../core/reactions/model-promoted.ts'
import type { Decision } from '../../../core/reactions/reaction.ts'
import { onVersionChanged } from '../../../core/reactions/version-changed.ts'
import type { VersionChanged } from '../../../events/occasions.ts'
import example from '../../example.ts'
import { piped } from '../../variants.ts'

const SINCE = Date.UTC(2026, 10, 24, 12)
const { on: _, register: __, ...rest } = piped()
const tag = { key: 'stage', value: 'candidate' }
const policyOf = (more: object = {}, others: object = {}): Policy =>
  parsePolicy({ ...example, pipelines: { scan: { ...rest, on: { version: { model: 'm', ...more } } }, ...others } })
const plain = policyOf()
const since: Policy = { ...plain, since: { 'scan version': { of: 'm', at: SINCE } } }
const empty = emptyDocument(plain, 'pipeline/scan')
const told = (version: string | null, more: Partial<VersionChanged> = {}): VersionChanged => ({
  ...{ type: 'version-changed', id: 'd', at: SINCE, model: 'm', version, tag: null, pipeline: 'scan', replayed: false },
  ...more,
})
const factsOf = (version: number, made = SINCE + version, more: object = {}): ModelFacts => ({
  ...{ kind: 'version', version: String(version), source: 's3://acme-results/models/m/', runId: null },
  ...{ status: 'READY', requester: null, made, ...more },
})
const decide = (event: VersionChanged, facts: ModelFacts | { kind: 'nowhere' }, doc: LaneDocument, policy = plain) =>
  onVersionChanged.decide(event, facts, {
    ...{ policy, doc, now: SINCE },
    rule: { lane: 'pipeline/scan', name: 'scan', mode: 'act' },
  })
const knowing = (doc: LaneDocument, { versions, ...decision }: Decision): LaneDocument => {
  const learnt = { ...doc, ...(versions == null ? {} : { versions }) }
  if (decision.kind !== 'intend') return learnt
  const desired = decision.intent.desired as TrainDesired
  const key = desired.occasion === undefined ? '' : occasionOf(desired.occasion).keyOf(desired.occasion)
  return { ...learnt, desired, had: withHad(doc.had ?? [], key) }
}

describe('a version that changed', () => {
  it('is about each pipeline that such versions begin, and as a rule about none', () => {
    const policy = policyOf({}, { tagged: { ...rest, on: { version: { model: 'm', tag } } } })
    const { pipeline: ___, ...event } = told('7')
    const names = (one: VersionChanged, of = policy) => onVersionChanged.each?.(one, of).map(({ pipeline }) => pipeline)
    expect(names(event)).toEqual(['scan', 'tagged'])
    expect(names({ ...event, tag: 'stage' })).toEqual(['tagged'])
    expect(names({ ...event, tag: 'other' })).toEqual([])
    expect(names({ ...event, model: 'other' })).toEqual([])
    expect(names({ ...event, workspace: 'a' }, { ...policy, registry: { workspace: 'b' } })).toEqual([])
    expect(names(told('7'))).toEqual(['scan'])
    expect(onVersionChanged.ruleOf(event, policy)?.lane).toBe('pipeline/scan')
    expect(onVersionChanged.ruleOf({ ...event, model: 'other' }, policy)).toBeNull()
  })

  it('that a webhook tells of begins a run on it, with what is known of it', () => {
    expect(decide(told('7'), factsOf(7, SINCE, { requester: 'T0/U0', runId: 'r' }), empty)).toMatchObject({
      kind: 'intend',
      detail: 'm v7, as it is new',
      intent: {
        order: null,
        desired: {
          ...{ requester: 'T0/U0', version: '', weights: { model: 'm', version: '7', runId: 'r', made: SINCE } },
          occasion: { kind: 'version', model: 'm', version: '7', made: SINCE },
        },
      },
    })
  })

  it('that nobody told of is found where it was made since the policy says so, or after the newest that is known', () => {
    expect(decide(told(null), factsOf(7, SINCE + 1), empty, since).kind).toBe('intend')
    expect(decide(told(null), factsOf(7, SINCE - 1), empty, since)).toMatchObject({
      ...{ kind: 'ignore', reason: 'older-than-current', versions: { of: 'm', last: 7, made: SINCE - 1 } },
    })
    // Where nobody knows since when, the first look begins nothing.
    const known = knowing(empty, decide(told(null), factsOf(7), empty))
    expect(known).toMatchObject({ desired: null, versions: { last: 7 } })
    expect(decide(told(null), factsOf(8), known).kind).toBe('intend')
    expect(decide(told(null), factsOf(6), known).kind).toBe('ignore')
    expect(decide(told(null), { kind: 'none' }, empty)).toMatchObject({ versions: { last: 0, made: 0 } })
    // Its model was deleted and made again: numbers begin anew.
    expect(decide(told(null), factsOf(1, SINCE + 99), known).kind).toBe('intend')
    // Other versions begin it now: they are not known yet.
    expect(decide(told(null), factsOf(9), known, policyOf({ tag })).kind).toBe('ignore')
  })

  it.each<[string, VersionChanged, ModelFacts | { kind: 'nowhere' }, string]>([
    ['is replayed', told('7', { replayed: true }), factsOf(7), 'replayed'],
    ['is deleted', told('7'), { kind: 'none' }, 'no-version'],
    ['has other weights than were registered', told('7'), { kind: 'changed', version: '7' }, 'no-version'],
    ['failed to be registered', told('7'), factsOf(7, SINCE, { status: 'FAILED_REGISTRATION' }), 'no-version'],
    ['is of another model', told('7', { model: 'n' }), { kind: 'nowhere' }, 'no-version'],
  ])('begins nothing where it %s', (_name, event, facts, reason) => {
    expect(decide(event, facts, empty)).toMatchObject({ kind: 'ignore', reason })
  })

  it('that is run on by hand already needs no other run, unless that failed', () => {
    const desired = knowing(empty, decide(told('7'), factsOf(7), empty)).desired as TrainDesired
    const hand = { kind: 'hand', id: 'r', at: SINCE, by: 'ana' } as const
    const doc = (outcome: string | null) =>
      ({ ...empty, desired: { ...desired, occasion: hand }, outcome: outcome && { kind: outcome } }) as LaneDocument
    const begun = { ...doc(null), approved: { begun: true } } as LaneDocument
    for (const one of [begun, doc('succeeded')])
      expect(decide(told('7'), factsOf(7), one)).toMatchObject({ kind: 'ignore', reason: 'already-done' })
    for (const outcome of ['failed', 'expired', 'rejected'])
      expect(decide(told('7'), factsOf(7), doc(outcome)).kind).toBe('intend')
    // Nobody may agree to it.
    const waits = decide(told(null), factsOf(7), doc(null), since)
    expect(waits).toMatchObject({ kind: 'wait', reason: 'run-not-over' })
    expect(waits).not.toHaveProperty('versions')
    expect(decide(told('8'), factsOf(8), doc(null)).kind).toBe('intend')
  })

  it('that is run on told otherwise than the policy says waits for the end of that, and has its own run whatever that came to', () => {
    const desired = knowing(empty, decide(told('7'), factsOf(7), empty)).desired as TrainDesired
    const hand = { kind: 'hand', id: 'r', at: SINCE, by: 'ana', set: { train: { args: [] } } } as const
    const doc = (outcome: string | null) =>
      ({ ...empty, desired: { ...desired, occasion: hand }, outcome: outcome && { kind: outcome } }) as LaneDocument
    for (const event of [told('7'), told(null)]) {
      const waits = decide(event, factsOf(7), doc(null), since)
      expect(waits).toMatchObject({ kind: 'wait', reason: 'run-not-over' })
      // It is not used up: nothing is learnt of it.
      expect(waits).not.toHaveProperty('versions')
      for (const outcome of ['succeeded', 'failed'])
        expect(decide(event, factsOf(7), doc(outcome), since)).toMatchObject({ kind: 'intend', versions: { last: 7 } })
    }
    expect(decide(told('8'), factsOf(8), doc(null)).kind).toBe('intend')
    // From before the policy said so, it waits for nothing.
    expect(decide(told(null), factsOf(7, SINCE - 1), doc(null), since).kind).toBe('ignore')
  })

  it('that is still being registered is waited for', () => {
    const pending = factsOf(7, SINCE, { status: 'PENDING_REGISTRATION' })
    expect(decide(told('7'), pending, empty)).toMatchObject({ kind: 'wait', reason: 'registry-pending' })
  })

  it('is forgotten once the policy names none, and asked about until then', () => {
    const known = knowing(empty, decide(told(null), factsOf(7), empty))
    const without = parsePolicy({ ...example, pipelines: { scan: { ...rest, on: { hand: true } } } })
    const asked = (doc: LaneDocument, policy: Policy) =>
      onVersionChanged.resync({ policy, now: SINCE, docOf: () => doc }).map((ask) => ask.kind === 'event' && ask.event)
    expect(asked(known, without)).toHaveLength(1)
    expect(decide(told(null, { model: '' }), { kind: 'nowhere' }, known, without)).toMatchObject({ versions: null })
    expect(asked(empty, without)).toEqual([])
    expect(asked(empty, plain)).toEqual([expect.objectContaining({ model: 'm', version: null, pipeline: 'scan' })])
    const wanted = knowing(empty, decide(told('7'), factsOf(7), empty))
    const refused = { ...wanted, outcome: { kind: 'refused', reason: null } as LaneDocument['outcome'] }
    expect(asked(refused, plain)).toEqual([
      expect.objectContaining({ version: '7' }),
      expect.objectContaining({ version: null }),
    ])
    expect(
      onVersionChanged.whence?.(wanted.desired as never, { policy: plain, lane: 'pipeline/scan', now: 0 }),
    ).toEqual(told('7', { id: 'look', at: 0 }))
  })

  it('begins at most one run, however often, late and in whatever order webhooks and looks tell of it; the newest has one', () => {
    const deeds = fc.array(
      fc.oneof(
        fc.constant({ does: 'make' } as const),
        fc.record({ does: fc.constant('tell' as const), back: fc.nat(4) }),
        fc.constant({ does: 'look' } as const),
      ),
      { maxLength: 40 },
    )
    fc.assert(
      fc.property(deeds, fc.nat(3), fc.boolean(), (story, before, isKnown) => {
        const policy = isKnown ? since : plain
        let [doc, last] = [empty, before]
        const begun: string[] = []
        // Those that were there before were made before.
        const made = (version: number): ModelFacts =>
          factsOf(version, version <= before ? SINCE - 10 + version : SINCE + version)
        const hears = (event: VersionChanged, facts: ModelFacts): void => {
          const decision = decide(event, facts, doc, policy)
          if (decision.kind === 'intend') begun.push(event.version ?? String(last))
          // Something else moves the lane in between.
          doc = { ...knowing(doc, decision), desired: null }
        }
        const look = (): void => hears(told(null), last === 0 ? { kind: 'none' } : made(last))
        look()
        for (const deed of story) {
          if (deed.does === 'make') last++
          if (deed.does === 'look') look()
          const version = deed.does === 'tell' ? last - deed.back : 0
          if (version > before) hears(told(String(version)), made(version))
        }
        look()
        expect(begun).toEqual([...new Set(begun)])
        expect(begun.every((version) => Number(version) > before)).toBe(true)
        if (last > before) expect(begun.at(-1)).toBe(String(last))
      }),
    )
  })

  it('carries its tag on one run, be it set again or on an old one', () => {
    const tagged = policyOf({ tag })
    const set = (version: string) => told(version, { tag: 'stage' })
    let doc = knowing(empty, decide(told(null), factsOf(7), empty, tagged))
    const begun: string[] = []
    for (const version of ['3', '3', '7', '3', '7']) {
      const decision = decide(set(version), factsOf(Number(version)), doc, tagged)
      if (decision.kind === 'intend') begun.push(version)
      doc = { ...knowing(doc, decision), desired: null }
    }
    expect(begun).toEqual(['3', '7'])
    // Another value of it is another wish.
    const other = policyOf({ tag: { ...tag, value: 'again' } })
    expect(decide(set('3'), factsOf(3), doc, other)).toMatchObject({
      kind: 'intend',
      detail: 'm v3, as its tag stage is again',
    })
  })
})
