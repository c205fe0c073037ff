import { describe, expect, it } from 'vitest'
import { againIn, againOn, askedBefore, unjudged } from '../../core/again.ts'
import type { TrainDesired } from '../../core/desired.ts'
import type { LaneDocument } from '../../core/lane/document.ts'
import type { Again } from '../../core/occasions/occasion.ts'
import { policyWith } from './lane/fixture.ts'
import { desired, NOW } from './training-fixture.ts'

const slot = { kind: 'schedule', slot: NOW, cron: '0 2 * * *', zone: 'UTC' } as const
const policyOf = (unknownRequester: 'anyone' | 'one-more') =>
  policyWith((config) => Object.assign(config.approvals, { unknownRequester }))
const [anyone, careful] = [policyOf('anyone'), policyOf('one-more')]
const ended = (kind: string, reason: string | null = null) =>
  ({ kind, reason, detail: '', at: NOW }) as LaneDocument['outcome']
const again = (kind: string, of: TrainDesired = desired, policy = anyone) =>
  againOn(desired, { desired: of, outcome: ended(kind) }, policy)
const weights = { model: 'm', version: '7', made: NOW, source: 's3://acme-results/m/', runId: null, by: null }
const scanned: TrainDesired = { ...desired, version: '', weights }
const registered = { kind: 'version', model: 'm', version: '7', made: NOW } as const
const small = { kind: 'hand', id: 'r', at: NOW, by: 'ana', set: { train: { args: [] } } } as const
const said = (before: Again): TrainDesired => ({ ...desired, occasion: slot, again: before })

describe('how the last run on the same ended', () => {
  it('is said where it ended well or by somebody’s word, and not by its work', () => {
    const kinds = ['succeeded', 'cancelled', 'rejected', 'expired', 'failed', 'superseded']
    expect(kinds.map((kind) => again(kind))).toEqual([...kinds.slice(0, 4), undefined, undefined])
    const gone = { desired, outcome: ended('cancelled', 'not-configured') }
    expect(againOn(desired, gone, anyone)).toBeUndefined()
  })

  it('is nothing of another version, and nothing where it runs on none', () => {
    expect(againOn({ version: 'other' }, { desired, outcome: ended('rejected') }, anyone)).toBeUndefined()
    const none: TrainDesired = { ...desired, version: '' }
    expect(againOn(none, { desired: none, outcome: ended('rejected') }, anyone)).toBeUndefined()
    expect(againOn({ version: 'v' }, { desired: null, outcome: null }, anyone)).toBeUndefined()
  })

  it('stands as people have said it until one ends well, whatever others come to', () => {
    expect(['failed', 'superseded', 'cancelled', 'refused'].map((kind) => again(kind, said('rejected')))).toEqual(
      Array.from({ length: 4 }, () => 'rejected'),
    )
    expect(again('succeeded', said('rejected'))).toBe('succeeded')
    expect(againIn(said('expired'))).toBe('expired')
  })

  it('is said by nobody where there was no room for it in time, which leaves what was said before', () => {
    const full = (of: TrainDesired) => againOn(desired, { desired: of, outcome: ended('expired', 'no-room') }, anyone)
    expect([full(desired), full(said('rejected')), full(said('expired'))]).toEqual([undefined, 'rejected', 'expired'])
  })

  it('stands where nobody answers after somebody has said no', () => {
    const known = ['rejected', 'cancelled', 'refused'] as const
    expect(known.map((before) => again('expired', said(before)))).toEqual(known)
    expect(again('rejected', said('cancelled'))).toBe('rejected')
  })

  it('stands also after one that ended well and was told otherwise than the policy says', () => {
    for (const before of ['rejected', 'cancelled', 'expired', 'refused'] as const)
      expect(again('succeeded', { ...said(before), occasion: small })).toBe(before)
    // Nor is anything said of the whole by how a small try ended, but where it was denied.
    const kinds = ['succeeded', 'cancelled', 'expired', 'failed', 'rejected']
    expect(kinds.map((kind) => again(kind, { ...desired, occasion: small }))).toEqual([
      ...Array.from({ length: 4 }, () => undefined),
      'rejected',
    ])
  })

  it('is said of a version of a model as it is of a dataset, and of no other', () => {
    const on = (next: TrainDesired, of = scanned, policy = anyone, kind = 'rejected') =>
      againOn(next, { desired: of, outcome: ended(kind) }, policy)
    const of = (more: object): TrainDesired => ({ ...scanned, weights: { ...weights, ...more } })
    expect(on({ ...scanned, occasion: slot })).toBe('rejected')
    expect([on(of({ version: '8' })), on(of({ made: NOW + 1 })), on(of({ model: 'n' })), on(desired)]).toEqual(
      Array.from({ length: 4 }, () => undefined),
    )
    const own: TrainDesired = { ...scanned, occasion: registered }
    expect([on(scanned, own, careful, 'refused'), on(scanned, own, anyone, 'refused')]).toEqual(['refused', undefined])
    expect(on(scanned, { ...own, occasion: small }, careful, 'refused')).toBeUndefined()
  })

  it('is that it was refused where nobody has judged who asked, and the policy cares', () => {
    expect([again('refused'), again('refused', desired, careful)]).toEqual([undefined, 'refused'])
    expect(again('refused', { ...desired, requester: 'T/U', proven: true }, careful)).toBeUndefined()
    expect(again('refused', { ...desired, occasion: slot }, careful)).toBeUndefined()
  })
})

