import { describe, expect, it } from 'vitest'
import type { LookLetter } from '../../../core/lane/letters.ts'
import { lastOf, sameLook } from '../../../core/lane/looks.ts'
import type { DriftDetected } from '../../../events/contract.ts'
import { lookLetter, NOW, viewOf } from './fixture.ts'

const drift = (id: string, over: Partial<DriftDetected> = {}): LookLetter =>
  lookLetter({
    id,
    event: {
      ...{ type: 'drift-detected', id, at: NOW, alert: 'Drift', fingerprint: 'f', state: 'firing', since: NOW },
      ...{ labels: {}, text: '', replayed: false },
      ...over,
    } as never,
  })
const idsOf = (letters: readonly LookLetter[]) => letters.map(({ id }) => id)

describe('letters of one place', () => {
  it('are one look, those that would have waited longer too; what is replayed is another', () => {
    const [a, b, later] = [lookLetter({ id: 'a' }), lookLetter({ id: 'b' }), lookLetter({ id: 'c', due: NOW + 5 })]
    const replayed = lookLetter({ id: 'd', event: { ...a.event, replayed: true } })
    const view = viewOf({ letters: [a, b, replayed], later: [later] })
    expect(idsOf(sameLook(view, a))).toEqual(['a', 'b', 'c'])
    expect(idsOf(sameLook(view, replayed))).toEqual(['d'])
  })

  it('that only point somewhere count all; of those that say what is so the last one counts', () => {
    const [a, b] = [lookLetter({ id: 'a' }), lookLetter({ id: 'b' })]
    expect(lastOf(viewOf(), [a, b])).toEqual({ letters: [a, b], over: [] })
    const [fires, over, again] = [drift('1'), drift('2', { state: 'resolved' }), drift('3', { since: NOW + 1 })]
    const last = lastOf(viewOf(), [again, over, fires])
    expect([idsOf(last.letters), idsOf(last.over)]).toEqual([['3'], ['2', '1']])
    expect(idsOf(lastOf(viewOf(), [over, fires]).letters)).toEqual(['2'])
  })
})
