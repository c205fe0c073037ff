import { describe, expect, it } from 'vitest'
import type { Drift, TrainDesired } from '../../../core/desired.ts'
import type { Ended } from '../../../core/lane/ended.ts'
import { asBeforeOccasion, forOccasion, isOfOccasion } from '../../../core/lane/occasion.ts'
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
    expect(from('failed', { ...desired, version: 'other' })).not.toHaveProperty('kept')
    expect(forOccasion(viewOf({ doc: wanted({ outcome: ended('failed') }) }), intentOf(desired))).toEqual({})
  })

  it('that was refused gives way to another: what stood before both is what is wanted again', () => {
    const { gaveWay } = forOccasion(viewOf({ doc: wanted({ outcome: ended('failed') }) }), intentOf(occasional))
    const refused = wanted({ desired: occasional, generation: 2, outcome: ended('refused'), ...{ gaveWay } } as never)
    const other = intentOf({ ...occasional, drift: { ...drift, since: NOW + 1 } })
    expect(forOccasion(viewOf({ doc: refused }), other).gaveWay).toEqual(gaveWay)
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
