import { describe, expect, it } from 'vitest'
import { endOf } from '../../../core/money/evidence.ts'
import { billed, type InstanceRow, OTHERS, stretchesOf } from '../../../core/money/instance.ts'
import { foldLook, type Looking, type Priced } from '../../../core/money/looks.ts'
import type { Observed } from '../../../core/money/observed.ts'

const MINUTE = 60_000
const at = (minutes: number): number => minutes * MINUTE
let perHour: number | null = 80

const looking = (now: number, last: number | null, more: Partial<Looking> = {}): Looking & Priced => ({
  now: at(now),
  last: last === null ? null : at(last),
  lastOthers: last === null ? null : at(last),
  others: true,
  since: 0,
  priceOf: () => (perHour === null ? null : { perHour, source: 'list', asOf: '2026-11-01' }),
  gpusOf: () => 8,
  ...more,
})
const seen = (more: Partial<Observed> = {}): Observed => ({
  id: 'i-1',
  name: 'ip-1',
  gpus: 8,
  begin: { at: at(1), by: 'launched' },
  end: null,
  pool: 'gpu',
  instanceType: 'p5.48xlarge',
  capacityType: 'on-demand',
  pods: {},
  ...more,
})
const pod = (lane = 'pipeline/a') => ({ lane, gpus: 8, from: at(3), end: null })

/** Looks one after the other; null: it was not answered. */
const through = (...looks: [number, Observed[]][]): Map<string, InstanceRow> => {
  let rows = new Map<string, InstanceRow>()
  let last: number | null = null
  for (const [now, observed] of looks) {
    rows = new Map([...rows, ...foldLook(rows, observed, looking(now, last))])
    last = now
  }
  return rows
}
const one = (rows: Map<string, InstanceRow>): InstanceRow => rows.get('i-1') as InstanceRow

describe('looks at the cluster', () => {
  it('that see what was seen say nothing new, however often', () => {
    const rows = through([2, [seen({ pods: { u: pod() } })]])
    expect(foldLook(rows, [seen({ pods: { u: pod() } })], looking(3, 2))).toEqual(new Map())
    expect(foldLook(rows, [seen({ pods: { u: pod() } })], looking(2, 2))).toEqual(new Map())
  })

  it('come to the same end whichever of them were missed, where the object says its end', () => {
    const ended = seen({ end: { at: at(20), by: 'told' } })
    const every = through([2, [seen()]], [5, [seen()]], [21, [ended]], [22, [ended]], [26, []])
    const few = through([2, [seen()]], [24, [ended]])
    expect([endOf(one(every)), endOf(one(few))]).toEqual([at(20), at(20)])
  })

  it('end what is gone half-way between them', () => {
    const rows = through([2, [seen({ pods: { u: pod() } })]], [4, [seen({ pods: { u: pod() } })]], [6, []])
    expect(billed(one(rows), at(60))).toEqual({ from: at(1), to: at(5) })
    expect(endOf(one(rows).pods['u'] as never)).toBe(at(5))
  })

  it('find again what one of them had missed', () => {
    const rows = through([2, [seen()]], [4, []], [6, [seen()]])
    expect(endOf(one(rows))).toBeNull()
    expect(endOf(one(through([2, [seen()]], [4, []], [6, [seen()]], [8, []])))).toBe(at(7))
  })

  it('say nothing of others’ pods where these were not asked for', () => {
    const rows = through([4, [seen({ pods: { u: pod(OTHERS), v: pod() } })]])
    const changed = foldLook(rows, [seen()], looking(6, 4, { others: false }))
    expect(endOf(one(changed).pods['u'] as never)).toBeNull()
    expect(endOf(one(changed).pods['v'] as never)).toBe(at(5))
  })

  it('see how it was bought change in its life, and what it costs', () => {
    const rows = through([2, [seen({ capacityType: 'reserved' })]], [10, [seen()]])
    expect(stretchesOf(one(rows)).map((part) => [part.at, part.capacityType])).toEqual([
      [at(1), 'reserved'],
      [at(6), 'on-demand'],
    ])
  })

  it('price what was there before anybody knew a price, and keep the last price that is taken away', () => {
    perHour = null
    const before = through([2, [seen()]])
    expect(stretchesOf(one(before)).map(({ price }) => price)).toEqual([null])
    perHour = 80
    const priced = new Map([...before, ...foldLook(before, [seen()], looking(9, 2))])
    expect(stretchesOf(one(priced)).map((part) => [part.at, part.price?.perHour])).toEqual([[at(1), 80]])
    perHour = null
    expect(foldLook(priced, [seen()], looking(10, 9))).toEqual(new Map())
    perHour = 80
  })
})

describe('a node on which somebody starts very many pods', () => {
  const many = Object.fromEntries(
    Array.from({ length: 3000 }, (_, n) => [
      `u${n}`,
      { lane: OTHERS, gpus: 1, from: at(3), end: { at: at(3) + n, by: 'told' as const } },
    ]),
  )

  it('stays one item of the ledger, and is not written again for them', () => {
    const rows = through([6, [seen({ pods: { ...many, open: pod() } })]])
    expect(Object.keys(one(rows).pods)).toHaveLength(500)
    expect(one(rows).pods['open']).toBeDefined()
    expect(foldLook(rows, [seen({ pods: { ...many, open: pod() } })], looking(7, 6))).toEqual(new Map())
  })

  it('is not written for those that ended long ago and still lie there', () => {
    const first = through([6, [seen()]])
    const look = { ...looking(7, 6), since: at(5) }
    const rows = new Map([...first, ...foldLook(first, [seen({ pods: many })], look)])
    expect(one(rows).pods).toEqual({})
    expect(foldLook(rows, [seen({ pods: many })], look)).toEqual(new Map())
  })
})
