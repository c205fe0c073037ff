import { describe, expect, it } from 'vitest'
import type { TrainDesired } from '../../../core/desired.ts'
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
const ended = (kind: 'refused' | 'succeeded'): LaneDocument['outcome'] => ({
  kind,
  reason: null,
  detail: '',
  generation: 2,
  attempt: 1,
  at: NOW,
  against: null,
  stages: [],
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

describe('how often in a row a run was taken back', () => {
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

  it('is forgotten once one has begun; what has no run of its own counts nothing', () => {
    const known = { ...drift, back: { times: 3, at: NOW } }
    expect(over(known, docOf({ outcome: ended('succeeded') })).back).toBeUndefined()
    expect(over(drift, docOf({ desired })).back).toBeUndefined()
  })
})
