import { describe, expect, it } from 'vitest'
import { carried, withJudged, withKept } from '../../../core/lane/kept.ts'
import { NOW, planRow } from './fixture.ts'

const kept = [
  { step: 'train', key: 'k1', row: 'r1' },
  { step: 'evaluate', key: 'k2', row: 'r2' },
]
const finished = {
  row: 'r3',
  step: 'train',
  key: 'k1',
  values: {},
  made: null,
  etag: null,
  generation: 1,
  attempt: 2,
  at: NOW,
}

describe('what was paid for', () => {
  it('is carried over, but for what a person wants anew', () => {
    expect(carried({ kept })).toEqual(kept)
    expect(carried({ kept, redo: ['train', 'evaluate'] })).toEqual([])
    expect(carried({ kept, redo: ['evaluate'] })).toEqual(kept.slice(0, 1))
  })

  it('is unfit where a gate did not hold of what was made of it, until one does; what that judged is measured anew', () => {
    const { plan } = planRow
    const gate = plan.steps.find(({ kind }) => kind === 'check-gate')
    const other = { step: 'other', key: 'k3', row: 'r4' }
    const known = { kept: [...kept, other], redo: [] }
    const failed = withJudged(known, gate, { plan, holds: false })
    expect(failed).toEqual({ kept: [{ ...kept[0], unfit: true }, other], redo: [] })
    expect(withJudged(failed, gate, { plan, holds: true })).toEqual({ kept: [kept[0], other], redo: [] })
    expect(withJudged(known, plan.steps[0], { plan, holds: false })).toEqual(known)
  })

  it('goes once it is done anew, with what was made from it', () => {
    const after = withKept({ kept, redo: ['train', 'evaluate'] }, finished, planRow.plan)
    expect(after).toEqual({ kept: [{ step: 'train', key: 'k1', row: 'r3' }], redo: ['evaluate'] })
    expect(carried(after)).toEqual(after.kept)
  })
})
