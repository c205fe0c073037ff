import { describe, expect, it } from 'vitest'
import type { Drift, TrainDesired } from '../../../core/desired.ts'
import type { Ended } from '../../../core/lane/ended.ts'
import { afterOccasion, asBeforeOccasion, forOccasion, isOfOccasion } from '../../../core/lane/occasion.ts'
import { desired } from '../training-fixture.ts'
import { NOW, viewOf, wanted } from './fixture.ts'

const drift: Drift = { alert: 'Drift', fingerprint: 'f', labels: {}, since: NOW, text: '' }
const occasional: TrainDesired = { ...desired, drift }
const intentOf = (of: TrainDesired) => ({ desired: of, order: 'p', onNewer: 'finish' as const })
const ended = (kind: Ended['kind']): Ended => ({
  ...{ kind, reason: null, detail: '', generation: 1, attempt: 1, at: NOW, against: null, stages: [] },
})
const kept = [{ step: 'train', key: 'k', row: 'r' }]

describe('what is wanted for an occasion', () => {
  it('is the same as what its source says, but for that: another occasion, or another version, is not', () => {
    const view = viewOf({ doc: wanted({ desired: occasional }) })
    expect(isOfOccasion(view, intentOf(desired))).toBe(true)
    expect(isOfOccasion(view, intentOf({ ...desired, version: 'other' }))).toBe(false)
    expect(isOfOccasion(view, intentOf({ ...occasional, drift: { ...drift, since: NOW + 1 } }))).toBe(false)
    expect(isOfOccasion(viewOf(), intentOf(desired))).toBe(false)
  })

  it('keeps what it takes the place of, and goes on from what was paid for of the same, unless that ended well', () => {
    const from = (kind: Ended['kind'], of = desired) =>
      forOccasion(viewOf({ doc: wanted({ desired: of, outcome: ended(kind), kept }) }), intentOf(occasional))
    expect(from('failed')).toMatchObject({ gaveWay: { generation: 1, outcome: { kind: 'failed' }, kept }, kept })
    expect(from('succeeded')).not.toHaveProperty('kept')
    const unfit = wanted({
      outcome: ended('cancelled'),
      kept: [...kept, { step: 'other', key: 'o', row: 'r', unfit: true }],
    })
    expect(forOccasion(viewOf({ doc: unfit }), intentOf(occasional)).kept).toEqual(kept)
    expect(from('failed', { ...desired, version: 'other' })).not.toHaveProperty('kept')
    expect(forOccasion(viewOf({ doc: wanted({ outcome: ended('failed') }) }), intentOf(desired))).toEqual({})
  })

  it('that was refused gives way to another: what stood before both is what is wanted again', () => {
    const { gaveWay } = forOccasion(viewOf({ doc: wanted({ outcome: ended('failed') }) }), intentOf(occasional))
    const refused = wanted({ desired: occasional, generation: 2, outcome: ended('refused'), ...{ gaveWay } } as never)
    const other = intentOf({ ...occasional, drift: { ...drift, since: NOW + 1 } })
    expect(forOccasion(viewOf({ doc: refused }), other).gaveWay).toEqual(gaveWay)
  })

  it('that was refused waits on behind another, and leads back in turn; a later time of the schedule takes its place for good', () => {
    const slot = (at: number): TrainDesired => ({
      ...desired,
      occasion: { kind: 'schedule', slot: at, cron: '0 2 * * *', zone: 'UTC' },
    })
    const { gaveWay } = forOccasion(viewOf({ doc: wanted({ outcome: ended('succeeded') }) }), intentOf(slot(NOW)))
    const refused = wanted({ desired: slot(NOW), generation: 2, outcome: ended('refused'), ...{ gaveWay } } as never)
    expect(forOccasion(viewOf({ doc: refused }), intentOf(slot(NOW + 1))).gaveWay).toEqual(gaveWay)
    const behind = forOccasion(viewOf({ doc: refused }), intentOf(occasional)).gaveWay
    expect(behind).toMatchObject({ generation: 2, gaveWay: { generation: 1 } })
    const back = asBeforeOccasion(
      viewOf(),
      wanted({ desired: occasional, generation: 3, ...{ gaveWay: behind } } as never),
    )
    expect(back).toMatchObject({ generation: 2, newest: 3, outcome: { kind: 'refused' }, gaveWay: { generation: 1 } })
    expect(asBeforeOccasion(viewOf(), back)).toMatchObject({ generation: 1, newest: 3, outcome: { kind: 'succeeded' } })
    // However many: two are kept.
    const more = forOccasion(
      viewOf({ doc: wanted({ desired: occasional, outcome: ended('refused'), ...{ gaveWay: behind } } as never) }),
      intentOf(slot(NOW + 2)),
    ).gaveWay
    expect(more).toMatchObject({ desired: occasional, gaveWay: { generation: 1 } })
    expect(more?.gaveWay).not.toHaveProperty('gaveWay')
  })

  it('that is over leads back to what was refused and is told otherwise, once it is repeated no more; not to what is on the same', () => {
    const hand = { kind: 'hand', id: 'r', at: NOW, by: 'ben', set: { train: { args: ['-x'] } } } as const
    const told: TrainDesired = { ...desired, occasion: hand }
    const { kind } = viewOf()
    const leftBy = (of: TrainDesired, over: object, untried = false) => {
      const { gaveWay } = forOccasion(viewOf({ doc: wanted({ outcome: ended('refused') }) }), intentOf(of))
      const doc = wanted({ desired: of, generation: 2, outcome: ended('succeeded'), gaveWay, ...over } as never)
      return afterOccasion(kind, { desired: of, untried }, doc)
    }
    expect(leftBy(told, {})).toMatchObject({ generation: 1, newest: 2, outcome: { kind: 'refused' } })
    expect(leftBy(told, { outcome: ended('rejected') })).toMatchObject({ generation: 1 })
    const lost = { ...ended('failed'), reason: 'node-lost' }
    expect(leftBy(told, { outcome: lost, attemptsLeft: 1 })).toMatchObject({
      generation: 2,
      gaveWay: { generation: 1 },
    })
    const same = leftBy({ ...desired, occasion: { ...hand, set: {} } }, {})
    expect(same).toMatchObject({ generation: 2, outcome: { kind: 'succeeded' } })
    expect(same).not.toHaveProperty('gaveWay')
    // Nothing was begun, and nobody said no: what was refused waits on.
    expect(leftBy({ ...desired, occasion: { ...hand, set: {} } }, { outcome: ended('expired') }, true)).toMatchObject({
      ...{ generation: 1, newest: 2, outcome: { kind: 'refused' } },
    })
  })

  it('leaves it as it was where nothing comes of it, and its own generation is used no more', () => {
    const before = wanted({ outcome: ended('failed'), kept })
    const { gaveWay } = forOccasion(viewOf({ doc: before }), intentOf(occasional))
    const after = asBeforeOccasion(viewOf(), wanted({ desired: occasional, generation: 2, ...{ gaveWay } } as never))
    expect(after).toMatchObject({ desired, generation: 1, newest: 2, outcome: { kind: 'failed' }, kept })
    expect(after).not.toHaveProperty('gaveWay')
    expect(asBeforeOccasion(viewOf(), before)).toEqual(before)
    // What nothing came of had no run: said again it is new.
    const hand = { kind: 'hand', id: 'r', at: NOW, by: 'ana' } as const
    const asked = wanted({
      desired: { ...desired, occasion: hand },
      generation: 2,
      had: ['hand r', 'hand q'],
      ...{ gaveWay },
    } as never)
    expect(asBeforeOccasion(viewOf(), asked).had).toEqual(['hand q'])
  })
})
