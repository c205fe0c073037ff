import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Begin, type End, endOf } from '../../../core/money/evidence.ts'
import {
  billed,
  type InstanceRow,
  mergeInstances,
  OTHERS,
  type PodTime,
  type Stretch,
} from '../../../core/money/instance.ts'

const time = fc.integer({ min: 0, max: 9 }).map((n) => n * 60_000)
const begin: fc.Arbitrary<Begin> = fc.record({
  at: time,
  by: fc.constantFrom('created' as const, 'launched' as const, 'described' as const, 'running' as const),
})
const end: fc.Arbitrary<End> = fc.oneof(
  fc.record({ at: time, by: fc.constantFrom('told' as const, 'described' as const, 'stopped' as const) }),
  fc.record({ by: fc.constant('unseen' as const), after: time, before: time }),
)
const stretch: fc.Arbitrary<Stretch> = fc.record({
  at: time,
  pool: fc.constant('gpu'),
  instanceType: fc.constant('p5.48xlarge'),
  capacityType: fc.constantFrom('spot', 'on-demand', null),
  price: fc.option(
    fc.record({ perHour: fc.constantFrom(10, 20), source: fc.constant('list'), asOf: fc.constant('2026-11-01') }),
  ),
})
const pod: fc.Arbitrary<PodTime> = fc.record({
  lane: fc.constantFrom('pipeline/a', OTHERS),
  gpus: fc.constantFrom(1, 4),
  from: time,
  end: fc.option(end),
  seen: time,
})
const row: fc.Arbitrary<InstanceRow> = fc.record({
  id: fc.constant('i-1'),
  name: fc.constantFrom('ip-1', 'claim-1'),
  gpus: fc.constantFrom(0, 8),
  begin,
  end: fc.option(end),
  seen: time,
  stretches: fc
    .array(stretch, { maxLength: 3 })
    .map((all) => Object.fromEntries(all.map((one) => [String(one.at), one]))),
  pods: fc.dictionary(fc.constantFrom('u1', 'u2', 'u3'), pod),
  firstPod: fc.option(time),
})

describe('reports of one instance', () => {
  it('come to the same in whatever order, however they are grouped, and however often', () => {
    fc.assert(
      fc.property(row, row, row, (a, b, c) => {
        expect(mergeInstances(a, b)).toEqual(mergeInstances(b, a))
        expect(mergeInstances(mergeInstances(a, b), c)).toEqual(mergeInstances(a, mergeInstances(b, c)))
        expect(mergeInstances(a, a)).toEqual(a)
      }),
      { numRuns: 1000 },
    )
  })

  const bare: InstanceRow = {
    id: 'i-1',
    name: 'ip-1',
    gpus: 8,
    begin: { at: 0, by: 'launched' },
    end: null,
    seen: 0,
    stretches: {},
    pods: {},
    firstPod: null,
  }
  const ends = (...all: End[]): number | null =>
    endOf(all.map((one): InstanceRow => ({ ...bare, end: one })).reduce(mergeInstances))

  it('believe EC2 before its own controller, that before a look that missed it', () => {
    const unseen: End = { by: 'unseen', after: 0, before: 100 }
    expect(ends(unseen)).toBe(50)
    expect(ends(unseen, { by: 'told', at: 300 })).toBe(300)
    expect(ends({ by: 'told', at: 300 }, { by: 'stopped', at: 400 }, { by: 'described', at: 350 })).toBe(400)
    expect(ends({ by: 'stopped', at: 400 }, { by: 'stopped', at: 390 })).toBe(390)
  })

  it('go on where it was seen after a look had missed it', () => {
    const missed: InstanceRow = { ...bare, seen: 100, end: { by: 'unseen', after: 100, before: 200 } }
    expect(endOf(missed)).toBe(150)
    expect(endOf(mergeInstances(missed, { ...bare, seen: 300 }))).toBeNull()
    expect(endOf(mergeInstances({ ...bare, seen: 300 }, missed))).toBeNull()
  })

  it('are billed a minute at least, and nothing before they began by a clock that is behind', () => {
    const short: InstanceRow = { ...bare, begin: { at: 1000, by: 'running' }, end: { at: 5000, by: 'stopped' } }
    expect(billed(short, 900_000)).toEqual({ from: 1000, to: 61_000 })
    expect(billed({ ...bare, begin: { at: 1000, by: 'running' } }, 400)).toEqual({ from: 1000, to: 1000 })
  })
})
