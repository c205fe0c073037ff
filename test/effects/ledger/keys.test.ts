import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { RowKind } from '../../../core/rows.ts'
import { byBytes, dueAt, dueIn, idAt, inTime, keyOf, placeOf, timeOf } from '../../../effects/ledger/keys.ts'
import { OWNED } from '../../../flows/ledger-port.ts'

const LANE = 'pipeline/support-chats'
const places: [RowKind, string, string][] = [
  ['lane', LANE, `lane#${LANE} | lane`],
  ['plan', LANE, `lane#${LANE} | plan`],
  ['past', `${LANE}#000007.0001`, `lane#${LANE} | past#000007.0001`],
  ['result', `${LANE}#000007.0001.train`, `lane#${LANE} | result#000007.0001.train`],
  ['shadow', `${LANE}#17`, `lane#${LANE} | shadow#17`],
  ['out', `${LANE}#17.1`, `lane#${LANE} | out#17.1`],
  ['look', `${LANE}#17.ab`, `looks#${LANE} | look#17.ab`],
  ['order', `${LANE}#17.ab`, `orders#${LANE} | order#17.ab`],
  ['hold', `pool/gpu#${LANE}`, `room#pool/gpu | hold#${LANE}`],
  ['line', `pool/gpu#${LANE}`, `room#pool/gpu | line#${LANE}`],
  ['sum', 'pool/gpu', 'sum#pool/gpu | sum'],
  ['name', 'support-chats-1', 'name | support-chats-1'],
  ['freeze', '*', 'freeze | *'],
  ['instance', 'i-0abc', 'instance | i-0abc'],
  ['booked', '2026-11-29#i-0abc', 'booked#2026-11-29 | booked#i-0abc'],
  ['day', '2026-11-29', 'day | 2026-11-29'],
  ['meter', 'self', 'meter | self'],
]

const id = fc.string({ unit: fc.constantFrom('a', '#', 'é', '!', '😀', '\uffee'), maxLength: 5 })
const kind = fc.constantFrom<RowKind>(
  'lane',
  'plan',
  'past',
  'result',
  'look',
  'order',
  'hold',
  'line',
  'freeze',
  'name',
)

describe('a row', () => {
  it.each(places)('of the kind %s lies under whom it belongs to', (kind, id, place) => {
    const { pk, sk } = placeOf(kind, id)
    expect(`${pk} | ${sk}`).toBe(place)
  })

  it('lies where no other does, and its place tells its id', () => {
    fc.assert(
      fc.property(kind, id, kind, id, (one, a, other, b) => {
        const [here, there] = [placeOf(one, a), placeOf(other, b)]
        expect(here.pk === there.pk && here.sk === there.sk).toBe(one === other && a === b)
        expect(idAt(one, here)).toBe(a)
      }),
      { numRuns: 1000 },
    )
  })

  it('of an owner begins as all of that owner do, and as no other', () => {
    fc.assert(
      fc.property(fc.constantFrom(...OWNED), id, id, (kind, prefix, id) => {
        const [begin, row] = [placeOf(kind, `o#${prefix}`), placeOf(kind, `o#${id}`)]
        expect(row.pk).toBe(begin.pk)
        expect(row.sk.startsWith(begin.sk)).toBe(id.startsWith(prefix))
      }),
    )
  })
})

const name = fc.string({
  unit: fc.constantFrom('a', 'b', ' ', '!', '"', '#', '$', '%', '/', 'é', '😀', '\0'),
  maxLength: 4,
})
const row = fc.record({ group: name, by: name, at: fc.integer({ min: 0, max: 12 }) })

describe('a due row', () => {
  it('lies in its group’s partition, at its time', () => {
    const { pk, sk } = dueAt({ group: `out/chat/${LANE}`, by: '17.1' }, 1_700_000_000_000)
    expect(pk).toMatch(/^due#([0-9]|1[0-5])$/)
    expect(sk).toBe(`0001700000000000#out/chat/${LANE}#17.1`)
    expect(dueAt({ group: `out/chat/${LANE}`, by: 'x' }, 1).pk).toBe(pk)
  })

  it('is read as it was written, and stands in the order of time, group and whose', () => {
    fc.assert(
      fc.property(row, row, (a, b) => {
        const [one, other] = [dueAt(a, a.at), dueAt(b, b.at)]
        expect(dueIn(keyOf(one))).toEqual({ ...a, side: null })
        const order = inTime({ ...a, side: null }, { ...b, side: null })
        expect(Math.sign(byBytes(one.sk, other.sk))).toBe(Math.sign(order))
      }),
      { numRuns: 1000 },
    )
  })

  it('may be due at any time there is, to the millisecond', () => {
    const times = [0, 9, 10, 1_700_000_000_000, 253_402_300_799_000, Number.MAX_SAFE_INTEGER]
    expect(times.map(timeOf)).toEqual(times.map(timeOf).sort())
    expect(timeOf(1.75)).toBe(timeOf(1))
    for (const none of [-1, Number.NaN, Number.POSITIVE_INFINITY]) expect(() => timeOf(none)).toThrow(RangeError)
  })
})
