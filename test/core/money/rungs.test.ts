import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { monthBegin } from '../../../core/money/months.ts'
import { type Counted, type RungRow, rungsDue, rungsInForce } from '../../../core/money/rungs.ts'
import { MEASURES, type Rung, rungName } from '../../../core/policy/rung.ts'

const LANE = 'budget/ml-monthly'
const NOON = Date.UTC(2026, 10, 20, 12)
const DAY = 86_400_000
const saves = Object.fromEntries(MEASURES.map((one) => [one, 1])) as Counted['saves']

/** A moment of a budget's life: what was spent by then, of how much, under which ladder. */
const counted = (given: Partial<Counted> = {}): Counted => {
  const { now = NOON } = given
  return {
    lane: LANE,
    spent: 0,
    dollars: 1000,
    ladder: [],
    now,
    until: monthBegin(now, 1),
    saves,
    caps: { a: 8 },
    ...given,
  }
}

/** Rows once that was written and forgotten. */
const onward = (rows: readonly RungRow[], at: Counted): RungRow[] => {
  const due = rungsDue(rows, at)
  const touched = new Set(due.map(({ row }) => row.name))
  return [...rows.filter(({ name }) => !touched.has(name)), ...due.flatMap(({ row, gone }) => (gone ? [] : [row]))]
}

const rungs: fc.Arbitrary<Rung[]> = fc
  .array(
    fc.record({ at: fc.integer({ min: 1, max: 15 }).map((tenths) => tenths / 10), do: fc.constantFrom(...MEASURES) }),
    { minLength: 1, maxLength: 6 },
  )
  .map((all) => [...new Map(all.map((one) => [rungName(one), one])).values()])

const moments = fc.array(
  fc.record({
    days: fc.integer({ min: 0, max: 12 }),
    spent: fc.option(fc.integer({ min: 0, max: 2000 }), { freq: 5 }),
    dollars: fc.constantFrom(500, 1000, 1500),
    ladder: rungs,
  }),
  { minLength: 1, maxLength: 10 },
)

describe('rungs of a ladder', () => {
  it('are exactly those that are crossed, whatever was before: undoing is forgetting', () => {
    fc.assert(
      fc.property(moments, (all) => {
        let [rows, now]: [RungRow[], number] = [[], NOON]
        for (const { days, ...money } of all) {
          now += days * DAY
          const at = counted({ now, ...money })
          rows = onward(rows, at)
          // The same again comes to nothing.
          expect(rungsDue(rows, at)).toEqual([])
          expect(rows.every(({ until, lane }) => until === at.until && lane === LANE)).toBe(true)
          const { spent } = at
          if (spent === null) continue
          const names = at.ladder
            .filter((rung) => rung.do !== 'notify' && spent >= rung.at * at.dollars - 0.005)
            .map(rungName)
          const kept = rows.filter(({ name }) => !name.startsWith('notify@')).map(({ name }) => name)
          expect(kept.toSorted()).toEqual(names.toSorted())
        }
      }),
    )
  })

  it('tell a notice once a month, and never one that is not crossed', () => {
    fc.assert(
      fc.property(moments, (all) => {
        let [rows, now]: [RungRow[], number] = [[], NOON]
        const told = new Set<string>()
        for (const { days, ...money } of all) {
          now += days * DAY
          const at = counted({
            now,
            ...money,
            ladder: [
              { at: 0.5, do: 'notify' },
              { at: 1, do: 'notify' },
            ],
          })
          for (const { row, gone } of rungsDue(rows, at)) {
            if (gone) continue
            expect(row.spent).toBeGreaterThanOrEqual(row.at * at.dollars - 0.01)
            const key = `${row.name} ${at.until}`
            expect(told.has(key)).toBe(false)
            told.add(key)
          }
          rows = onward(rows, at)
        }
      }),
    )
  })

  it('are in force for nobody once their month is over, or their ladder has them no more, whoever is awake', () => {
    const ladder: Rung[] = [{ at: 0.5, do: 'notify' }]
    const rows = onward([], counted({ spent: 600, ladder }))
    expect(rows).toMatchObject([{ name: 'notify@0.5', spent: 600, dollars: 1000, since: NOON }])
    const until = monthBegin(NOON, 1)
    const policy = (more: object = {}) => ({ budget: { dollars: 1000, ladder, ...more } })
    expect(rungsInForce(policy(), rows, until - 1)).toEqual(rows)
    expect(rungsInForce(policy(), rows, until)).toEqual([])
    expect(rungsInForce(policy({ ladder: [{ at: 0.6, do: 'notify' }] }), rows, NOON)).toEqual([])
    expect(rungsInForce(policy({ ladder: undefined }), rows, NOON)).toEqual([])
    expect(rungsInForce(policy({ mode: 'shadow' }), rows, NOON)).toEqual([])
  })

  it('are crossed to the cent, and by nothing that nobody has looked at', () => {
    const ladder: Rung[] = [{ at: 0.5, do: 'notify' }]
    const names = (spent: number | null) => rungsDue([], counted({ spent, ladder })).map(({ row }) => row.name)
    expect([names(499.99), names(499.996), names(null)]).toEqual([[], ['notify@0.5'], []])
  })
})
