import { describe, expect, it } from 'vitest'
import type { TrainDesired } from '../../../core/desired.ts'
import { coolsAfter, lastEndOf } from '../../../core/drift.ts'
import type { Episode } from '../../../core/episodes.ts'
import { emptyDocument, type LaneDocument } from '../../../core/lane/document.ts'
import { parsePolicy } from '../../../core/policy.ts'
import { waiting, withTakenBack } from '../../../core/reactions/drift-waits.ts'
import example from '../../example.ts'
import { desired, NOW } from '../training-fixture.ts'

const HOUR = 3_600_000
const lane = 'pipeline/support-chats'
const rule = { lane, name: 'support-chats', mode: 'act' } as const
const drift = { alert: 'Drift', fingerprint: 'f', labels: {}, since: NOW - HOUR, text: '' }
const driftOn = (episode: Episode): TrainDesired => ({ ...desired, drift: episode })
const docOf = (over: Partial<LaneDocument> = {}): LaneDocument => ({
  ...emptyDocument(parsePolicy(example), lane),
  ...{ desired: driftOn(drift), generation: 2, attempt: 1, since: NOW - HOUR / 2 },
  ...over,
})
type Ended = NonNullable<LaneDocument['outcome']>
const ended = (kind: Ended['kind'], over: Partial<Ended> = {}): Ended => ({
  kind,
  reason: null,
  detail: '',
  generation: 2,
  attempt: 1,
  at: NOW,
  against: null,
  stages: [],
  ...over,
})
const waits = (episode: Episode, doc: LaneDocument, now = NOW) =>
  waiting(episode, { rule, doc, now, coolDown: 6 * HOUR })

describe('until when a run for an alert waits', () => {
  it('is told whether another’s begins that was refused, where it fired before that was wanted', () => {
    const other = { ...drift, fingerprint: 'g' }
    const refused = docOf({ outcome: ended('refused') })
    expect(waits(other, refused)).toMatchObject({ kind: 'wait', reason: 'run-not-over', next: NOW + HOUR })
    expect(waits({ ...other, since: NOW }, refused)).toBeNull()
    expect(waits(other, docOf({ outcome: ended('succeeded') }))).toMatchObject({ reason: 'cooling-down' })
  })

  it('is longer each time that its run was taken back, up to the cool-down', () => {
    const none = docOf({ desired: null })
    const until = (times: number) => waits({ ...drift, back: { times, at: NOW } }, none)
    expect(until(1)).toBeNull()
    const next = [2, 3, 4, 5, 9].map((times) => (until(times) as { next: number }).next - NOW)
    expect(next).toEqual([HOUR, 2 * HOUR, 4 * HOUR, 6 * HOUR, 6 * HOUR])
    expect(waits({ ...drift, back: { times: 2, at: NOW - HOUR } }, none)).toBeNull()
  })
})

describe('when drift cools down from', () => {
  const untried = { untried: true } as const
  const end = (what: TrainDesired, outcome: Ended) => lastEndOf({ desired: what, outcome })
  const known = (what: TrainDesired): TrainDesired => ({ ...what, lastEnd: NOW - HOUR })

  it('is the end of what was at work, and when people said no to what drift had asked for; of anything else that of before', () => {
    expect(end(known(desired), ended('succeeded'))).toBe(NOW)
    for (const kind of ['rejected', 'cancelled'] as const) {
      expect(end(known(driftOn(drift)), ended(kind, untried))).toBe(NOW)
      expect(end(known(desired), ended(kind, untried))).toBe(NOW - HOUR)
    }
    for (const over of [untried, { ...untried, reason: 'no-room' }] as Partial<Ended>[])
      expect(end(known(driftOn(drift)), ended('expired', over))).toBe(NOW - HOUR)
  })

  it('is known of what ended while something else was wanted already', () => {
    expect(coolsAfter(desired, { desired, outcome: ended('succeeded') })).toEqual({ ...desired, lastEnd: NOW })
    expect(coolsAfter(desired, { desired, outcome: ended('refused') })).toBe(desired)
    const later = { ...desired, lastEnd: NOW + 1 }
    expect(coolsAfter(later, { desired, outcome: ended('succeeded') })).toBe(later)
    expect(end(later, ended('failed'))).toBe(NOW + 1)
  })
})

describe('how often in a row a run came to nothing', () => {
  const over = (known: Episode, doc: LaneDocument, now = NOW) =>
    withTakenBack({ kind: 'over', episode: { ...known, over: NOW } }, known, { doc, now })

  it('counts where it had begun nothing, once for each; what fires next knows it, for a day', () => {
    const first = over(drift, docOf())
    expect(first.back).toEqual({ times: 1, at: NOW })
    const again = over(first, docOf(), NOW + 1)
    expect(again.back).toEqual(first.back)
    const next = { ...drift, since: NOW + HOUR }
    const fires = (now: number) => withTakenBack({ kind: 'fires', episode: next }, again, { doc: docOf(), now })
    expect([fires(NOW + HOUR).back, fires(NOW + 24 * HOUR).back]).toEqual([first.back, undefined])
    const second = docOf({ desired: driftOn(next) })
    expect(over(fires(NOW + HOUR), second, NOW + HOUR).back).toEqual({ times: 2, at: NOW + HOUR })
  })

  it('counts where it was denied, or nobody answered; not where it found no room', () => {
    const known = { ...drift, back: { times: 3, at: NOW } }
    const timesOf = (kind: 'rejected' | 'expired', reason: 'no-room' | null = null) =>
      over(known, docOf({ outcome: ended(kind, { reason, untried: true }) })).back?.times
    expect([timesOf('rejected'), timesOf('expired'), timesOf('expired', 'no-room')]).toEqual([4, 4, 3])
  })

  it('is forgotten once one has begun; what has no run of its own counts nothing', () => {
    const known = { ...drift, back: { times: 3, at: NOW } }
    expect(over(known, docOf({ outcome: ended('succeeded') })).back).toBeUndefined()
    expect(over(drift, docOf({ desired })).back).toBeUndefined()
  })
})