it('of what somebody has written where the last version lay nobody has judged who wrote it, unless anybody may', () => {
  const on = (version: string, of: TrainDesired | null = desired, policy = careful) =>
    unjudged({ version }, { desired: of }, policy)
  expect(on('other')).toBe('refused')
  expect([on(desired.version), on(''), on('other', null), on('other', desired, anyone)]).toEqual(
    Array(4).fill(undefined),
  )
})

describe('who asked for what people have not agreed to', () => {
  const next: TrainDesired = { ...desired, requester: null }
  const own: TrainDesired = { ...desired, requester: 'T/ANA', proven: true }
  const asked = (said: Again | undefined, of: TrainDesired | null = own, to = next) =>
    askedBefore(to, said, { desired: of })

  it('is who asked for the same, be it denied, answered by nobody or cancelled', () => {
    for (const said of ['rejected', 'expired', 'cancelled'] as const)
      expect(asked(said)).toEqual({ requester: 'T/ANA', proven: true })
    const saidBefore = [{ version: desired.version, again: 'rejected' as const, detail: '', requester: 'T/ANA' }]
    expect(askedBefore(next, 'rejected', { desired: { ...own, version: 'other' }, saidBefore } as never)).toEqual({
      requester: 'T/ANA',
    })
  })

  it('is who wrote it, where somebody else has run it by hand since', () => {
    const byHand = { ...next, requester: 'T/BEN', occasion: small } as TrainDesired
    const wrote = { version: desired.version, again: 'rejected' as const, detail: '', requester: 'T/ANA' }
    expect(askedBefore(next, 'rejected', { desired: byHand, saidBefore: [wrote] })).toEqual({ requester: 'T/ANA' })
    expect(askedBefore(next, 'rejected', { desired: byHand })).toEqual({ requester: 'T/BEN' })
    // Who writes it anew is who wrote it.
    const anew = { ...next, requester: 'T/CARL' } as TrainDesired
    expect(askedBefore(next, 'rejected', { desired: anew, saidBefore: [wrote] })).toEqual({ requester: 'T/CARL' })
  })

  it('is nobody of what they agreed to or nobody was asked about, of another version, or where somebody asks now', () => {
    expect([asked('succeeded'), asked(undefined), asked('rejected', own, { ...next, requester: 'T/BEN' })]).toEqual([
      {},
      {},
      {},
    ])
    expect(asked('rejected', { ...own, version: 'other' })).toEqual({ requester: null })
  })
})
