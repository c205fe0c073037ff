import { describe, expect, it } from 'vitest'
import type { Baseline } from '../../../core/lane/document.ts'
import { agreedBy, saidNoTo } from '../../../core/lane/judged-as.ts'
import type { Plan } from '../../../core/plan.ts'
import type { Outcome } from '../../../core/reasons.ts'

const planned = (name: string, risen: number) =>
  ({ strategy: { name, path: [{ old: 0, new: 2 }, { old: 0, new: risen }] } }) as unknown as Plan // biome-ignore format: one plan
const baseline = { generation: 1, replicas: 2, of: 2 } as Baseline

describe('how many replicas the policy had as what serves was decided about last', () => {
  it('is what was planned', () => {
    expect(agreedBy(planned('surge', 4))).toEqual({ of: 4 })
    expect([agreedBy(null), agreedBy({ strategy: null } as Plan)]).toEqual([{}, {}])
    const { strategy } = planned('scale', 2)
    expect(agreedBy({ strategy: { ...strategy, upTo: 4 } } as Plan)).toEqual({ of: 4, most: true, upTo: 4 })
  })

  it.each<[Outcome['kind'], string, number]>([
    ['rejected', 'scale', 4],
    ['expired', 'scale', 4],
    ['cancelled', 'scale', 4],
    // Of another version.
    ['rejected', 'surge', 2],
    ['expired', 'surge', 2],
    ['cancelled', 'surge', 2],
    ['failed', 'scale', 4],
    ['refused', 'scale', 4],
    ['failed', 'surge', 2],
    ['superseded', 'scale', 2],
    ['succeeded', 'scale', 2],
  ])('counts as said no to where it is %s and %s', (kind, name, of) => {
    expect(saidNoTo(baseline, { kind } as Outcome, { plan: planned(name, 4) })).toEqual({ ...baseline, of })
    expect(saidNoTo(null, { kind } as Outcome, { plan: null })).toBe(null)
  })

  it('is what the policy has by now where that itself is refused: its own planning tries that again', () => {
    expect(saidNoTo(baseline, { kind: 'refused' }, { plan: null, own: { of: 9 } })).toEqual({ ...baseline, of: 9 })
    expect(saidNoTo(baseline, { kind: 'refused' }, { plan: null })).toEqual(baseline)
  })
})
